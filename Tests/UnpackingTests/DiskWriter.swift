// SPDX-License-Identifier: Apache-2.0

import FileTree
import Foundation
import SystemPackage
import TestSupport

/// Writes a layer that was read as the specification says into a directory for the kernel's overlay.
struct DiskWriter {
    let layer: MemoryLayer
    let bytes: [UInt8]

    func write(_ tree: Tree, to directory: FilePath) throws {
        var files: [UInt32: String] = [:]
        var directories: [(UInt32, String)] = []
        func walk(_ number: UInt32, _ path: String) throws {
            directories.append((number, path))
            for child in tree.children(of: number) {
                let inode = try tree.inode(child.inode)
                let own = path + "/" + String(decoding: tree.name(of: child), as: UTF8.self)
                if let known = files[child.inode] {
                    try check(link(known, own))
                    continue
                }
                try make(inode, own)
                if inode.attributes.type == .directory { try walk(child.inode, own) } else { files[child.inode] = own }
            }
        }
        try walk(0, directory.string)
        try layer.forEachMarker { try mark($0, in: directory.string) }
        // Times last, from the bottom up; a directory without an entry keeps that of its making.
        for (_, path) in files { try setTime(tree, path, files.first { $0.value == path }?.key ?? 0) }
        for (number, path) in directories.reversed() where try tree.inode(number).layer != FileTree.Inode.noLayer {
            try apply(try tree.inode(number).attributes, path)
            try setTime(tree, path, number)
        }
    }

    private func check(_ result: Int32) throws {
        guard result == 0 else { throw Errno(rawValue: errno) }
    }

    private func make(_ inode: FileTree.Inode, _ path: String) throws {
        let attributes = inode.attributes
        switch attributes.type {
        case .directory: try check(mkdir(path, 0o755))
        case .symbolicLink: try check(symlink(String(decoding: attributes.target, as: UTF8.self), path))
        case .regular:
            let content = inode.extents.flatMap { bytes[Int($0.layerOffset)..<Int($0.layerOffset + $0.length)] }
            guard FileManager.default.createFile(atPath: path, contents: Data(content)) else { throw Errno.ioError }
        default:
            let (major, minor) = (attributes.device.major, attributes.device.minor)
            let number = dev_t(major << 8 | minor & 0xFF | (minor & ~0xFF) << 12)
            try check(mknod(path, attributes.mode, number))
        }
        if attributes.type != .directory { try apply(attributes, path) }
    }

    private func apply(_ attributes: Attributes, _ path: String) throws {
        try check(lchown(path, attributes.uid, attributes.gid))
        if attributes.type != .symbolicLink { try check(chmod(path, mode_t(attributes.permissions))) }
        for attribute in attributes.xattrs {
            // What Linux does not have on such a file, an overlay cannot show.
            try? setXattr(FilePath(path), String(decoding: attribute.name, as: UTF8.self), attribute.value)  // As said.
        }
    }

    private func setTime(_ tree: Tree, _ path: String, _ number: UInt32) throws {
        let time = try tree.inode(number).attributes.mtime
        let spec = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
        try check(
            [spec, spec].withUnsafeBufferPointer { utimensat(AT_FDCWD, path, $0.baseAddress, AT_SYMLINK_NOFOLLOW) })
    }

    private func mark(_ bytes: [UInt8], in root: String) throws {
        guard let path = try? EntryPath(bytes), let marker = path.components.last else { return }  // No mark.
        let whiteout = Whiteout(marker)
        if case .none = whiteout { return }
        if case .leftover = whiteout { return }
        var directory = root
        for name in path.components.dropLast() {
            directory += "/" + String(decoding: name, as: UTF8.self)
            var status = stat()
            if lstat(directory, &status) != 0 { try check(mkdir(directory, 0o755)) }
            guard lstat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
        }
        if whiteout == .opaque { return try setXattr(FilePath(directory), "trusted.overlay.opaque", "y") }
        guard case .hides(let name) = whiteout else { return }
        let own = directory + "/" + String(decoding: name, as: UTF8.self)
        var status = stat()
        if lstat(own, &status) != 0 {
            try check(mknod(own, S_IFCHR, 0))
        } else if status.st_mode & S_IFMT == S_IFDIR {
            try setXattr(FilePath(own), "trusted.overlay.opaque", "y")
        }
    }
}
