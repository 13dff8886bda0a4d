// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Foundation
import Glibc
import LinuxIO
import SystemPackage
import TestSupport
import Testing

/// The passthrough, called as a server calls it.
@Suite(.timeLimit(.minutes(15))) struct PassthroughTests {
    private let scratch = ScratchDirectory()

    private func passthrough(limit: Int = 100, isForbidden: @escaping @Sendable (UInt64) -> Bool = { _ in false })
        throws -> Passthrough
    {
        try Passthrough(
            Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY), descriptorLimit: limit, isForbidden: isForbidden)
    }

    private func lookup(_ path: String, _ files: Passthrough) throws(Errno) -> FileAttributes {
        var found = try files.attributes(of: .root)
        for name in path.split(separator: "/") {
            found = try Self.withBytes(name.utf8) { (bytes) throws(Errno) in
                try files.lookup(bytes, in: found.number)
            }
        }
        return found
    }

    private static func withBytes<Result>(
        _ bytes: some Sequence<UInt8>, _ body: (UnsafeRawBufferPointer) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: Array(bytes).count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: Array(bytes))
        return try body(UnsafeRawBufferPointer(copy))
    }

    private func read(_ file: FileNumber, _ files: Passthrough) throws(Errno) -> String {
        let handle = try files.open(file, flags: O_RDONLY)
        defer { files.close(handle, of: file) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 1)
        defer { buffer.deallocate() }
        let count = try files.read(file, handle, at: 0, into: buffer)
        return String(decoding: UnsafeRawBufferPointer(rebasing: buffer[..<count]), as: UTF8.self)
    }

    @Test func `a file has the number and the metadata that it has on the disk`() throws {
        scratch.file("dir/file", "text", mode: 0o640)
        link(scratch.path("dir/file").string, scratch.path("other").string)
        let files = try passthrough()
        let file = try lookup("dir/file", files)
        var status = stat()
        #expect(stat(scratch.path("dir/file").string, &status) == 0)
        #expect(file.number == FileNumber(UInt64(status.st_ino)))
        #expect(file.permissions == 0o640)
        #expect(file.linkCount == 2)
        #expect(file.size == 4)
        #expect(try lookup("other", files).number == file.number)
        #expect(try lookup("", files).number == .root)
        #expect(try read(file.number, files) == "text")
    }

    @Test func `symbolic links are shown and never followed`() throws {
        scratch.file("target", "secret")
        symlink("target", scratch.path("link").string)
        symlink("/etc", scratch.path("etc").string)
        let files = try passthrough()
        let link = try lookup("link", files)
        #expect(link.type == .symbolicLink)
        #expect(try files.target(of: link.number) == Array("target".utf8))
        #expect(throws: Errno.invalidArgument) { try files.open(link.number, flags: O_RDONLY) }
        #expect(throws: Errno.notDirectory) { try lookup("etc/passwd", files) }
        // The attribute belongs to the link, and links have no such ones.
        #expect(throws: Errno.self) { try files.setXattr(Array("user.x".utf8), of: link.number, to: [1], flags: 0) }
        #expect(try files.xattrNames(of: lookup("target", files).number) == [])
        #expect(throws: Errno.fileExists) {
            try files.create(
                Array("link".utf8), in: .root, mode: 0o644, flags: O_WRONLY | O_EXCL,
                for: Caller(uid: 0, gid: 0, umask: 0))
        }
    }

    @Test(arguments: ["", ".", "..", "a/b", "a\0b"]) func `what is no name leads nowhere`(name: String) throws {
        scratch.file("a/b")
        let files = try passthrough()
        #expect(throws: Errno.invalidArgument) {
            try Self.withBytes(name.utf8) { (bytes) throws(Errno) in try files.lookup(bytes, in: .root) }
        }
        #expect(throws: Errno.invalidArgument) { try files.unlink(Array(name.utf8), in: .root) }
        #expect(throws: Errno.invalidArgument) {
            try files.rename(Array(name.utf8), in: .root, to: [0x78], in: .root, flags: 0)
        }
        #expect(throws: Errno.fileNameTooLong) { try lookup(String(repeating: "x", count: 256), files) }
    }

    @Test func `descriptors are given up, and files found again by their names`() throws {
        for index in 0..<100 { scratch.file("dir\(index)/sub/file", "\(index)") }
        let files = try passthrough(limit: 16)
        let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        var numbers: [FileNumber] = []
        for index in 0..<100 { numbers.append(try lookup("dir\(index)/sub/file", files).number) }
        // Other tests open files too; 300 would be ours.
        #expect(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count < before + 200)
        for (index, number) in numbers.enumerated() { #expect(try read(number, files) == "\(index)") }
        // A directory that moves through the file system keeps its files.
        try files.rename(Array("dir0".utf8), in: .root, to: Array("moved".utf8), in: .root, flags: 0)
        for index in 1..<100 { _ = try lookup("dir\(index)/sub", files) }
        #expect(try read(numbers[0], files) == "0")
        // One that is replaced by another way does not lead to other files.
        rename(scratch.path("dir1").string, scratch.path("away").string)
        scratch.file("dir1/sub/file", "other")
        for index in 2..<100 { _ = try lookup("dir\(index)/sub", files) }
        #expect(throws: Errno.staleNFSFileHandle) { try read(numbers[1], files) }
        #expect(try read(lookup("dir1/sub/file", files).number, files) == "other")
    }

    @Test func `an open file stays, whatever becomes of its name and of other files`() throws {
        scratch.file("open", "kept")
        for index in 0..<100 { scratch.file("many/\(index)") }
        let files = try passthrough(limit: 16)
        let file = try lookup("open", files).number
        let handle = try files.open(file, flags: O_RDWR)
        try files.unlink(Array("open".utf8), in: .root)
        files.forget(file, count: 1)
        for index in 0..<100 { _ = try lookup("many/\(index)", files) }
        #expect(try files.attributes(of: file).linkCount == 0)
        #expect(try files.attributes(of: file).size == 4)
        files.close(handle, of: file)
        #expect(throws: Errno.staleNFSFileHandle) { try files.attributes(of: file) }
    }

    @Test func `a file system that must not be entered is not`() throws {
        scratch.file("file", "x")
        let files = try Passthrough(Descriptor.open("/", O_RDONLY | O_DIRECTORY), descriptorLimit: 100) { _ in true }
        #expect(throws: Errno.tooManySymbolicLinkLevels) { try lookup("proc", files) }
        #expect(try lookup("/etc/passwd", files).type == .regular)
        #expect(try lookup("file", passthrough { _ in true }).size == 1)
    }

    @Test func `a listing goes on behind any of its entries`() throws {
        var names: Set<String> = [".", ".."]
        for index in 0..<1000 {
            scratch.file("entry with a name \(index)")
            names.insert("entry with a name \(index)")
        }
        let files = try passthrough()
        let handle = try files.open(.root, flags: O_RDONLY | O_DIRECTORY)
        defer { files.close(handle, of: .root) }
        var cookie: UInt64 = 0
        var found: [String] = []
        var isAtEnd = false
        while !isAtEnd {
            var count = 0
            isAtEnd = true
            try files.readDirectory(.root, handle, from: cookie, wantsAttributes: true) { entry in
                guard count < 7 else {
                    isAtEnd = false
                    return false
                }
                count += 1
                cookie = entry.nextCookie
                found.append(String(decoding: entry.name, as: UTF8.self))
                return true
            }
        }
        #expect(found.count == 1002)
        #expect(Set(found) == names)
    }

    @Test func `owners of range locks are kept apart, and shared with locks of others`() throws {
        scratch.file("file", "0123456789")
        let files = try passthrough()
        let file = try lookup("file", files).number
        let handle = try files.open(file, flags: O_RDWR)
        defer { files.close(handle, of: file) }
        let (first, second) = (LockOwner(1), LockOwner(2))
        let lock = RangeLock(kind: .exclusive, start: 2, count: 3)
        try files.set(lock, of: first, on: file, handle)
        try files.set(lock, of: first, on: file, handle)
        #expect(throws: Errno.resourceTemporarilyUnavailable) { try files.set(lock, of: second, on: file, handle) }
        let conflict = try files.conflict(
            with: RangeLock(kind: .shared, start: 0, count: 0), of: second, on: file, handle)
        #expect(conflict.kind == .exclusive && conflict.start == 2 && conflict.count == 3)
        #expect(try files.conflict(with: lock, of: first, on: file, handle).kind == .none)
        try files.set(RangeLock(kind: .shared, start: 5, count: 0), of: second, on: file, handle)
        let other = OpenFile(try Descriptor.open(scratch.path("file"), O_RDWR))
        #expect(throws: Errno.resourceTemporarilyUnavailable) { try other.set(lock) }
        files.releaseLocks(of: first, on: file)
        try other.set(lock)
        #expect(throws: Errno.resourceTemporarilyUnavailable) { try files.set(lock, of: first, on: file, handle) }
        try files.lockWhole(file, handle, operation: LOCK_EX)
        #expect(throws: Errno.resourceTemporarilyUnavailable) { try other.setWhole(LOCK_SH) }
    }
}
