// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// A layer to be counted.
package struct CountedLayer: Sendable {
    /// Its entries.
    package let entries: any LayerEntries
    /// Bytes of its uncompressed tar.
    package let tarByteCount: UInt64
    /// Bytes of it as it is stored and sent; nil where that is not known.
    package let blobByteCount: UInt64?

    /// Makes a layer.
    package init(entries: any LayerEntries, tarByteCount: UInt64, blobByteCount: UInt64? = nil) {
        self.entries = entries
        self.tarByteCount = tarByteCount
        self.blobByteCount = blobByteCount
    }
}
