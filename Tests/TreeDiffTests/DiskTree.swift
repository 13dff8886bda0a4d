// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import SystemPackage
import TestSupport
import Testing
import Transports

/// A literal tree written to a directory that goes away with this object; needs root.
final class DiskTree {
    let path: String

    /// Writes the tree to a new directory in another one.
    init(_ entries: [MemoryEntry] = [], in parent: String = "/tmp") throws {
        var template = Array("\(parent)/cimg-tree-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
        }
        try #require(!path.isEmpty, "mkdtemp: \(errno)")
        try write(entries)
    }

    deinit {
        // A tree deeper than PATH_MAX allows is removed by descriptors, which rm does.
        var pid = pid_t()
        let words: [String] = ["rm", "-rf", "--", path]
        let arguments = words.map { strdup($0) } + [nil]
        if posix_spawnp(&pid, "rm", nil, nil, arguments, environ) == 0 { waitpid(pid, nil, 0) }
        arguments.forEach { free($0) }
    }

    func tree() throws -> DirectoryTree { try DirectoryTree(path: FilePath(path)) }

    func absolute(_ relative: [UInt8]) -> [CChar] {
        Array((Array(path.utf8) + (relative.isEmpty ? [] : [0x2F] + relative) + [0]).map { CChar(bitPattern: $0) })
    }

    private func check(_ result: some SignedInteger, _ entry: MemoryEntry) throws {
        let code = errno
        try #require(result >= 0, "\(Bytes.escaped(entry.path)): \(Errno(rawValue: code))")
    }

    private func write(_ entries: [MemoryEntry]) throws {
        chmod(path, 0o755)
        for entry in entries {
            try makeParents(of: entry)
            let path = absolute(entry.path)
            if let first = entry.hardLink {
                try check(link(absolute(first), path), entry)
                continue
            }
            switch entry.attributes.type {
            case .directory where entry.path.isEmpty: break
            case .directory:
                if mkdir(path, 0o755) != 0 && errno != EEXIST { try check(-1, entry) }
            case .regular:
                let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
                try check(descriptor, entry)
                try check(entry.content.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }, entry)
                close(descriptor)
            case .symbolicLink:
                try check(symlink(entry.attributes.target.map { CChar(bitPattern: $0) } + [0], path), entry)
            case .characterDevice, .blockDevice, .fifo, .socket:
                let device = entry.attributes.device
                // The kernel's own encoding of small numbers.
                try check(
                    mknod(path, entry.attributes.type.modeBits | 0o600, dev_t(device.major << 8 | device.minor)), entry)
            }
        }
        // Times last, children before their directories.
        for entry in entries.reversed() where entry.hardLink == nil { try apply(entry) }
    }

    private func makeParents(of entry: MemoryEntry) throws {
        let components = entry.path.split(separator: 0x2F)
        for count in 1..<max(1, components.count) {
            let parent = absolute(Array(components[..<count].joined(separator: [0x2F])))
            if mkdir(parent, 0o755) == 0 { try check(chmod(parent, 0o755), entry) }
        }
    }

    private func apply(_ entry: MemoryEntry) throws {
        let path = absolute(entry.path)
        let attributes = entry.attributes
        try check(lchown(path, attributes.uid, attributes.gid), entry)
        if attributes.type != .symbolicLink { try check(chmod(path, mode_t(attributes.permissions)), entry) }
        for attribute in attributes.xattrs {
            try check(setAttribute(path, attribute.name, attribute.value), entry)
        }
        // Two timespecs as their words: the compiler takes their initializers for those of another C module.
        let time = [Int(attributes.mtime.seconds), Int(attributes.mtime.nanoseconds)]
        let result = (time + time).withUnsafeBytes {
            utimensat(AT_FDCWD, path, $0.assumingMemoryBound(to: timespec.self).baseAddress, AT_SYMLINK_NOFOLLOW)
        }
        try check(result, entry)
    }
}

/// lsetxattr(2), which Glibc's module does not show.
func setAttribute(_ path: [CChar], _ name: [UInt8], _ value: [UInt8]) throws -> Int32 {
    typealias Call =
        @convention(c) (
            UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeRawPointer?, Int, Int32
        ) -> Int32
    let symbol = try #require(dlsym(nil, "lsetxattr"))
    let call = unsafeBitCast(symbol, to: Call.self)
    return value.withUnsafeBytes { call(path, name.map { CChar(bitPattern: $0) } + [0], $0.baseAddress, $0.count, 0) }
}
