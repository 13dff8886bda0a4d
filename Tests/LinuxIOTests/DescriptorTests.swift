// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import SystemPackage
import TestSupport
import Testing
import Threads

@Suite(.timeLimit(.minutes(15))) struct DescriptorTests {
    private let scratch = ScratchDirectory()
    private let top: Descriptor

    init() throws { top = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY) }

    private func names(_ directory: Descriptor) throws -> [String] {
        try directory.entryNames().map { String(decoding: $0, as: UTF8.self) }.sorted()
    }

    @Test func `descriptors are closed with their owner and not inherited`() throws {
        var number: Int32 = -1
        do {
            let file = try Descriptor.open(scratch.file("a"))
            number = file.rawValue
            #expect(fcntl(number, F_GETFD) & FD_CLOEXEC == FD_CLOEXEC)
            #expect(try fcntl(file.duplicate().rawValue, F_GETFD) & FD_CLOEXEC == FD_CLOEXEC)
            #expect(try fcntl(top.openBeneath("a").rawValue, F_GETFD) & FD_CLOEXEC == FD_CLOEXEC)
        }
        // Another test's thread may have been given the number again, so only the file behind it can be looked at.
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)")
        #expect(link != scratch.path("a").string)
    }

    @Test(arguments: ["../outside", "/etc/passwd", "link", "linked/file", "directory/../../x"])
    func `nothing is opened outside the directory or through links`(path: String) throws {
        scratch.file("directory/file")
        symlink("directory/file", scratch.path("link").string)
        symlink("directory", scratch.path("linked").string)
        #expect(throws: Errno.self) { try top.openBeneath(path) }
        #expect(try top.openBeneath("directory/../directory/file").size() == 0)
    }

    @Test func `that a file has no attributes is told`() throws {
        let file = try Descriptor.open(scratch.file("a"))
        #expect(file.hasNoXattrs)
        #expect(try top.entryXattrNames(Array("a".utf8)).isEmpty)
        try top.setEntryXattr(Array("user.x".utf8), of: Array("a".utf8), to: [1])
        #expect(!file.hasNoXattrs)
        #expect(try top.entryXattrNames(Array("a".utf8)) == [Array("user.x".utf8)])
    }

    @Test func `reading at an offset stops at the end`() throws {
        let file = try Descriptor.open(scratch.file("a", "0123456789"))
        var buffer = [UInt8](repeating: 0, count: 4)
        func read(_ offset: UInt64) throws -> String {
            let count = try buffer.withUnsafeMutableBytes { try file.read(at: offset, into: $0) }
            return String(decoding: buffer[..<count], as: UTF8.self)
        }
        #expect(try read(0) == "0123")
        #expect(try read(8) == "89")
        #expect(try read(10) == "")
        #expect(try read(.max) == "")
        #expect(try read(UInt64(Int64.max)) == "")
    }

    @Test func `writing at an offset and cutting`() throws {
        let file = try Descriptor.open(scratch.path("a"), O_RDWR | O_CREAT)
        try Array("abc".utf8).withUnsafeBytes { try file.write($0, at: 3) }
        try file.write(Array("xy".utf8))
        #expect(try Descriptor.open(scratch.path("a")).readToEnd() == Array("xy\0abc".utf8))
        try file.truncate(to: 1)
        #expect(try file.size() == 1)
        #expect(throws: Errno.fileTooLarge) { try file.truncate(to: .max) }
        #expect(throws: Errno.fileTooLarge) { try [1].withUnsafeBytes { try file.write($0, at: .max) } }
    }

    @Test func `writing to a full device is an error`() throws {
        let file = Descriptor(owning: try retrying { open("/dev/full", O_WRONLY | O_CLOEXEC) })
        #expect(throws: Errno.noSpace) { try file.write([1, 2, 3]) }
    }

    @Test func `a directory is made once`() throws {
        let first = try top.makeDirectory("d")
        let second = try top.makeDirectory("d")
        #expect(try first.status().st_ino == second.status().st_ino)
        #expect(try first.status().st_mode & 0o777 == 0o700)
        scratch.file("f")
        #expect(throws: Errno.notDirectory) { try top.makeDirectory("f") }
    }

    @Test func `an entry is there whatever it is`() throws {
        scratch.file("file")
        scratch.directory("directory")
        symlink("nowhere", scratch.path("dangling").string)
        for name in ["file", "directory", "dangling"] { #expect(try top.hasEntry(name)) }
        #expect(try !top.hasEntry("other"))
    }

    @Test func `a rename may refuse to replace`() throws {
        scratch.file("a", "a")
        scratch.file("b", "b")
        #expect(throws: Errno.fileExists) { try top.rename("a", to: top, as: "b", replacing: false) }
        try top.rename("a", to: top, as: "b")
        #expect(try top.openBeneath("b").readToEnd() == Array("a".utf8))
        #expect(throws: Errno.noSuchFileOrDirectory) { try top.rename("a", to: top, as: "b") }
    }

    @Test func `a tree is removed with names of any bytes, links are not followed`() throws {
        scratch.file("keep/file")
        scratch.file("d/e/f/file")
        let odd = try top.openBeneath("d/e", O_RDONLY | O_DIRECTORY)
        _ = try odd.openBeneath([0xFF, 0x0A, 0x80], O_WRONLY | O_CREAT, mode: 0o600)
        symlink("../keep", scratch.path("d/link").string)
        try top.removeTree("d")
        try top.removeTree("d")
        #expect(try names(top) == ["keep"])
        #expect(try top.openBeneath("keep/file").size() == 0)
    }

    @Test func `a tree of any depth is removed, and nothing beside it`() throws {
        var open = try top.makeDirectory("deep")
        for level in 0..<300 {
            _ = try open.openBeneath("file", O_WRONLY | O_CREAT, mode: 0o600)
            open = try open.makeDirectory(level % 2 == 0 ? "a" : "b")
        }
        scratch.file("keep", "x")
        try top.removeTree("deep")
        #expect(try names(top) == ["keep"])
    }

    @Test func `a lock ends with its descriptor`() throws {
        scratch.directory("d")
        func open() throws -> Descriptor { try top.openBeneath("d", O_RDONLY | O_DIRECTORY) }
        let other = try open()
        do {
            let first = try open()
            #expect(try first.tryLock())
            #expect(try !other.tryLock())
            withExtendedLifetime(first) {}
        }
        #expect(try other.tryLock())
    }

    @Test func `shared locks go together and keep an exclusive one away`() throws {
        scratch.file("lock")
        let (one, two) = (try top.openBeneath("lock"), try top.openBeneath("lock"))
        try one.lock(exclusive: false)
        try two.lock(exclusive: false)
        let third = try top.openBeneath("lock")
        #expect(try !third.tryLock())
    }
}

@Suite(.timeLimit(.minutes(15))) struct StreamTests {
    private let scratch = ScratchDirectory()

    private func read(_ stream: FileStream, _ size: Int) throws -> [String] {
        var pieces: [String] = []
        var buffer = [UInt8](repeating: 0, count: size)
        while case let count = try buffer.withUnsafeMutableBytes({ try stream.read(into: $0) }), count > 0 {
            pieces.append(String(decoding: buffer[..<count], as: UTF8.self))
        }
        return pieces
    }

    @Test func `a stream gives the bytes of its range`() throws {
        let file = try Descriptor.open(scratch.file("a", "0123456789"))
        #expect(try read(FileStream(file), 4) == ["0123", "4567", "89"])
        #expect(try read(FileStream(file, range: 2..<7), 4) == ["2345", "6"])
        #expect(try read(FileStream(file, range: 8..<100), 4) == ["89"])
        #expect(try read(FileStream(file, range: 5..<5), 4) == [])
        #expect(try read(FileStream(file, range: 50..<60), 4) == [])
        #expect(try read(FileStream(file, range: 0..<UInt64.max), 100) == ["0123456789"])
    }

    @Test func `two streams of one file do not disturb each other`() throws {
        let file = try Descriptor.open(scratch.file("a", "0123456789"))
        let (one, two) = (FileStream(file), FileStream(file, range: 5..<10))
        var buffer = [UInt8](repeating: 0, count: 3)
        _ = try buffer.withUnsafeMutableBytes { try one.read(into: $0) }
        #expect(try read(two, 10) == ["56789"])
        #expect(try read(one, 10) == ["3456789"])
    }

    @Test(arguments: [0, 1, 4096, 10_000]) func `a mapped file has the file's bytes`(count: Int) throws {
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let mapped = try MappedFile(Descriptor.open(scratch.file("a", content)))
        #expect(Array(mapped.bytes) == content)
    }

    @Test func `a mapped file gives back its pages and has them again`() throws {
        let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let path = scratch.path("mapped")
        try Descriptor.open(path, O_WRONLY | O_CREAT).write(content)
        let file = try MappedFile(try Descriptor.open(path))
        for _ in 0..<2 {
            #expect(file.bytes.elementsEqual(content))
            file.release()
        }
    }

    @Test func `what cannot be mapped is an error`() throws {
        #expect(throws: Errno.self) {
            try MappedFile(Descriptor.open(scratch.file("a", "x"), O_WRONLY))
        }
    }
}
