// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// One line of a literal tree: a path with all that is to be there.
package struct MemoryEntry: Sendable {
    /// Components joined by `/`, without a leading one; empty for the root.
    package var path: [UInt8]
    /// The metadata; sizes are filled in from `content` and the target.
    package var attributes: Attributes
    /// A regular file's bytes.
    package var content: [UInt8] = []
    /// The path of an earlier entry whose file gets another name here.
    package var hardLink: [UInt8]?

    /// A regular file.
    package static func file(
        _ path: String, _ content: String = "", mode: UInt16 = 0o644, uid: UInt32 = 0, gid: UInt32 = 0,
        mtime: Int64 = 0, xattrs: [(String, String)] = []
    ) -> MemoryEntry {
        var entry = make(path, .regular, mode, uid, gid, mtime, xattrs)
        entry.content = Array(content.utf8)
        entry.attributes.size = UInt64(entry.content.count)
        return entry
    }

    /// A directory.
    package static func directory(
        _ path: String, mode: UInt16 = 0o755, uid: UInt32 = 0, gid: UInt32 = 0, mtime: Int64 = 0,
        xattrs: [(String, String)] = []
    ) -> MemoryEntry {
        make(path, .directory, mode, uid, gid, mtime, xattrs)
    }

    /// A symbolic link.
    package static func symlink(
        _ path: String, to target: String, uid: UInt32 = 0, gid: UInt32 = 0, mtime: Int64 = 0
    ) -> MemoryEntry {
        var entry = make(path, .symbolicLink, 0o777, uid, gid, mtime, [])
        entry.attributes.target = Array(target.utf8)
        entry.attributes.size = UInt64(entry.attributes.target.count)
        return entry
    }

    /// Another name for the file of an earlier entry.
    package static func hardLink(_ path: String, to first: String) -> MemoryEntry {
        var entry = make(path, .regular, 0, 0, 0, 0, [])
        entry.hardLink = Array(first.utf8)
        return entry
    }

    /// A device, fifo or socket.
    package static func special(
        _ path: String, _ type: FileType, _ major: UInt32 = 0, _ minor: UInt32 = 0, mode: UInt16 = 0o644
    ) -> MemoryEntry {
        var entry = make(path, type, mode, 0, 0, 0, [])
        entry.attributes.device = DeviceNumber(major: major, minor: minor)
        return entry
    }

    /// The same at a path that is no text.
    package func at(_ path: [UInt8]) -> MemoryEntry {
        var entry = self
        entry.path = path
        return entry
    }

    private static func make(
        _ path: String, _ type: FileType, _ mode: UInt16, _ uid: UInt32, _ gid: UInt32, _ mtime: Int64,
        _ xattrs: [(String, String)]
    ) -> MemoryEntry {
        MemoryEntry(
            path: Array(path.utf8),
            attributes: Attributes(
                type: type, permissions: mode, uid: uid, gid: gid, mtime: Timestamp(seconds: mtime),
                xattrs: xattrs.map { ExtendedAttribute(name: Array($0.0.utf8), value: Array($0.1.utf8)) }
                    .sorted { Bytes.precedes($0.name, $1.name) }))
    }
}
