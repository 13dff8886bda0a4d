// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Foundation
import LinuxIO
import Overlay
import OverlayLayers
import SystemPackage
import TestSupport
import Testing

/// Large files that are written to before their copy is whole.
@Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct DeferredCopyTests {
    private static let count = 24 << 20

    /// A layer with one large file whose bytes tell where they are; made with no holes.
    private static let layer = """
        seq -f %07.0f 0 \(count / 8 - 1) > big
        touch -d '1999-01-01 01:02:03' big; chmod 4750 big; ln big other
        """

    private static func expected(_ changes: [(Int, String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for number in 0..<count / 8 {
            let text = "\(number)"
            bytes += Array(repeating: UInt8(ascii: "0"), count: 7 - text.utf8.count) + Array(text.utf8) + [10]
        }
        for (offset, text) in changes {
            let end = offset + text.utf8.count
            if end > bytes.count { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
            bytes.replaceSubrange(offset..<end, with: text.utf8)
        }
        return bytes
    }

    private static func content(_ file: FileNumber, _ handle: FileSystems.FileHandle, of fileSystem: OverlayFileSystem)
        throws
        -> [UInt8]
    {
        var bytes = [UInt8](repeating: 1, count: count + 4096)
        let got = try bytes.withUnsafeMutableBytes { try fileSystem.read(file, handle, at: 0, into: $0) }
        return Array(bytes.prefix(got))
    }

    private static func write(
        _ text: String, at offset: Int, _ file: FileNumber, _ handle: FileSystems.FileHandle,
        of fileSystem: OverlayFileSystem
    ) throws {
        let bytes = Array(text.utf8)
        let written = try bytes.withUnsafeBytes { try fileSystem.write(file, handle, at: UInt64(offset), $0) }
        #expect(written == bytes.count)
    }

    @Test func `what is written at once is read at once, and is in the upper when it was synced`() throws {
        let fixture = try WritableFixture([Self.layer])
        let fileSystem = fixture.fileSystem
        let found = try file("big", of: fileSystem)
        let reader = try fileSystem.open(found.number, flags: O_RDONLY)
        let writer = try fileSystem.open(found.number, flags: O_RDWR)
        let second = try fileSystem.open(found.number, flags: O_WRONLY)
        let changes = [
            (5, "first"), (Self.count - 3, "end and more"), (7 << 20, String(repeating: "z", count: 1 << 20)),
        ]
        try Self.write(changes[0].1, at: changes[0].0, found.number, writer, of: fileSystem)
        try Self.write(changes[1].1, at: changes[1].0, found.number, second, of: fileSystem)
        try Self.write(changes[2].1, at: changes[2].0, found.number, second, of: fileSystem)
        let wanted = Self.expected(changes)
        #expect(try file("other", of: fileSystem).size == UInt64(wanted.count))
        for handle in [reader, writer] {
            #expect(try Self.content(found.number, handle, of: fileSystem) == wanted)
        }
        try fileSystem.synchronize(found.number, writer, dataOnly: true)
        #expect(try Array(Data(contentsOf: URL(filePath: "\(fixture.upper)/big"))) == wanted)
        let after = try file("big", of: fileSystem)
        #expect(after.number == found.number)
        #expect((after.permissions, after.linkCount, after.size) == (0o4750, 2, UInt64(wanted.count)))
        #expect(after.modificationTime.seconds > found.modificationTime.seconds)
        #expect(try Self.content(found.number, reader, of: fileSystem) == wanted)
        for handle in [reader, writer, second] { fileSystem.close(handle, of: found.number) }
    }

    @Test func `a file that was opened and not written to keeps its times`() throws {
        let fixture = try WritableFixture([Self.layer])
        let found = try file("big", of: fixture.fileSystem)
        let handle = try fixture.fileSystem.open(found.number, flags: O_RDWR)
        fixture.fileSystem.close(handle, of: found.number)
        fixture.fileSystem.forget(found.number, count: 1)
        fixture.fileSystem.finish()
        let shown = try Shell.run("stat -c '%a %h %Y' big; cmp big \(fixture.stack.paths[0])/big", in: fixture.upper)
        #expect(shown == "4750 2 \(found.modificationTime.seconds)\n")
    }

    @Test func `names change while a file is copied`() throws {
        let fixture = try WritableFixture([Self.layer, "mkdir d"])
        let fileSystem = fixture.fileSystem
        let found = try file("big", of: fileSystem)
        let handle = try fileSystem.open(found.number, flags: O_RDWR)
        try Self.write("first", at: 0, found.number, handle, of: fileSystem)
        try fileSystem.unlink(Array("other".utf8), in: .root)
        let target = FileSystemTarget(fileSystem)
        #expect(target.run(.rename("big", "d/moved")) == "ok")
        try Self.write("again", at: 20 << 20, found.number, handle, of: fileSystem)
        fileSystem.close(handle, of: found.number)
        try fixture.reopen()
        let moved = try file("d/moved", of: fixture.fileSystem)
        #expect((moved.linkCount, moved.size) == (1, UInt64(Self.count)))
        let wanted = Self.expected([(0, "first"), (20 << 20, "again")])
        #expect(try Array(Data(contentsOf: URL(filePath: "\(fixture.upper)/d/moved"))) == wanted)
    }

    @Test func `a file that loses its last name while it is copied is there for who has it open`() throws {
        let fixture = try WritableFixture([Self.layer + "; rm other"])
        let fileSystem = fixture.fileSystem
        let found = try file("big", of: fileSystem)
        let handle = try fileSystem.open(found.number, flags: O_RDWR)
        try Self.write("first", at: 0, found.number, handle, of: fileSystem)
        try fileSystem.unlink(Array("big".utf8), in: .root)
        #expect(try fileSystem.attributes(of: found.number).linkCount == 0)
        fileSystem.finish()
        #expect(try Self.content(found.number, handle, of: fileSystem) == Self.expected([(0, "first")]))
        fileSystem.close(handle, of: found.number)
        #expect(try lines(FileSystemSource(fileSystem)) == [])
        #expect(try Shell.run("find \(fixture.work)/work -mindepth 1", in: fixture.upper) == "")
    }

    @Test func `an upper without room says so when the file is opened`() throws {
        let fixture = try WritableFixture([Self.layer])
        let small = fixture.stack.scratch.directory("small")
        try Shell.run(
            "mount -t tmpfs -o size=8M none \(small) && mkdir small/upper small/work", in: fixture.stack.scratch.path)
        defer { _ = try? Shell.run("umount -l \(small)", in: fixture.stack.scratch.path) }
        let fileSystem = try OverlayFileSystem(
            fixture.stack.layers(),
            upper: OverlayUpper(
                directory: Descriptor.open(small.appending("upper"), O_RDONLY | O_DIRECTORY),
                work: Descriptor.open(small.appending("work"), O_RDONLY | O_DIRECTORY), redirectsDirectories: true,
                recordsOverrides: false),
            options: OverlayOptions(marks: [.trusted])
        ) { _ in }
        let found = try file("big", of: fileSystem)
        #expect(throws: Errno.noSpace) { try fileSystem.open(found.number, flags: O_RDWR) }
        let handle = try fileSystem.open(found.number, flags: O_RDONLY)
        #expect(try Self.content(found.number, handle, of: fileSystem) == Self.expected([]))
        #expect(try Shell.run("find upper work -mindepth 1 | sort", in: small) == "work/links\nwork/work\n")
    }
}
