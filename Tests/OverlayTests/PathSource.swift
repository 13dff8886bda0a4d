// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LinuxIO
import OCI
import OverlayLayers
import Synchronization
import SystemPackage
import Threads

/// A directory as a tree source by plain system calls on paths: a name that cannot be looked at stands in the way of no
/// other.
final class PathSource: TreeSource {
    let root = TreeNode(0)
    private let paths: Mutex<[[UInt8]]>

    init(_ directory: FilePath) { paths = Mutex([Array(directory.string.utf8)]) }

    private func path(_ node: TreeNode) -> [UInt8] { paths.withLock { $0[Int(node.rawValue)] } }

    private func status(_ node: TreeNode) throws -> stat {
        var status = stat()
        _ = try retrying { withCString(path(node)) { lstat($0, &status) } }
        return status
    }

    func attributes(of node: TreeNode) throws -> Attributes {
        let path = path(node)
        let status = try status(node)
        let type = FileType(mode: status.st_mode) ?? .regular
        let top = try Descriptor.open("/", O_RDONLY | O_DIRECTORY)
        let hasDevice = type == .characterDevice || type == .blockDevice
        let parts = deviceParts(status.st_rdev)
        let target = type == .symbolicLink ? try top.entryTarget(Array(path.dropFirst())) : []
        return Attributes(
            type: type, permissions: UInt16(status.st_mode & 0o7777), uid: status.st_uid, gid: status.st_gid,
            mtime: Timestamp(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec)),
            size: type == .regular || type == .symbolicLink ? UInt64(status.st_size) : 0,
            device: hasDevice ? DeviceNumber(major: parts.major, minor: parts.minor) : DeviceNumber(), target: target,
            xattrs: try top.entryXattrs(Array(path.dropFirst()), where: MachineAttributes.isOfFile)
                .map { ExtendedAttribute(name: $0.name, value: $0.value) }
                .sorted { Bytes.precedes($0.name, $1.name) })
    }

    func linkCount(of node: TreeNode) throws -> UInt32 { UInt32(try status(node).st_nlink) }

    func children(of directory: TreeNode) throws -> [TreeChild] {
        let path = path(directory)
        let open = try Descriptor.open(FilePath(String(decoding: path, as: UTF8.self)), O_RDONLY | O_DIRECTORY)
        return try open.entries().map { entry in
            let node = paths.withLock { paths in
                paths.append(path + [0x2F] + entry.name)
                return TreeNode(UInt64(paths.count - 1))
            }
            return TreeChild(
                name: entry.name, node: node, type: FileType(mode: UInt32(entry.typeNumber) << 12) ?? .regular)
        }
    }

    func contentDigest(of node: TreeNode) -> Digest? { nil }

    func subtreeDigest(of node: TreeNode) -> Digest? { nil }

    func read(_ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try Descriptor.open(FilePath(String(decoding: path(node), as: UTF8.self))).read(at: offset, into: buffer)
    }
}
