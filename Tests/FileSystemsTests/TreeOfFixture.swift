// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileSystems
import FileTree
import OCI
import Synchronization
import SystemPackage
import TestSupport

/// A fixture as a `ReadOnlyTree`, with the image that was written of it and the lines it logged.
final class TreeOfFixture: Sendable {
    let fixture: TreeFixture
    let tree: Tree
    let fileSystem: ReadOnlyTree
    let log: LogLines

    init(_ fixture: TreeFixture) throws {
        let tree = try fixture.tree()
        let image = try imageBytes(tree, fixture)
        let log = LogLines()
        self.fixture = fixture
        self.tree = tree
        self.log = log
        fileSystem = try readOnlyTree(image, notes: try TreeNotes.encode(tree), fixture, log)
    }

    /// The file at a path below the root.
    func file(_ path: String) throws -> FileNumber {
        var file = FileNumber.root
        for name in path.split(separator: "/") {
            file = try Array(name.utf8).withUnsafeBytes { try fileSystem.lookup($0, in: file) }.number
        }
        return file
    }

    func xattr(_ name: String, _ path: String) throws -> String {
        let (name, file) = (Array(name.utf8), try file(path))
        let value =
            OwnAttribute.isOne(name)
            ? try fileSystem.ownXattr(name, of: file, isOwner: true) : try fileSystem.xattr(name, of: file)
        return String(decoding: value, as: UTF8.self)
    }
}

/// The EROFS image of a tree.
func imageBytes(_ tree: Tree, _ fixture: TreeFixture) throws -> [UInt8] {
    var image: [UInt8] = []
    try EROFSWriter.write(
        tree, layerSizes: fixture.layers.map(\.size),
        readLayer: { layer, offset, buffer in _ = fixture.layers[layer].read(at: offset, into: buffer) },
        output: { image.append(contentsOf: $0) })
    return image
}

/// A file system over bytes in memory.
func readOnlyTree(
    _ image: [UInt8], notes: [UInt8]?, _ fixture: TreeFixture, _ log: LogLines
) throws -> ReadOnlyTree {
    let image = Memory(image)
    let notes = notes.map { Memory($0) }
    return ReadOnlyTree(
        MappedTree(
            image: try EROFSImage(bytes: image.bytes, owner: image),
            notes: try notes.map { try TreeNotes(bytes: $0.bytes, owner: $0) },
            layers: FixtureLayers(fixture)),
        log: { log.add($0) })
}

/// The lines that a file system logged.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// Bytes that stay where they are.
final class Memory: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer

    init(_ content: [UInt8]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count, alignment: 4096)
        copy.copyBytes(from: content)
        bytes = UnsafeRawBufferPointer(copy)
    }

    deinit { bytes.deallocate() }
}

/// The layers of a fixture.
struct FixtureLayers: LayerReader {
    let fixture: TreeFixture

    init(_ fixture: TreeFixture) { self.fixture = fixture }

    func read(layer: Int, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        fixture.layers[layer].read(at: offset, into: buffer)
    }
}

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
            })
    }

    func linkCount(of node: TreeNode) throws -> UInt32 {
        try fileSystem.attributes(of: FileNumber(node.rawValue)).linkCount
    }

    func children(of directory: TreeNode) throws -> [TreeChild] {
        try list(fileSystem, FileNumber(directory.rawValue)).filter { $0.name != [0x2E] && $0.name != [0x2E, 0x2E] }
            .map { TreeChild(name: $0.name, node: TreeNode($0.number.rawValue), type: $0.type) }
    }

    func contentDigest(of node: TreeNode) -> Digest? { nil }

    func subtreeDigest(of node: TreeNode) -> Digest? { nil }

    func read(_ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try fileSystem.read(FileNumber(node.rawValue), FileHandle(0), at: offset, into: buffer)
    }
}

/// An entry of a listing, copied.
struct ListedEntry: Hashable {
    let name: [UInt8]
    let number: FileNumber
    let type: FileTree.FileType
    let next: UInt64
}

/// All entries of a directory from a cookie on, at most `limit`.
func list(
    _ fileSystem: any FileSystem, _ directory: FileNumber, from cookie: UInt64 = 0, limit: Int = .max
) throws -> [ListedEntry] {
    var entries: [ListedEntry] = []
    try fileSystem.readDirectory(directory, FileHandle(0), from: cookie, wantsAttributes: true) { entry in
        guard entries.count < limit else { return false }
        entries.append(
            ListedEntry(name: Array(entry.name), number: entry.number, type: entry.type, next: entry.nextCookie))
        return true
    }
    return entries
}
