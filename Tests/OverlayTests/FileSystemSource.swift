// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import OCI
import OverlayLayers
import SystemPackage

/// A file system as a tree source, asked only through the `FileSystem` protocol.
final class FileSystemSource: TreeSource {
    let fileSystem: any FileSystem
    let root = TreeNode(FileNumber.root.rawValue)

    init(_ fileSystem: any FileSystem) { self.fileSystem = fileSystem }

    func attributes(of node: TreeNode) throws -> Attributes {
        let file = FileNumber(node.rawValue)
        let status = try fileSystem.attributes(of: file)
        let hasSize = status.type == .regular || status.type == .symbolicLink
        return Attributes(
            type: status.type, permissions: status.permissions, uid: status.uid, gid: status.gid,
            mtime: status.modificationTime, size: hasSize ? status.size : 0, device: status.device,
            target: status.type == .symbolicLink ? try fileSystem.target(of: file) : [],
            xattrs: try fileSystem.xattrNames(of: file).map {
                ExtendedAttribute(name: $0, value: try fileSystem.xattr($0, of: file))
            }.sorted { Bytes.precedes($0.name, $1.name) })
    }

    func linkCount(of node: TreeNode) throws -> UInt32 {
        try fileSystem.attributes(of: FileNumber(node.rawValue)).linkCount
    }

    func children(of directory: TreeNode) throws -> [TreeChild] {
        let number = FileNumber(directory.rawValue)
        let handle = try fileSystem.open(number, flags: 0)
        defer { fileSystem.close(handle, of: number) }
        return try list(fileSystem, number, handle)
            .map { TreeChild(name: $0.name, node: TreeNode($0.number.rawValue), type: $0.type) }
            .sorted { Bytes.precedes($0.name, $1.name) }
    }

    func contentDigest(of node: TreeNode) -> Digest? { nil }

    func subtreeDigest(of node: TreeNode) -> Digest? { nil }

    func read(_ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let number = FileNumber(node.rawValue)
        let handle = try fileSystem.open(number, flags: 0)
        defer { fileSystem.close(handle, of: number) }
        return try fileSystem.read(number, handle, at: offset, into: buffer)
    }
}

/// An entry of a listing, copied.
struct ListedEntry: Hashable {
    let name: [UInt8]
    let number: FileNumber
    let type: FileTree.FileType
    let next: UInt64
}

/// All entries of an open directory but the dots from a cookie on, at most `limit`, in pages of 7.
func list(
    _ fileSystem: any FileSystem, _ directory: FileNumber, _ handle: FileHandle, from cookie: UInt64 = 0,
    limit: Int = .max
) throws -> [ListedEntry] {
    var entries: [ListedEntry] = []
    var next = cookie
    while true {
        var page = 0
        try fileSystem.readDirectory(directory, handle, from: next, wantsAttributes: true) { entry in
            guard page < 7, entries.count < limit else { return false }
            page += 1
            next = entry.nextCookie
            guard !entry.isDot else { return true }
            entries.append(
                ListedEntry(name: Array(entry.name), number: entry.number, type: entry.type, next: next))
            return true
        }
        if page == 0 { return entries }
    }
}

/// The file at a path below the root.
func file(_ path: String, of fileSystem: any FileSystem) throws -> FileAttributes {
    var file = try fileSystem.attributes(of: .root)
    for name in path.split(separator: "/") {
        file = try Array(name.utf8).withUnsafeBytes { try fileSystem.lookup($0, in: file.number) }
    }
    return file
}
