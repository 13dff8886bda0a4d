// SPDX-License-Identifier: Apache-2.0

import FileTree
import Foundation
import LinuxIO
import OCI
import SystemPackage
import TestSupport

/// What can be seen of a file, in a tree or on a disk.
struct DiskRecord: Equatable {
    var mode: UInt32
    var owner: String
    var time: String
    var size = ""
    var target = ""
    var device = ""
    var xattrs: [String] = []
    var content = ""
    /// The first name of the same file.
    var first = ""

    /// What differs from what is on a disk.
    ///
    /// A simulated time of 0 may be that of unpacking, which is later than any in a layer.
    func differences(from real: DiskRecord) -> [String] {
        var texts: [String] = []
        func check(_ what: String, _ own: String, _ other: String) {
            if own != other {
                texts.append("\(what) \(own.isEmpty ? "-" : own), really \(other.isEmpty ? "-" : other)")
            }
        }
        check("mode", String(mode, radix: 8), String(real.mode, radix: 8))
        check("owner", owner, real.owner)
        let isUnpacking = time == "0.0" && Int(real.time.split(separator: ".")[0]) ?? 0 > 1_700_000_000
        if !isUnpacking { check("time", time, real.time) }
        check("size", size, real.size)
        check("target", target, real.target)
        check("device", device, real.device)
        check("attributes", xattrs.joined(separator: " "), real.xattrs.joined(separator: " "))
        check("content", content, real.content)
        check("link to", first, real.first)
        return texts
    }
}

/// A tree as records by path.
enum DiskRecords {
    /// Those of a tree whose files lie in bytes of layers.
    static func of(_ tree: Tree, layers: [[UInt8]]) throws -> [String: DiskRecord] {
        var records: [String: DiskRecord] = [:]
        var firsts: [UInt32: String] = [:]
        func walk(_ number: UInt32, _ path: String) throws {
            let inode = try tree.inode(number)
            let attributes = inode.attributes
            var record = DiskRecord(
                mode: attributes.mode, owner: "\(attributes.uid):\(attributes.gid)",
                time: "\(attributes.mtime.seconds).\(attributes.mtime.nanoseconds)")
            if attributes.type == .regular {
                record.size = "\(attributes.size)"
                for extent in inode.extents {
                    let start = Int(extent.layerOffset)
                    record.content += Bytes.escaped(layers[Int(inode.layer)][start..<start + Int(extent.length)])
                }
            }
            if attributes.type == .symbolicLink { record.target = Bytes.escaped(attributes.target) }
            if [.characterDevice, .blockDevice].contains(attributes.type) {
                record.device = "\(attributes.device.major):\(attributes.device.minor)"
            }
            record.xattrs = attributes.xattrs.map { "\(Bytes.escaped($0.name))=\(Bytes.escaped($0.value))" }
            if attributes.type != .directory {
                if let first = firsts[number] { record.first = first } else { firsts[number] = path }
            }
            records[path] = record
            for child in tree.children(of: number) {
                try walk(child.inode, path + "/" + Bytes.escaped(tree.name(of: child)))
            }
        }
        try walk(0, "")
        return records
    }

    /// Those of a directory.
    ///
    /// A name that cannot be looked at is left out: overlays list whiteouts where a directory is of one layer alone.
    static func of(_ directory: FilePath) throws -> [String: DiskRecord] {
        var records: [String: DiskRecord] = [:]
        var firsts: [UInt: String] = [:]
        func walk(_ real: [UInt8], _ path: String) throws {
            var status = stat()
            guard real.asText({ lstat($0, &status) }) == 0 else { return }
            var record = DiskRecord(
                mode: status.st_mode, owner: "\(status.st_uid):\(status.st_gid)",
                time: "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)")
            let file = FilePath(real)
            switch status.st_mode & S_IFMT {
            case S_IFREG:
                record.size = "\(status.st_size)"
                record.content = Bytes.escaped(content(of: real))
            case S_IFLNK: record.target = Bytes.escaped(try readLink(real))
            case S_IFCHR, S_IFBLK:
                record.device =
                    "\((status.st_rdev >> 8) & 0xfff):\(status.st_rdev & 0xff | (status.st_rdev >> 12) & 0xfff00)"
            default: break
            }
            record.xattrs = try xattrs(of: file).map { "\($0.0)=\(Bytes.escaped($0.1))" }.sorted()
            if status.st_mode & S_IFMT != S_IFDIR {
                if let first = firsts[status.st_ino] { record.first = first } else { firsts[status.st_ino] = path }
            }
            records[path] = record
            guard status.st_mode & S_IFMT == S_IFDIR else { return }
            for name in try names(in: real) {
                try walk(real + [0x2F] + name, path + "/" + Bytes.escaped(name))
            }
        }
        try walk(Array(directory.string.utf8), "")
        return records
    }

    /// Up to a page of a file.
    private static func content(of path: [UInt8]) -> [UInt8] {
        let file = path.asText { open($0, O_RDONLY) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &bytes, bytes.count)
        close(file)
        return Array(bytes.prefix(max(0, count)))
    }

    private static func readLink(_ path: [UInt8]) throws -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 5000)
        let count = path.asText { readlink($0, &buffer, buffer.count) }
        guard count >= 0 else { throw Errno(rawValue: errno) }
        return buffer.prefix(count).map { UInt8(bitPattern: $0) }
    }

    private static func names(in path: [UInt8]) throws -> [[UInt8]] {
        guard let stream = path.asText({ opendir($0) }) else { throw Errno(rawValue: errno) }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
        }
        return names.sorted { Bytes.precedes($0, $1) }
    }

    private static func xattrs(of file: FilePath) throws -> [(String, [UInt8])] {
        typealias List = @convention(c) (UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
        typealias Get =
            @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
        guard let list = dlsym(nil, "llistxattr").map({ unsafeBitCast($0, to: List.self) }),
            let get = dlsym(nil, "lgetxattr").map({ unsafeBitCast($0, to: Get.self) })
        else { throw Errno.noSuchAddressOrDevice }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = file.withPlatformString { list($0, &buffer, buffer.count) }
        guard count > 0 else { return [] }
        return buffer.prefix(count).split(separator: 0).map { name in
            let text = String(decoding: name, as: UTF8.self)
            var value = [UInt8](repeating: 0, count: 4096)
            let size = file.withPlatformString { path in text.withCString { get(path, $0, &value, value.count) } }
            return (text, Array(value.prefix(max(0, size))))
        }
    }
}

extension [UInt8] {
    /// The bytes as a text of C.
    fileprivate func asText<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
            // An array with a zero in it has an address.
            buffer.baseAddress.map(body) ?? "".withCString(body)
        }
    }
}
