// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree
import Foundation
import FuseServer
import LinuxIO
import OCI
import SystemPackage
import TestSupport
import Threads

/// A fixture that a server process serves, unmounted and removed when it goes away.
final class MountedFixture {
    let scratch = ScratchDirectory()
    let fixture: TreeFixture
    let tree: Tree
    /// The mountpoint as text; see `mountpointBytes` for one that is not UTF-8.
    let mountpoint: String
    /// The mountpoint's path.
    let mountpointBytes: [UInt8]
    let server: ChildProcess
    private(set) var isServing = true

    /// Writes the fixture's files and mounts it.
    ///
    /// - Parameters:
    ///   - user: who mounts, or nil for the user of the tests.
    ///   - directory: the mountpoint's name.
    init(
        _ fixture: TreeFixture, source: String = "fixture", user: String? = nil,
        directory: [UInt8] = Array("mnt".utf8), options: [String] = []
    ) throws {
        self.fixture = fixture
        tree = try fixture.tree()
        let path = Array(scratch.path.string.utf8) + [0x2F] + directory
        _ = try retrying { withCString(path) { mkdir($0, 0o755) } }
        mountpointBytes = path
        mountpoint = String(decoding: path, as: UTF8.self)
        let files = try Self.write(tree, fixture, to: scratch)
        if let user {
            try Self.check(CimgProcess.run("/bin/chmod", ["0755", scratch.path.string]))
            try Self.check(CimgProcess.run("/bin/chown", [user, mountpoint]))
        }
        let started = try Self.start(
            files, source: source, at: mountpointBytes, user: user, options: options)
        server = started.child
        let message = try started.output.readToEnd()
        guard message.last == 0 else {
            throw FixtureMountError(text: String(decoding: message, as: UTF8.self))
        }
    }

    deinit {
        if isServing {
            // A test that failed half way must not leave its mount behind.
            _ = try? CimgProcess.run("/bin/umount", ["-l", mountpoint])
            _ = try? server.wait()
        }
    }

    /// Takes note that the test has unmounted, or the server ended, and tells how.
    func ended() throws -> ChildProcess.Ending {
        isServing = false
        return try server.wait()
    }

    /// The path of a file of the mount.
    func path(_ name: String) -> String { mountpoint + "/" + name }

    private static func write(_ tree: Tree, _ fixture: TreeFixture, to scratch: ScratchDirectory) throws -> [Descriptor]
    {
        var image: [UInt8] = []
        try EROFSWriter.write(
            tree, layerSizes: fixture.layers.map(\.size),
            readLayer: { layer, offset, buffer in _ = fixture.layers[layer].read(at: offset, into: buffer) },
            output: { image.append(contentsOf: $0) })
        var files = [try open(scratch.file("tree", image)), try open(scratch.file("notes", TreeNotes.encode(tree)))]
        for (index, layer) in fixture.layers.enumerated() {
            let file = try Descriptor.open(scratch.path("layer\(index)"), O_RDWR | O_CREAT)
            try file.truncate(to: layer.size)
            for piece in layer.pieces { try piece.bytes.withUnsafeBytes { try file.write($0, at: piece.offset) } }
            files.append(file)
        }
        return files
    }

    private static func open(_ path: FilePath) throws -> Descriptor { try Descriptor.open(path) }

    /// Starts a server of a tree's files.
    static func start(
        _ files: [Descriptor], source: String, at mountpoint: [UInt8], user: String? = nil, options: [String] = []
    ) throws -> (child: ChildProcess, output: Descriptor) {
        let pipe = try LinuxIO.Pipe()
        var record = ServerRecord(source: source, count: files.count)
        record.hasNotes = true
        record.options = options
        let wrapper = user.map { ["setpriv", "--reuid", $0, "--regid", $0, "--clear-groups"] } ?? []
        var spawn = Spawn(
            program: wrapper.first ?? CimgProcess.path,
            arguments: (wrapper + [CimgProcess.path, "serve"]).map { Array($0.utf8) }, errorOutput: pipe.writeEnd)
        spawn.descriptors = [try record.sealed(), try MountPoint.hold(mountpoint)] + files
        spawn.isDetached = true
        return (try spawn.start(), pipe.readEnd)
    }

    private static func check(_ outcome: CimgProcess.Outcome) throws {
        guard outcome.code == 0 else { throw FixtureMountError(text: outcome.errors) }
    }
}

/// A mount of a test that could not be made.
struct FixtureMountError: Error, CustomStringConvertible {
    let text: String

    var description: String { "fixture mount: \(text)" }
}

/// A directory as a tree source through plain system calls: what any program sees.
final class VisibleTree: TreeSource {
    let root = TreeNode(0)
    private let paths: PathTable

    init(_ directory: String) { paths = PathTable(Array(directory.utf8)) }

    func attributes(of node: TreeNode) throws -> Attributes {
        let path = paths[node]
        let status = try self.status(of: node)
        guard let type = FileTree.FileType(mode: status.st_mode) else { throw Errno.invalidArgument }
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = type == .symbolicLink ? try retrying { withCString(path) { readlink($0, &buffer, 4096) } } : 0
        let device = UInt64(status.st_rdev)
        return Attributes(
            type: type, permissions: UInt16(status.st_mode & 0o7777), uid: status.st_uid, gid: status.st_gid,
            mtime: Timestamp(
                seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec)),
            size: type == .regular || type == .symbolicLink ? UInt64(status.st_size) : 0,
            device: DeviceNumber(
                major: UInt32(device >> 8 & 0xFFF), minor: UInt32(device & 0xFF | device >> 12 & 0xFFF00)),
            target: buffer[..<count].map { UInt8(bitPattern: $0) }, xattrs: try xattrs(path))
    }

    func status(of node: TreeNode) throws -> stat {
        var status = stat()
        _ = try retrying { withCString(paths[node]) { lstat($0, &status) } }
        return status
    }

    func linkCount(of node: TreeNode) throws -> UInt32 { UInt32(try status(of: node).st_nlink) }

    func children(of directory: TreeNode) throws -> [TreeChild] {
        let path = paths[directory]
        guard let stream = withCString(path, { opendir($0) }) else { throw Errno(rawValue: errno) }
        defer { closedir(stream) }
        var children: [TreeChild] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard name != [0x2E], name != [0x2E, 0x2E] else { continue }
            guard let type = FileTree.FileType(mode: UInt32(entry.pointee.d_type) << 12) else {
                throw Errno.invalidArgument
            }
            let node = paths.add(path + [0x2F] + name, number: UInt64(entry.pointee.d_ino))
            children.append(TreeChild(name: name, node: node, type: type))
        }
        return children.sorted { Bytes.precedes($0.name, $1.name) }
    }

    func contentDigest(of node: TreeNode) -> Digest? { nil }

    func subtreeDigest(of node: TreeNode) -> Digest? { nil }

    func read(_ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let file = Descriptor(
            owning: try retrying { withCString(paths[node]) { open($0, O_RDONLY | O_CLOEXEC) } })
        return try file.read(at: offset, into: buffer)
    }

    private func xattrs(_ path: [UInt8]) throws -> [ExtendedAttribute] {
        let top = try Descriptor.open("/", O_RDONLY | O_DIRECTORY)
        return try top.entryXattrs(Array(path.dropFirst())) { _ in true }
            .map { ExtendedAttribute(name: $0.name, value: $0.value) }
            .sorted { Bytes.precedes($0.name, $1.name) }
    }
}

/// Paths by node; names with one inode number share a node, as hard links do.
private final class PathTable: @unchecked Sendable {
    // SAFETY: each test walks its tree on one thread.
    private var paths: [TreeNode: [UInt8]] = [:]

    init(_ root: [UInt8]) { paths[TreeNode(0)] = root }

    subscript(_ node: TreeNode) -> [UInt8] { paths[node] ?? [] }

    func add(_ path: [UInt8], number: UInt64) -> TreeNode {
        let node = TreeNode(number)
        paths[node] = path
        return node
    }
}
