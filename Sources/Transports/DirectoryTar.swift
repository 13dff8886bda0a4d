// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LinuxIO
import SystemPackage

/// A directory and all below it as a pax tar, made while it is read.
///
/// Names come in the order of their bytes, so that an unchanged directory gives the same tar. All metadata is in it:
/// modes, owners, times to the nanosecond, extended attributes (but for SELinux labels, which belong to the host),
/// hard links, devices, fifos. Symbolic links are never followed. Other file systems mounted below are shown as empty
/// directories, sockets are left out; both are reported. Holes are written as zeros.
final class DirectoryTar: ByteStream, @unchecked Sendable {
    // SAFETY: read by one thread at a time, as `ByteStream` demands.

    /// Directories within each other: 65,536.
    static let depthLimit = 65_536
    /// Bytes of a path: 1 MiB.
    static let pathLimit = 1 << 20
    /// Descriptors kept open on the way down; those above are opened again on the way up.
    static let openLimit = 64

    private struct Level {
        var descriptor: Descriptor?
        var identity: FileIdentity
        /// Names still to come, the next one last.
        var names: [[UInt8]]
        /// Bytes of the path of this directory, with its slash.
        var pathCount: Int
    }

    private struct FileIdentity: Hashable {
        var device: dev_t
        var inode: ino_t

        init(_ status: stat) { (device, inode) = (status.st_dev, status.st_ino) }
    }

    private let name: String
    private let report: @Sendable (String) -> Void
    private let device: dev_t
    private var levels: [Level] = []
    private var path: [UInt8] = []
    private var pending: ArraySlice<UInt8> = []
    private var content: (file: Descriptor, position: UInt64, size: UInt64)?
    private var links: [FileIdentity: [UInt8]] = [:]
    private var isFinished = false

    /// Starts at a directory.
    ///
    /// `name` begins the messages of errors; `report` is told what is left out.
    init(_ root: Descriptor, name: String, report: @escaping @Sendable (String) -> Void) throws {
        self.name = name
        self.report = report
        device = try root.status().st_dev
        try enter(root, path: Array("./".utf8))
        path = []
        levels[0].pathCount = 0
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            if !pending.isEmpty {
                let count = min(buffer.count, pending.count)
                buffer.copyBytes(from: pending.prefix(count))
                pending = pending.dropFirst(count)
                return count
            }
            if content != nil {
                let count = try readContent(into: buffer)
                if count > 0 { return count }
            } else if isFinished {
                return 0
            } else {
                try advance()
            }
        }
    }

    /// Reads on in the file at hand; at its end puts its padding on the way and returns 0.
    private func readContent(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let (file, position, size) = content else { return 0 }
        guard position < size else {
            content = nil
            pending = [UInt8](repeating: 0, count: PaxHeader.padding(size))[...]
            return 0
        }
        let wanted = Int(min(UInt64(buffer.count), size - position))
        let count = try located {
            try file.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
        }
        guard count > 0 else { throw SourceError(object, "became shorter while it was read") }
        content = (file, position + UInt64(count), size)
        return count
    }

    /// Goes to the next name, or up, or to the end.
    private func advance() throws {
        guard let top = levels.indices.last else {
            pending = [UInt8](repeating: 0, count: 1024)[...]
            isFinished = true
            return
        }
        path.removeSubrange(levels[top].pathCount...)
        guard let entry = levels[top].names.popLast() else {
            try leave()
            return
        }
        path += entry
        guard path.count < Self.pathLimit else { throw SourceError(object, "its path is too long") }
        guard !entry.starts(with: ".wh.".utf8) else {
            throw SourceError(object, "its name begins with .wh., which means a deleted file in an image")
        }
        guard let directory = levels[top].descriptor else { throw SourceError(object, "its directory is closed") }
        let status = try located { try directory.entryStatus(entry) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            let child = try located {
                try directory.openBeneath(entry, O_RDONLY | O_DIRECTORY | O_NONBLOCK)
            }
            path.append(UInt8(ascii: "/"))
            try enter(child, path: path)
        case S_IFSOCK:
            report("\(object): is a socket and left out")
        default:
            try file(entry, status, in: directory)
        }
    }

    /// Writes a directory's header and makes its names the next ones.
    private func enter(_ directory: Descriptor, path: [UInt8]) throws {
        let status = try located { try directory.status() }
        try header(path, status, xattrs: try xattrs(of: [UInt8(ascii: ".")], in: directory))
        guard status.st_dev == device else {
            report("\(object): is on another file system and left empty")
            return
        }
        guard levels.count < Self.depthLimit else { throw SourceError(object, "lies too deep") }
        let names = try located { try directory.entryNames() }
        levels.append(
            Level(
                descriptor: directory, identity: FileIdentity(status),
                names: names.sorted { Bytes.precedes($1, $0) }, pathCount: path.count))
        // Not the root: it has no parent that is to be opened again.
        if levels.count > Self.openLimit { levels[levels.count - Self.openLimit].descriptor = nil }
    }

    /// Goes up; the directory above is opened again where it was closed on the way down.
    private func leave() throws {
        guard let left = levels.popLast(), let top = levels.indices.last, levels[top].descriptor == nil else { return }
        guard let child = left.descriptor else { throw SourceError(object, "its directory is closed") }
        let parent = try located { try child.openParent() }
        guard try FileIdentity(located { try parent.status() }) == levels[top].identity else {
            throw SourceError(object, "was moved while it was read")
        }
        levels[top].descriptor = parent
    }

    /// Writes the header of what is no directory, and opens a regular file for its content.
    private func file(_ entry: [UInt8], _ seen: stat, in directory: Descriptor) throws {
        var status = seen
        if status.st_nlink > 1 {
            if let first = links[FileIdentity(status)] {
                pending = PaxHeader(path: path, attributes: try attributes(status), hardLink: first).blocks[...]
                return
            }
            links[FileIdentity(status)] = path
        }
        if status.st_mode & S_IFMT == S_IFREG {
            let file = try located { try directory.openBeneath(entry, O_RDONLY | O_NONBLOCK | O_NOCTTY) }
            status = try located { try file.status() }
            guard status.st_mode & S_IFMT == S_IFREG else { throw SourceError(object, "changed while it was read") }
            content = (file, 0, UInt64(max(0, status.st_size)))
        }
        let isLink = status.st_mode & S_IFMT == S_IFLNK
        let target = isLink ? try located { try directory.entryTarget(entry) } : []
        try header(path, status, target: target, xattrs: try xattrs(of: entry, in: directory))
    }

    private func header(
        _ path: [UInt8], _ status: stat, target: [UInt8] = [], xattrs: [ExtendedAttribute]
    ) throws {
        var attributes = try attributes(status)
        attributes.target = target
        attributes.xattrs = xattrs
        pending = PaxHeader(path: path, attributes: attributes).blocks[...]
    }

    private func attributes(_ status: stat) throws -> Attributes {
        guard let type = FileType(mode: status.st_mode) else { throw SourceError(object, "is of an unknown type") }
        let device = deviceParts(status.st_rdev)
        return Attributes(
            type: type, permissions: UInt16(status.st_mode & 0o7777), uid: status.st_uid, gid: status.st_gid,
            mtime: Timestamp(
                seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(clamping: status.st_mtim.tv_nsec)),
            size: type == .regular ? UInt64(max(0, status.st_size)) : 0,
            device: DeviceNumber(major: device.major, minor: device.minor))
    }

    private func xattrs(of entry: [UInt8], in directory: Descriptor) throws -> [ExtendedAttribute] {
        try located { try directory.entryXattrs(entry) { !$0.elementsEqual("security.selinux".utf8) } }
            .map { ExtendedAttribute(name: $0.name, value: $0.value) }
            .sorted { Bytes.precedes($0.name, $1.name) }
    }

    private var object: String { "\(name): \(Bytes.escaped(path.isEmpty ? Array(".".utf8) : path))" }

    /// Names the file at hand in what a system call throws.
    private func located<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as Errno {
            throw SourceError(object, "\(error)")
        }
    }
}
