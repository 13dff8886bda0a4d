// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import SystemPackage
import TestSupport
import Testing
import Threads

/// Names of two directories, one against the other; needs root.
@Suite(.timeLimit(.minutes(15))) struct SameFileTests {
    private let scratch = ScratchDirectory()
    private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 16)

    /// Runs a command on the pair of files `l/f` and `r/f`, both of which hold `size` bytes, and tells whether they are
    /// said to be the same, also as links where they are.
    private func isSame(size: Int = 9, times: Bool = false, after script: String = "") throws -> Bool {
        defer { room.deallocate() }
        for side in ["l", "r"] {
            scratch.file("\(side)/f", String(repeating: "x", count: size))
            try setTime(scratch.path("\(side)/f").string)
        }
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-ec", script]
        shell.currentDirectoryURL = URL(fileURLWithPath: scratch.path("l").string + "/..")
        try shell.run()
        shell.waitUntilExit(atMost: 600)
        try #require(shell.terminationStatus == 0)
        let left = try Descriptor.open(scratch.path("l"), O_RDONLY | O_DIRECTORY)
        let right = try Descriptor.open(scratch.path("r"), O_RDONLY | O_DIRECTORY)
        let type = try #require(try left.entries().first { $0.name == Array("f".utf8) }).typeNumber
        let same = SameFile(left, right, comparesTimes: times, room: room)
        return withExtendedLifetime((left, right)) { same.isSame("f", typeNumber: type) }
    }

    private func setTime(_ path: String) throws {
        var times = [timeval(tv_sec: 1000, tv_usec: 0), timeval(tv_sec: 1000, tv_usec: 0)]
        try #require(utimes(path, &times) == 0)
    }

    // A half of the room is 8192 bytes.
    @Test(arguments: [0, 1, 8191, 8192, 8193, 16_384, 20_000])
    func `equal files of any size are the same`(size: Int) throws {
        #expect(try isSame(size: size, times: true))
    }

    @Test(arguments: [0, 8191, 8192, 16_383, 16_384, 19_999])
    func `one other byte makes another file`(offset: Int) throws {
        let script = "printf y | dd of=r/f bs=1 seek=\(offset) conv=notrunc 2>/dev/null"
        #expect(try !isSame(size: 20_000, after: script))
    }

    @Test(
        .enabled(if: Requirements.root),
        arguments: [
            "printf x >> r/f", "chmod 755 r/f", "chown 3 r/f", "chgrp 3 l/f", "ln l/f l/g", "rm r/f",
            "rm l/f; ln -s x l/f",
            "rm r/f; mkfifo r/f", "setfattr -n user.a -v 1 l/f", "setfattr -n user.a -v 1 r/f",
            "setfattr -n user.a -v 1 l/f; setfattr -n user.b -v 1 r/f",
            "setfattr -n user.a -v 1 l/f; setfattr -n user.a -v 2 r/f",
            "setfattr -n user.a -v 1 l/f; setfattr -n user.a -v 11 r/f",
        ])
    func `whatever else differs makes another file`(script: String) throws {
        #expect(try !isSame(after: script))
    }

    @Test func `times count if they are asked for`() throws {
        #expect(try isSame(after: "touch -d @5 r/f"))
    }

    @Test func `times that are asked for count`() throws {
        #expect(try !isSame(times: true, after: "touch -d @1000.000000001 r/f"))
    }

    @Test(arguments: [
        "rm r/f; ln l/f r/f", "setfattr -n user.a -v 1 l/f r/f; setfattr -n user.b -v 22 l/f r/f",
        "rm l/f r/f; ln -s target l/f; ln -s target r/f",
    ])
    func `what is the same in both is`(script: String) throws {
        #expect(try isSame(after: script))
    }

    @Test(
        .enabled(if: Requirements.root),
        arguments: [
            "rm l/f r/f; ln -s target l/f; ln -s targeT r/f", "rm l/f r/f; ln -s target l/f; ln -s targe r/f",
            "rm l/f r/f; ln -s target l/f; ln -s target r/f; chown -h 3 r/f",
            "rm l/f r/f; ln -s target l/f; mkfifo r/f",
            "rm l/f r/f; mkfifo l/f r/f", "rm l/f r/f; mkdir l/f r/f",
        ])
    func `links are compared and nothing is said of other types`(script: String) throws {
        #expect(try !isSame(after: script))
    }
}

@Suite(.timeLimit(.minutes(15))) struct DirectoryNamesTests {
    private let scratch = ScratchDirectory()

    @Test func `names come in the order of their bytes`() throws {
        // Longer than one reading, with equal beginnings of eight bytes and more, and bytes above 0x7F.
        let names: [[UInt8]] =
            (0..<3000).map { Array("a-name-of-which-much-is-equal-\($0)".utf8) }
            + ["a", "a-name-o", "a-name-o0", "B", "abcdefgh", "abcdefg", "abcdefghi", "..."].map { Array($0.utf8) }
            + [[0x80], [0xFF, 0x01], [0x61, 0xC3], [0x01]]
        let top = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
        for name in names {
            _ = try retrying { withCString(name) { openat(top.rawValue, $0, O_CREAT | O_WRONLY, 0o600) } }.closed()
        }
        _ = try retrying { mkdirat(top.rawValue, "directory", 0o700) }
        let listed = try DirectoryNames(listing: top)
        let expected = (names + [Array("directory".utf8)]).sorted { $0.lexicographicallyPrecedes($1) }
        #expect(listed.entries.map(listed.name) == expected)
        let types = listed.entries.map { UInt32($0.typeNumber) << 12 }
        #expect(types.filter { $0 == S_IFREG }.count == names.count)
        #expect(types.filter { $0 == S_IFDIR }.count == 1)
    }

    @Test func `what is no directory has no names`() throws {
        let file = try Descriptor.open(scratch.file("a"))
        let error = #expect(throws: Errno.self) { try DirectoryNames(listing: file) }
        #expect(error == .notDirectory)
    }
}

extension Int32 {
    /// Closes the descriptor of this number.
    fileprivate func closed() -> Int32 { close(self) }
}
