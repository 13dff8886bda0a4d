// SPDX-License-Identifier: Apache-2.0

import FuseServer
import Glibc
import LinuxIO
import OverlayLayers
import SystemPackage

/// What a server that is believed serves.
extension ServerProcess {
    /// What it serves, its descriptors opened once more.
    ///
    /// - Throws: the `Errno` of opening them.
    package func opened() throws -> MountSource.Content {
        try ServedContent(record).content((0..<record.count).map { try open(content: $0) })
    }

    /// Where the changes go; nil for a mount that cannot be written to.
    ///
    /// Asks the kernel only: what the directory lies on need not answer.
    /// - Throws: the `Errno` of looking at the process.
    func upper() throws -> ServedUpper? {
        guard record.upper != nil else { return nil }
        let path = try path(ofContent: record.count - 2)
        let parent = path.lastIndex(of: UInt8(ascii: "/")).map { Array(path[..<$0]) }
        return ServedUpper(path: path, isDiscarded: record.discarded != nil && parent == record.discarded)
    }

    /// Opens the upper directory, and the one that it is worked in: for an upper that is removed when the mount ends,
    /// the directory around it.
    func openUpper() throws(Errno) -> (directory: Descriptor, work: Descriptor) {
        (try open(content: record.count - 2), try open(content: record.count - 1))
    }

    /// The bytes that the upper takes of its disk; nil where that cannot be asked without a server that may be stuck.
    func upperByteCount() throws -> UInt64? {
        let number = try mount(ofContent: record.count - 2)
        guard let mount = try MountTable.read().first(where: { $0.identifier == number }),
            !["fuse", "nfs", "cifs", "smb", "9p", "ceph", "autofs"].contains(where: mount.type.hasPrefix)
        else { return nil }
        return try UpperUsage.bytes(of: openUpper().directory)
    }
}

/// Where a mount keeps what is changed.
package struct ServedUpper: Sendable {
    /// Where the upper directory lies now.
    package let path: [UInt8]
    /// Whether it is removed when the mount ends.
    package let isDiscarded: Bool
}
