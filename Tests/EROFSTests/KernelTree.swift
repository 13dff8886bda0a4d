// SPDX-License-Identifier: Apache-2.0

import FileTree
import Foundation
import LinuxIO
import OCI
import Synchronization
import SystemPackage
import TestSupport
import Threads

/// An image and its layers as files, mounted by the kernel.
struct KernelMount {
    /// The mount's root directory, in no directory tree: the mount ends when it is closed.
    let root: Descriptor

    init(_ written: ImageFixture) throws {
        let directory = try ScratchFiles()
        let image = try directory.file("tree")
        try written.bytes.withUnsafeBytes { try image.write($0) }
        var layers: [Descriptor] = []
        for (index, layer) in written.layers.enumerated() {
            let file = try directory.file("layer\(index)")
            try file.truncate(to: layer.size)
            for piece in layer.pieces { try piece.bytes.withUnsafeBytes { try file.write($0, at: piece.offset) } }
            layers.append(file)
        }
        let context = try FileSystemContext(type: "erofs")
        try context.set("source", "/proc/self/fd/\(image.rawValue)")
        for layer in layers { try context.set("device", "/proc/self/fd/\(layer.rawValue)") }
        root = try context.mount([.readOnly, .noSetID, .noDevices])
    }
}

/// Files in a directory that is not tmpfs; their names are gone when this object is.
private final class ScratchFiles {
    private let path: String

    init() throws {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
        path = "\(base)/cimg-erofs-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) throws -> Descriptor {
        try Descriptor.open(FilePath("\(path)/\(name)"), O_RDWR | O_CREAT | O_EXCL)
    }
}

/// A mounted tree as the kernel tells of it: lstat, readlink, llistxattr, readdir, read.
final class KernelTree: TreeSource {
    private let mount: Descriptor
    private let paths = Mutex<[UInt64: [UInt8]]>([:])
    let root: TreeNode

    init(_ mount: Descriptor) throws {
        self.mount = mount
        root = TreeNode(UInt64(try mount.status().st_ino))
        paths.withLock { $0[root.rawValue] = Array("/proc/self/fd/\(mount.rawValue)/.".utf8) }
    }

    private func path(_ node: TreeNode) -> [UInt8] { paths.withLock { $0[node.rawValue] } ?? [] }

    private func status(_ node: TreeNode) throws -> stat {
        var result = stat()
        _ = try retrying { withCString(path(node)) { lstat($0, &result) } }
        return result
    }

    func attributes(of node: TreeNode) throws -> Attributes {
        let status = try status(node)
        guard let type = FileType(mode: status.st_mode) else { throw Errno.invalidArgument }
        var attributes = Attributes(
            type: type, permissions: UInt16(status.st_mode & 0o7777), uid: status.st_uid, gid: status.st_gid,
            mtime: Timestamp(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec)),
            size: type == .directory ? 0 : UInt64(status.st_size), xattrs: try KernelAttributes.read(path(node)))
        if type == .characterDevice || type == .blockDevice {
            let device = UInt64(status.st_rdev)
            attributes.device = DeviceNumber(
                major: UInt32(device >> 8 & 0xFFF), minor: UInt32(device & 0xFF | device >> 12 & 0xF_FF00))
        }
        if type == .symbolicLink {
            var target = [UInt8](repeating: 0, count: 8192)
            let count = try retrying {
                withCString(path(node)) { path in
                    target.withUnsafeMutableBytes { buffer in
                        let start = buffer.assumingMemoryBound(to: CChar.self).baseAddress
                        return start.map { readlink(path, $0, buffer.count) } ?? 0
                    }
                }
            }
            attributes.target = Array(target[..<count])
        }
        return attributes
    }

    func linkCount(of node: TreeNode) throws -> UInt32 { UInt32(try status(node).st_nlink) }

    func children(of directory: TreeNode) throws -> [TreeChild] {
        let path = path(directory)
        guard let stream = withCString(path, { opendir($0) }) else { throw Errno(rawValue: errno) }
        defer { closedir(stream) }
        var children: [TreeChild] = []
        while let entry = readdir(stream) {
            let start = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
            let name = Array(
                UnsafeRawBufferPointer(start: start, count: strlen(start.assumingMemoryBound(to: CChar.self))))
            guard name != [0x2E], name != [0x2E, 0x2E] else { continue }
            guard let type = FileType(mode: UInt32(entry.pointee.d_type) << 12) else { throw Errno.invalidArgument }
            let number = UInt64(entry.pointee.d_ino)
            children.append(TreeChild(name: name, node: TreeNode(number), type: type))
            paths.withLock { paths in
                // Hard links keep the path seen first.
                if paths[number] == nil { paths[number] = path + [0x2F] + name }
            }
        }
        return children.sorted { Bytes.precedes($0.name, $1.name) }
    }

    func contentDigest(of node: TreeNode) -> Digest? { nil }

    func subtreeDigest(of node: TreeNode) -> Digest? { nil }

    func read(_ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let number = try retrying { withCString(path(node)) { open($0, O_RDONLY | O_CLOEXEC) } }
        return try Descriptor(owning: number).read(at: offset, into: buffer)
    }
}

/// Extended attributes by path; the C library's functions are not in the module that Swift sees.
private enum KernelAttributes {
    private typealias List = @convention(c) (UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
    private typealias Get =
        @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int

    static func read(_ path: [UInt8]) throws -> [ExtendedAttribute] {
        let list = unsafeBitCast(dlsym(nil, "llistxattr"), to: List.self)
        let get = unsafeBitCast(dlsym(nil, "lgetxattr"), to: Get.self)
        var buffer = [UInt8](repeating: 0, count: 65536)
        func fill(_ call: (UnsafeMutableRawPointer?, Int) -> Int) throws -> [UInt8] {
            let count = try retrying { buffer.withUnsafeMutableBytes { call($0.baseAddress, $0.count) } }
            return Array(buffer[..<count])
        }
        let names = try fill { start, count in withCString(path) { list($0, start, count) } }
        return try names.split(separator: 0).map { name in
            let value = try fill { start, count in
                withCString(path) { path in withCString(Array(name)) { get(path, $0, start, count) } }
            }
            return ExtendedAttribute(name: Array(name), value: value)
        }.sorted { Bytes.precedes($0.name, $1.name) }
    }
}
