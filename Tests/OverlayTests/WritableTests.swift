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

@Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct WritableTests {
    private static let layers = [
        "mkdir -p a/b/c b; echo 1 >a/1; echo 2 >a/b/c/c; echo 3 >b/a; echo 4 >c; ln -s a b/b; mkfifo a/c",
        "mkdir -p a/b c0 b/c; echo 5 >a/b/b; mkdir b/c/a; setfattr -n user.x -v 1 a/b/b; chmod 4755 a/b/b",
    ]
    private static let linked = [
        "mkdir -p a/b b; echo 1 >a/a; ln a/a b/a; ln a/a c; echo 2 >a/b/b; ln a/b/b b/b; mkdir b/c"
    ]

    @Test(arguments: 0..<12) func `random operations do what they do in a plain directory`(_ seed: UInt64) throws {
        let fixture = try WritableFixture(
            seed % 2 == 0 ? Self.layers : Self.linked, bareSize: seed % 4 < 2 ? 1 : nil,
            deferredSize: seed % 3 == 0 ? 1 : 4 << 20)
        let plain = try fixture.plainCopy()
        let expected = try DirectoryTarget(plain)
        var random = RandomOperations(seed: seed)
        for step in 0..<400 {
            let operation = random.next()
            let outcome = FileSystemTarget(fixture.fileSystem).run(operation)
            #expect(outcome == expected.run(operation), "seed \(seed), step \(step): \(operation)")
            if step % 20 == 19 {
                let shown = try lines(FileSystemSource(fixture.fileSystem), hasTimes: false)
                let wanted = try lines(PathSource(plain), hasTimes: false)
                #expect(shown == wanted, "seed \(seed), step \(step): \(operation)")
                if shown != wanted { return }
            }
            if step % 100 == 99 { try fixture.reopen() }
        }
        fixture.fileSystem.finish()
        let left = try Descriptor.open(fixture.work.appending("work"), O_RDONLY | O_DIRECTORY).entryNames()
        #expect(left == [])
        // Names of one lower file that were not touched are files of their own to the kernel.
        guard seed % 2 == 0 else { return }
        let shown = try lines(FileSystemSource(fixture.fileSystem))
        #expect(try lines(PathSource(fixture.mountKernel())) == shown, "seed \(seed)")
    }

    @Test func `a directory of a lower layer is renamed by a mark and keeps all it has`() throws {
        let fixture = try WritableFixture(Self.layers)
        let target = FileSystemTarget(fixture.fileSystem)
        #expect(target.run(.rename("a", "moved")) == "ok")
        #expect(target.run(.rename("moved/b", "b/d")) == "ok")
        #expect(target.run(.makeDirectory("a")) == "ok")
        #expect(target.run(.removeDirectory("a")) == "ok")
        #expect(try file("b/d/c/c", of: fixture.fileSystem).size == 2)
        #expect(try xattr("trusted.overlay.redirect", fixture.upper.appending("moved")) == "/a")
        #expect(try xattr("trusted.overlay.redirect", fixture.upper.appending("b/d")) == "/a/b")
        let shown = try lines(FileSystemSource(fixture.fileSystem))
        #expect(try lines(PathSource(fixture.mountKernel())) == shown)
    }

    @Test func `names that a file below has lost are counted, also by the next mount`() throws {
        let fixture = try WritableFixture(["echo 1 >a; ln a b; ln a c; ln a d"])
        func count(_ name: String) throws -> UInt32 { try file(name, of: fixture.fileSystem).linkCount }
        func links() throws -> [String] {
            let directory = try Descriptor.open(fixture.work.appending("links"), O_RDONLY | O_DIRECTORY)
            return try directory.entryNames().map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(FileSystemTarget(fixture.fileSystem).run(.unlink("a")) == "ok")
        #expect(try count("b") == 3)
        try fixture.reopen()
        #expect(try count("b") == 3)
        #expect(try links().map { $0.hasPrefix("removed-") } == [true])
        #expect(FileSystemTarget(fixture.fileSystem).run(.mode("b", 0o600)) == "ok")
        #expect(try count("c") == 3)
        #expect(try links().map { $0.hasPrefix("removed-") } == [false])
        try fixture.reopen()
        for (name, left) in [("c", 2), ("b", 1)] {
            #expect(FileSystemTarget(fixture.fileSystem).run(.unlink(name)) == "ok")
            #expect(try count("d") == left)
        }
        try fixture.reopen()
        #expect(FileSystemTarget(fixture.fileSystem).run(.unlink("d")) == "ok")
        #expect(try links() == [])
    }

    @Test func `of several names the one that is used goes to the upper`() throws {
        let fixture = try WritableFixture(["mkdir x y; echo 1 >x/a; ln x/a y/b"])
        let target = FileSystemTarget(fixture.fileSystem)
        _ = try file("x/a", of: fixture.fileSystem)
        #expect(target.run(.mode("y/b", 0o600)) == "ok")
        #expect(FileManager.default.fileExists(atPath: "\(fixture.upper)/y/b"))
        #expect(!FileManager.default.fileExists(atPath: "\(fixture.upper)/x/a"))
    }

    @Test func `names that shared a file below share it above`() throws {
        let fixture = try WritableFixture(["echo old >a; ln a b; ln a c"])
        let target = FileSystemTarget(fixture.fileSystem)
        #expect(target.run(.append("b", "new")) == "ok")
        let numbers = try ["a", "b", "c"].map { try file($0, of: fixture.fileSystem) }
        #expect(Set(numbers.map(\.number)).count == 1)
        #expect(numbers.map(\.size) == [7, 7, 7])
        #expect(numbers.map(\.linkCount) == [3, 3, 3])
        #expect(target.run(.unlink("a")) == "ok")
        #expect(try file("c", of: fixture.fileSystem).linkCount == 2)
        try fixture.reopen()
        #expect(try ["b", "c"].map { try file($0, of: fixture.fileSystem).size } == [7, 7])
    }

    @Test func `a file that is open when its last name goes can still be used, and counts no name`() throws {
        let fixture = try WritableFixture(["echo lower >f; echo both >g"])
        let fileSystem = fixture.fileSystem
        for name in ["f", "g"] {
            let found = try file(name, of: fileSystem)
            let handle = try fileSystem.open(found.number, flags: name == "f" ? O_RDONLY : O_RDWR)
            try fileSystem.unlink(Array(name.utf8), in: .root)
            #expect(try fileSystem.attributes(of: found.number).linkCount == 0)
            var changes = AttributeChanges()
            changes.permissions = 0o640
            #expect(try fileSystem.setAttributes(of: found.number, handle, to: changes).permissions == 0o640)
            var bytes = [UInt8](repeating: 0, count: 5)
            _ = try bytes.withUnsafeMutableBytes { try fileSystem.read(found.number, handle, at: 0, into: $0) }
            #expect(String(decoding: bytes, as: UTF8.self) == (name == "f" ? "lower" : "both\n"))
            fileSystem.close(handle, of: found.number)
        }
        #expect(try lines(FileSystemSource(fileSystem)) == [])
    }

    @Test func `a reader sees what is written after it opened the lower file`() throws {
        let fixture = try WritableFixture(["echo lower >f"])
        let found = try file("f", of: fixture.fileSystem)
        let handle = try fixture.fileSystem.open(found.number, flags: O_RDONLY)
        #expect(FileSystemTarget(fixture.fileSystem).run(.write("f", "upper")) == "ok")
        var bytes = [UInt8](repeating: 0, count: 5)
        _ = try bytes.withUnsafeMutableBytes {
            try fixture.fileSystem.read(found.number, handle, at: 0, into: $0)
        }
        #expect(String(decoding: bytes, as: UTF8.self) == "upper")
        #expect(try file("f", of: fixture.fileSystem).number == found.number)
    }

    @Test func `a copied file keeps mode, owner, times, attributes and holes`() throws {
        let fixture = try WritableFixture([
            """
            truncate -s 8M f; echo x | dd of=f bs=1 seek=4M conv=notrunc 2>/dev/null; chown 5:6 f; chmod 6751 f
            setfattr -n user.a -v 1 f; setfacl -m u:9:rw f; touch -d '1999-01-01 01:02:03.456' f
            """
        ])
        let before = try lines(FileSystemSource(fixture.fileSystem))
        let found = try file("f", of: fixture.fileSystem)
        fixture.fileSystem.close(try fixture.fileSystem.open(found.number, flags: O_RDWR), of: found.number)
        #expect(try lines(FileSystemSource(fixture.fileSystem)) == before)
        #expect(try file("f", of: fixture.fileSystem).blockCount < 64)
        #expect(fileExists(fixture.upper.appending("f")))
    }

    @Test func `new files inherit groups and access control lists`() throws {
        let fixture = try WritableFixture(["mkdir d; chown :7 d; chmod 2775 d; setfacl -d -m u:9:rwx d; echo x >d/w"])
        let fileSystem = fixture.fileSystem
        let directory = try file("d", of: fileSystem).number
        // Once where nothing was, once in the place of a whiteout.
        try fileSystem.unlink(Array("w".utf8), in: directory)
        let caller = Caller(uid: 3, gid: 4, umask: 0o077)
        for name in ["n", "w"] {
            let (made, handle) = try fileSystem.create(
                Array(name.utf8), in: directory, mode: 0o666, flags: O_RDWR, for: caller)
            fileSystem.close(handle, of: made.number)
            #expect((made.uid, made.gid, made.permissions) == (3, 7, 0o664))
            #expect(try fileSystem.xattrNames(of: made.number).contains(Array("system.posix_acl_access".utf8)))
        }
        let made = try fileSystem.makeDirectory(Array("e".utf8), in: directory, mode: 0o777, for: caller)
        #expect((made.uid, made.gid, made.permissions) == (3, 7, 0o2775))
    }

    @Test func `what nobody may do is refused with the errno of Linux`() throws {
        let fixture = try WritableFixture(["mkdir d; echo x >f"])
        let fileSystem = fixture.fileSystem
        let caller = Caller(uid: 0, gid: 0, umask: 0)
        let long = [UInt8](repeating: 0x6E, count: 256)
        #expect(throws: Errno.fileNameTooLong) {
            try fileSystem.makeDirectory(long, in: .root, mode: 0o755, for: caller)
        }
        #expect(throws: Errno.notPermitted) {
            try fileSystem.makeNode(Array("w".utf8), in: .root, mode: S_IFCHR | 0o600, device: 0, for: caller)
        }
        #expect(throws: Errno.invalidArgument) {
            try fileSystem.rename(Array("f".utf8), in: .root, to: Array("g".utf8), in: .root, flags: 4)
        }
        let readOnly = try OverlayFileSystem(fixture.stack.layers()) { _ in }
        #expect(throws: Errno.readOnlyFileSystem) { try readOnly.unlink(Array("f".utf8), in: .root) }
        #expect(throws: Errno.readOnlyFileSystem) {
            try readOnly.open(file("f", of: readOnly).number, flags: O_RDWR)
        }
    }

    @Test func `whiteouts that are names, as engines leave them in an upper, are understood and go`() throws {
        let fixture = try WritableFixture(
            ["mkdir a b c e; echo 1 >a/f; echo 2 >b/f; echo 3 >c/f; echo 4 >d; echo 5 >e/f; echo 6 >g"],
            upper: "touch .wh.a .wh.d b.x; mkdir b; touch b/.wh..wh..opq; mkdir c; touch c/.wh.f .wh.e .wh.gone",
            marks: [.trusted, .dotNames])
        func shown() throws -> [String] {
            try lines(FileSystemSource(fixture.fileSystem)).compactMap {
                $0.split(separator: " ").first.map(String.init)
            }
        }
        let target = FileSystemTarget(fixture.fileSystem)
        #expect(try shown() == ["/b", "/b.x", "/c", "/g"])
        // A directory in the place of a whiteout shows nothing of what that hid.
        #expect(target.run(.makeDirectory("a")) == "ok")
        #expect(target.run(.write("d", "new")) == "ok")
        #expect(target.run(.write("c/f", "new")) == "ok")
        #expect(target.run(.unlink("c/f")) == "ok")
        #expect(target.run(.rename("g", "e")) == "ok")
        #expect(target.run(.removeDirectory("c")) == "ok")
        #expect(target.run(.makeDirectory(".wh.g")) == "Invalid argument")
        #expect(try shown() == ["/a", "/b", "/b.x", "/d", "/e"])
        try fixture.reopen()
        #expect(try shown() == ["/a", "/b", "/b.x", "/d", "/e"])
        let left = try Shell.run("find . -name '.wh.*' | sort; stat -c %F c g", in: fixture.upper)
        #expect(left == "./.wh.gone\n./b/.wh..wh..opq\ncharacter special file\ncharacter special file\n")
    }

    @Test func `what changes attributes or the name of a large file copies no bytes`() throws {
        let fixture = try WritableFixture(
            [
                "mkdir d e; for f in a b c g; do echo lower >d/$f; truncate -s 1M d/$f; done; chmod 4755 d/b; ln d/g g",
                "mkdir d; echo upper >d/c; truncate -s 2M d/c; setcap cap_chown+ep d/c",
            ], bareSize: 1 << 20)
        let fileSystem = fixture.fileSystem
        let target = FileSystemTarget(fileSystem)
        let handle = try fileSystem.open(file("d/a", of: fileSystem).number, flags: O_RDONLY)
        for (operation, name) in [
            (Operation.mode("d/a", 0o600), "a"), (.attribute("d/b", "1"), "b"), (.owner("d/c", 5), "c"),
        ] {
            #expect(target.run(operation) == "ok")
            #expect(try Shell.run("stat -c %b d/\(name)", in: fixture.upper) == "0\n")
            #expect(try xattr("trusted.overlay.metacopy", fixture.upper.appending("d/\(name)")) == "")
            #expect(try file("d/\(name)", of: fileSystem).blockCount > 0)
        }
        // Names that share a file share its copy, whose bytes the kernel could not find.
        #expect(target.run(.mode("g", 0o600)) == "ok")
        #expect(try xattr("trusted.overlay.metacopy", fixture.upper.appending("g")) == nil)
        #expect(target.run(.rename("d/b", "e/x")) == "ok")
        #expect(target.run(.rename("d", "moved")) == "ok")
        #expect(target.run(.rename("moved/c", "c")) == "ok")
        #expect(target.run(.exchange("c", "moved/a")) == "ok")
        #expect(try xattr("trusted.overlay.redirect", fixture.upper.appending("e/x")) == "/d/b")
        #expect(try xattr("trusted.overlay.redirect", fixture.upper.appending("moved/a")) == "/d/c")
        #expect(try Shell.run("cat c e/x moved/a | tr -d '\\0'", in: fixture.upper) == "")
        var bytes = [UInt8](repeating: 0, count: 5)
        let number = try file("c", of: fileSystem).number
        _ = try bytes.withUnsafeMutableBytes { try fileSystem.read(number, handle, at: 0, into: $0) }
        #expect(String(decoding: bytes, as: UTF8.self) == "lower")
        try fileSystem.synchronize(number, handle, dataOnly: false)
        let shown = try lines(FileSystemSource(fileSystem)).filter { !$0.hasPrefix("/d/g ") && !$0.hasPrefix("/g ") }
        func kernel() throws -> [String] {
            try lines(PathSource(fixture.mountKernel())).filter { !$0.hasPrefix("/d/g ") && !$0.hasPrefix("/g ") }
        }
        #expect(try kernel().filter { !$0.hasPrefix("/moved/g ") } == shown.filter { !$0.hasPrefix("/moved/g ") })
        try fixture.unmountKernel()
        // The bytes come when they are needed.
        #expect(target.run(.append("moved/a", "more")) == "ok")
        #expect(try xattr("trusted.overlay.metacopy", fixture.upper.appending("moved/a")) == nil)
        #expect(try file("moved/a", of: fileSystem).size == 2 << 20 + 4)
        #expect(target.run(.truncate("e/x", 3)) == "ok")
        #expect(try Shell.run("cat e/x", in: fixture.upper) == "low")
        try fixture.reopen()
        #expect(try file("moved/a", of: fixture.fileSystem).size == 2 << 20 + 4)
    }

    @Test func `a write of somebody else takes set-user-ID bits away`() throws {
        let fixture = try WritableFixture(["for f in a b c; do echo lower >$f; done; chmod 6755 a c; chmod 6745 b"])
        let fileSystem = fixture.fileSystem
        let stranger = Caller(uid: 7, gid: 7, umask: 0)
        let member = Caller(uid: 7, gid: 0, umask: 0)
        try fileSystem.dropPrivileges(of: file("a", of: fileSystem).number, for: stranger)
        #expect(try file("a", of: fileSystem).permissions == 0o755)
        // The bit of the group means something else where the group may not execute the file, and is its members' to keep.
        try fileSystem.dropPrivileges(of: file("b", of: fileSystem).number, for: member)
        #expect(try file("b", of: fileSystem).permissions == 0o2745)
        var changes = AttributeChanges()
        changes.size = 2
        changes.privilegesDroppedBy = member
        let cut = try fileSystem.setAttributes(of: file("c", of: fileSystem).number, nil, to: changes)
        #expect((cut.permissions, cut.size) == (0o755, 2))
        #expect(try Shell.run("stat -c '%a %s' a b c", in: fixture.upper) == "755 6\n2745 6\n755 2\n")
        // What the kernel asks before fallocate(2) is a change of nothing.
        changes = AttributeChanges()
        changes.privilegesDroppedBy = stranger
        let dropped = try fileSystem.setAttributes(of: file("b", of: fileSystem).number, nil, to: changes)
        #expect(dropped.permissions == 0o745)
    }

    @Test func `an access control list that is set from outside of the group takes its bit away`() throws {
        let fixture = try WritableFixture(["echo lower >f; chmod 2755 f; setfacl -m u:9:r f"])
        let fileSystem = fixture.fileSystem
        let number = try file("f", of: fileSystem).number
        let name = Array("system.posix_acl_access".utf8)
        let list = try fileSystem.xattr(name, of: number)
        #expect(throws: Errno.invalidArgument) {
            try fileSystem.setXattr(name, of: number, to: [1], flags: 0, dropsSetGroupID: true)
        }
        #expect(try file("f", of: fileSystem).permissions == 0o2755)
        try fileSystem.setXattr(name, of: number, to: list, flags: 0, dropsSetGroupID: false)
        #expect(try file("f", of: fileSystem).permissions == 0o2755)
        try fileSystem.setXattr(name, of: number, to: list, flags: 0, dropsSetGroupID: true)
        #expect(try file("f", of: fileSystem).permissions == 0o755)
    }

    @Test func `attributes that a new file gets are seen, and those of one whose number it has are not`() throws {
        let fixture = try WritableFixture(["echo lower >f; setfattr -n user.a -v 1 f"])
        let fileSystem = fixture.fileSystem
        let target = FileSystemTarget(fileSystem)
        for round in 0..<8 {
            #expect(target.run(.write("new", "x")) == "ok")
            let number = try file("new", of: fileSystem).number
            #expect(throws: Errno.noData) { try fileSystem.xattr(Array("user.a".utf8), of: number) }
            try fileSystem.setXattr(Array("user.a".utf8), of: number, to: [0x31], flags: 0)
            #expect(try fileSystem.xattr(Array("user.a".utf8), of: number) == [0x31], "round \(round)")
            #expect(target.run(.unlink("new")) == "ok")
            // Its copy may get the inode number of what was just removed.
            #expect(target.run(.mode("f", 0o600)) == "ok")
            #expect(
                try fileSystem.xattr(Array("user.a".utf8), of: file("f", of: fileSystem).number) == [0x31])
        }
    }

    @Test func `attributes of an overlay within the mount are kept apart from its own`() throws {
        let fixture = try WritableFixture(["mkdir d; echo x >d/f"])
        let number = try file("d", of: fixture.fileSystem).number
        try fixture.fileSystem.setXattr(
            Array("trusted.overlay.opaque".utf8), of: number, to: Array("y".utf8), flags: 0)
        #expect(try file("d/f", of: fixture.fileSystem).size == 2)
        #expect(try fixture.fileSystem.xattrNames(of: number) == [Array("trusted.overlay.opaque".utf8)])
        #expect(try xattr("trusted.overlay.overlay.opaque", fixture.upper.appending("d")) == "y")
    }

    private func xattr(_ name: String, _ path: FilePath) throws -> String? {
        let top = try Descriptor.open("/", O_RDONLY | O_DIRECTORY)
        return try top.entryXattr(Array(name.utf8), of: Array(path.string.utf8.dropFirst()))
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
