// SPDX-License-Identifier: Apache-2.0

import EROFS
package import FileTree

/// What stat(2) tells of a file: its metadata without link target and attributes.
package struct FileFacts: Sendable, Hashable {
    /// The kind of file.
    package var type: FileType
    /// Permission bits with setuid, setgid and sticky.
    package var permissions: UInt16
    /// Owner.
    package var uid: UInt32
    /// Group.
    package var gid: UInt32
    /// Bytes of a regular file or of a link's target, or what a mount shows of a directory; else 0.
    package var size: UInt64
    /// Time of last modification.
    package var mtime: Timestamp
    /// Names that the file has.
    package var linkCount: UInt32

    /// Makes facts.
    package init(
        type: FileType, permissions: UInt16, uid: UInt32, gid: UInt32, size: UInt64, mtime: Timestamp, linkCount: UInt32
    ) {
        self.type = type
        self.permissions = permissions
        self.uid = uid
        self.gid = gid
        self.size = size
        self.mtime = mtime
        self.linkCount = linkCount
    }
}

extension FileFacts {
    /// Takes them of a mapped image.
    @inline(__always)
    init(_ record: InodeRecord) {
        self.init(
            type: record.type, permissions: record.permissions, uid: record.uid, gid: record.gid, size: record.size,
            mtime: record.mtime, linkCount: record.linkCount)
    }
}

extension BrowsedTree {
    /// What stat(2) tells of a file; of a mapped image without any copy.
    package func facts(of node: TreeNode) throws -> FileFacts {
        if let mapped {
            return FileFacts(try mapped.image.record(node.rawValue))
        }
        let attributes = try source.attributes(of: node)
        return FileFacts(
            type: attributes.type, permissions: attributes.permissions, uid: attributes.uid, gid: attributes.gid,
            size: attributes.size, mtime: attributes.mtime, linkCount: try source.linkCount(of: node))
    }
}
