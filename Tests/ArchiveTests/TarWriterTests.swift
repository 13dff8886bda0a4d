// SPDX-License-Identifier: Apache-2.0

import Archive
import FileTree
import Foundation
import SystemPackage
import TestSupport
import Testing

/// Tars that are written, read back by ours and by Python's reader.
@Suite(.timeLimit(.minutes(15))) struct TarWriterTests {
    private struct Written {
        var path: [UInt8]
        var attributes: Attributes
        var content: [UInt8] = []
    }

    private static func file(_ path: String, _ content: String = "", mode: UInt16 = 0o644) -> Written {
        let size = UInt64(content.utf8.count)
        return Written(
            path: Array(path.utf8), attributes: Attributes(type: .regular, permissions: mode, size: size),
            content: Array(content.utf8))
    }

    private static let entries: [Written] = {
        var owners = file("owners", "x", mode: 0o6755)
        (owners.attributes.uid, owners.attributes.gid) = (4_000_000_000, 2_097_152)
        var times = file("times")
        times.attributes.mtime = Timestamp(seconds: -2, nanoseconds: 250_000_000)
        var late = file("late")
        late.attributes.mtime = Timestamp(seconds: 1 << 34, nanoseconds: 1)
        var attributed = file("attributed", "0123456789")
        attributed.attributes.xattrs = [
            ExtendedAttribute(name: Array("security.capability".utf8), value: [1, 0, 0, 2, 0, 10, 255]),
            ExtendedAttribute(name: Array("user.note".utf8), value: Array("a\nb=c".utf8)),
        ]
        let long = String(repeating: "d/", count: 60)
        var link = Attributes(type: .symbolicLink, permissions: 0o777, target: Array("../x".utf8))
        link.size = 4
        var longLink = link
        longLink.target = Array(String(repeating: "t", count: 3000).utf8)
        longLink.size = 3000
        return [
            Written(path: Array("dir".utf8), attributes: Attributes(type: .directory, permissions: 0o1777)),
            file("dir/empty"), file("dir/block", String(repeating: "b", count: 512)), owners, times, late, attributed,
            file(long + "split", "s"), file(String(repeating: "n", count: 255), "n"),
            file(long + String(repeating: "m", count: 200), "m"),
            Written(path: Array("short".utf8), attributes: link),
            Written(path: Array("far".utf8), attributes: longLink),
            Written(
                path: Array("tty".utf8),
                attributes: Attributes(
                    type: .characterDevice, permissions: 0o620, device: DeviceNumber(major: 4095, minor: 1_048_575))),
            Written(
                path: Array("sda".utf8),
                attributes: Attributes(
                    type: .blockDevice, permissions: 0o660, device: DeviceNumber(major: 8, minor: 0))),
            Written(path: Array("pipe".utf8), attributes: Attributes(type: .fifo, permissions: 0o600)),
            Written(path: [0xFF, 0x20, 0xC3, 0xA9], attributes: Attributes(type: .regular, permissions: 0)),
            Written(
                path: [0xFF] + [UInt8](repeating: 0x61, count: 200),
                attributes: Attributes(type: .regular, permissions: 0o400)),
        ]
    }()

    private static func tar(_ entries: [Written]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var tar = TarWriter { bytes += $0 }
        for entry in entries {
            try tar.begin(entry.path, entry.attributes)
            guard entry.attributes.type == .regular else { continue }
            try entry.content.withUnsafeBytes { try tar.data($0) }
            #expect(try tar.end() == 0)
        }
        try tar.link(Array("again".utf8), to: Array("owners".utf8), Attributes(type: .regular, permissions: 0o644))
        try tar.finish()
        return bytes
    }

    @Test func `what is written is read back as it was`() throws {
        let tar = try Self.tar(Self.entries)
        #expect(tar.count % 512 == 0)
        let read = try readEntries(tar)
        #expect(read.count == Self.entries.count + 1)
        for (entry, found) in zip(Self.entries, read) {
            let isDirectory = entry.attributes.type == .directory
            #expect(found.entry.path == entry.path + (isDirectory ? [UInt8(ascii: "/")] : []))
            #expect(found.entry.kind == .file(entry.attributes), "\(Bytes.escaped(entry.path.prefix(40)))")
            if entry.attributes.type == .regular { #expect(found.content == entry.content) }
        }
        #expect(read.last?.entry.kind == .hardLink(target: Array("owners".utf8)))
    }

    @Test func `Python reads the same`() throws {
        let scratch = ScratchDirectory()
        let tar = scratch.file("t.tar", try Self.tar(Self.entries))
        let script = """
            import sys, tarfile
            with tarfile.open(sys.argv[1], errors="surrogateescape") as tar:
                for m in tar:
                    line = [str(len(m.name.encode("utf-8", "surrogateescape"))), m.type.decode(), oct(m.mode)]
                    line += [str(m.uid), str(m.gid), str(m.size), str(m.mtime), str(len(m.linkname))]
                    print(*line, *sorted(k for k in m.pax_headers if k.startswith("SCHILY")))
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, tar.string]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit(atMost: 600)
        #expect(
            text == """
                3 5 0o1777 0 0 0 0 0
                9 0 0o644 0 0 0 0 0
                9 0 0o644 0 0 512 0 0
                6 0 0o6755 4000000000 2097152 1 0 0
                5 0 0o644 0 0 0 -1.75 0
                4 0 0o644 0 0 0 17179869184.0 0
                10 0 0o644 0 0 10 0 0 SCHILY.xattr.security.capability SCHILY.xattr.user.note
                125 0 0o644 0 0 1 0 0
                255 0 0o644 0 0 1 0 0
                320 0 0o644 0 0 1 0 0
                5 2 0o777 0 0 0 0 4
                3 2 0o777 0 0 0 0 3000
                3 3 0o620 0 0 0 0 0
                3 4 0o660 0 0 0 0 0
                4 6 0o600 0 0 0 0 0
                4 0 0o0 0 0 0 0 0
                201 0 0o400 0 0 0 0 0
                5 1 0o644 0 0 0 0 6

                """)
    }

    @Test func `a file of more than eight gigabytes has its size`() throws {
        var header: [UInt8] = []
        var tar = TarWriter { header += $0 }
        try tar.begin(Array("big".utf8), Attributes(type: .regular, permissions: 0o644, size: 1 << 33))
        var reader = TarReader(BytesInput(header + [0]))
        let entry = try #require(try reader.next())
        #expect(entry.storedSize == 1 << 33)
    }

    @Test func `bytes beyond the size are left out, and those that do not come are zeros`() throws {
        var bytes: [UInt8] = []
        var tar = TarWriter { bytes += $0 }
        try tar.begin(Array("a".utf8), Attributes(type: .regular, permissions: 0o644, size: 3))
        try [UInt8]("abcdef".utf8).withUnsafeBytes { try tar.data($0) }
        #expect(try tar.end() == 0)
        try tar.begin(Array("b".utf8), Attributes(type: .regular, permissions: 0o644, size: 700))
        try [UInt8]("ab".utf8).withUnsafeBytes { try tar.data($0) }
        #expect(try tar.end() == 698)
        try tar.finish()
        let read = try readEntries(bytes)
        #expect(read.map(\.content) == [Array("abc".utf8), Array("ab".utf8) + [UInt8](repeating: 0, count: 698)])
    }
}
