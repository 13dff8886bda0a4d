// SPDX-License-Identifier: Apache-2.0

import EROFS
package import LinuxIO
import SystemPackage

/// Uncompressed layers as open files, read with pread(2): never mapped, so that a file cut short by somebody else is a
/// short read and not the end of the server.
package struct LayerFiles: LayerReader {
    private let files: [Descriptor]

    /// Reads from open files, in the order of the tree's layers.
    package init(_ files: [Descriptor]) { self.files = files }

    /// Fills as much of `buffer` as the layer has from `offset` on and returns the count.
    ///
    /// - Throws: the call's `Errno`; `.ioError` for a layer that there is none of.
    package func read(layer: Int, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard files.indices.contains(layer) else { throw Errno.ioError }
        return try files[layer].read(at: offset, into: buffer)
    }
}
