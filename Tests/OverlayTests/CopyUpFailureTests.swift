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
import Threads

/// Copies that the upper cannot take: the program is told, nothing has changed, and the next try succeeds.
@Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct CopyUpFailureTests {
    /// An overlay whose upper lies on a small file system of its own.
    private final class SmallUpper {
        let fixture: WritableFixture
        let path: FilePath
        let fileSystem: OverlayFileSystem

        init(_ layer: String, options: String, deferredSize: UInt64 = 4 << 20) throws {
            fixture = try WritableFixture([layer])
            path = fixture.stack.scratch.directory("small")
            try Shell.run("mount -t tmpfs -o \(options) none \(path); mkdir \(path)/upper \(path)/work", in: "/")
            fileSystem = try OverlayFileSystem(
                fixture.stack.layers(),
                upper: OverlayUpper(
                    directory: Descriptor.open(path.appending("upper"), O_RDONLY | O_DIRECTORY),
                    work: Descriptor.open(path.appending("work"), O_RDONLY | O_DIRECTORY),
                    redirectsDirectories: true, deferredSize: deferredSize, recordsOverrides: false),
                options: OverlayOptions(marks: [.trusted])
            ) { _ in }
        }

        deinit { _ = try? Shell.run("umount -l \(path)", in: "/") }

        /// Takes all inodes that are left but some.
        func fill(sparing spared: Int) throws {
            try Shell.run(
                """
                i=0; while : >\(path)/fill$i; do i=$((i+1)); done 2>/dev/null || true
                for i in $(seq 0 \(spared - 1)); do rm \(path)/fill$i; done
                """, in: "/")
        }

        func empty() throws { try Shell.run("rm -f \(path)/fill*", in: "/") }
    }

    private static func write(
        _ text: String, to file: FileNumber, _ handle: FileSystems.FileHandle, of fileSystem: OverlayFileSystem
    ) throws {
        let count = try Array(text.utf8).withUnsafeBytes { try fileSystem.write(file, handle, at: 0, $0) }
        #expect(count == text.utf8.count)
    }

    @Test(arguments: [4 << 20, 1] as [UInt64])
    func `a file whose directories cannot be made is not opened for writing`(_ deferredSize: UInt64) throws {
        let small = try SmallUpper(
            "mkdir -p deep/sub; echo old >deep/sub/f", options: "nr_inodes=30", deferredSize: deferredSize)
        let found = try file("deep/sub/f", of: small.fileSystem)
        // Enough for a directory or two, but not for all; each try may make one more of them.
        for spared in 0..<2 {
            try small.fill(sparing: spared)
            #expect(throws: Errno.noSpace) { try small.fileSystem.open(found.number, flags: O_RDWR) }
            #expect(try Shell.run("find work/work -mindepth 1; find upper -type f", in: small.path) == "")
            try small.empty()
        }
        let handle = try small.fileSystem.open(found.number, flags: O_RDWR)
        try Self.write("new", to: found.number, handle, of: small.fileSystem)
        try small.fileSystem.flush(found.number, handle)
        small.fileSystem.close(handle, of: found.number)
        #expect(try Shell.run("cat upper/deep/sub/f", in: small.path) == "new\n")
    }

    @Test func `every kind of change of a lower file is told that the upper takes nothing, and leaves what was`() throws
    {
        let fixture = try WritableFixture([
            "mkdir d e; echo old >d/f; ln -s x d/s; mkfifo d/p; mkdir d/d; echo 1 >d/h; ln d/h d/i; touch e/x"
        ])
        try Shell.run("mkdir d", in: fixture.upper)
        let fileSystem = fixture.fileSystem
        let before = try lines(FileSystemSource(fileSystem))
        let operations: [Operation] = [
            .write("d/f", "new"), .append("d/f", "new"), .truncate("d/f", 1), .truncate("d/f", 9), .mode("d/f", 0o600),
            .owner("d/s", 5), .mode("d/p", 0o600), .owner("d/d", 5), .attribute("d/f", "1"), .append("d/h", "more"),
            .rename("d/f", "d/g"), .link("d/f", "d/g"), .unlink("d/f"), .rename("d/d", "d/e"), .removeDirectory("d/d"),
            .exchange("d/f", "d/p"), .unlink("d/i"), .makeDirectory("d/new"), .symbolicLink("d/l", "x"),
        ]
        try Shell.run("chattr +i d", in: fixture.upper)
        for operation in operations {
            #expect(FileSystemTarget(fileSystem).run(operation) == "Operation not permitted", "\(operation)")
        }
        try Shell.run("chattr -i d", in: fixture.upper)
        #expect(try lines(FileSystemSource(fileSystem)) == before)
        #expect(try Shell.run("find . ../work/work ../work/links -mindepth 1", in: fixture.upper) == "./d\n")
        // Once nothing is in the way they are as in a plain directory.
        let plain = try fixture.plainCopy()
        let expected = try DirectoryTarget(plain)
        for operation in operations {
            #expect(FileSystemTarget(fileSystem).run(operation) == expected.run(operation), "\(operation)")
        }
        let shown = try lines(FileSystemSource(fileSystem), hasTimes: false)
        #expect(try lines(PathSource(plain), hasTimes: false) == shown)
    }

    @Test func `what was written to a copy that gets no name is told at fsync and at close, and tried again`() throws {
        let fixture = try WritableFixture(["mkdir d; seq 100000 >d/f"], deferredSize: 1)
        try Shell.run("mkdir d; chattr +i d", in: fixture.upper)
        let fileSystem = fixture.fileSystem
        let directory = try file("d", of: fileSystem).number
        let found = try Array("f".utf8).withUnsafeBytes { try fileSystem.lookup($0, in: directory) }
        let unused = try fileSystem.open(found.number, flags: O_RDWR)
        // Nothing was written, and nothing is lost.
        try fileSystem.flush(found.number, unused)
        let handle = try fileSystem.open(found.number, flags: O_RDWR)
        try Self.write("new", to: found.number, handle, of: fileSystem)
        #expect(fileSystem.mayFailToClose(handle))
        for _ in 0..<2 {
            #expect(throws: Errno.notPermitted) { try fileSystem.synchronize(found.number, handle, dataOnly: true) }
            #expect(throws: Errno.notPermitted) { try fileSystem.flush(found.number, handle) }
            #expect(throws: Errno.notPermitted) { try fileSystem.flush(found.number, unused) }
        }
        // Who waits for everything is told too.
        #expect(throws: Errno.notPermitted) { try fileSystem.ownXattr(OwnAttribute.finished, of: .root, isOwner: true) }
        try Self.write("New", to: found.number, handle, of: fileSystem)
        var bytes = [UInt8](repeating: 0, count: 5)
        _ = try bytes.withUnsafeMutableBytes { try fileSystem.read(found.number, handle, at: 0, into: $0) }
        #expect(String(decoding: bytes, as: UTF8.self) == "New\n3")
        fileSystem.close(handle, of: found.number)
        fileSystem.close(unused, of: found.number)
        // The kernel may forget the file and its directory meanwhile: each was looked up once.
        for number in [found.number, directory] { fileSystem.forget(number, count: 1) }
        try Shell.run("chattr -i d", in: fixture.upper)
        fileSystem.rest()
        #expect(throws: Errno.noData) { try fileSystem.ownXattr(OwnAttribute.finished, of: .root, isOwner: true) }
        #expect(
            try Shell.run("head -c 5 d/f; seq 100000 | tail -c +6 | cmp - <(tail -c +6 d/f)", in: fixture.upper)
                == "New\n3")
    }

    @Test func `what is written through a name that is gone is what the other names show`() throws {
        let fixture = try WritableFixture(["mkdir d e; echo lower >d/a; ln d/a e/b"])
        let fileSystem = fixture.fileSystem
        let found = try file("d/a", of: fileSystem)
        let handle = try fileSystem.open(found.number, flags: O_RDONLY)
        try fileSystem.unlink(Array("a".utf8), in: file("d", of: fileSystem).number)
        var changes = AttributeChanges()
        changes.permissions = 0o600
        _ = try fileSystem.setAttributes(of: found.number, handle, to: changes)
        #expect(try file("e/b", of: fileSystem).permissions == 0o600)
        #expect(try file("e/b", of: fileSystem).linkCount == 1)
        fileSystem.close(handle, of: found.number)
        try fixture.reopen()
        #expect(try file("e/b", of: fixture.fileSystem).permissions == 0o600)
        #expect(try file("e/b", of: fixture.fileSystem).linkCount == 1)
    }

    @Test(arguments: [nil, 1] as [UInt64?])
    func `a file that is opened to be cut is the lower one or empty, never zeros of the old size`(_ bare: UInt64?)
        throws
    {
        let count = 200
        let fixture = try WritableFixture(
            ["mkdir d; for i in $(seq \(count)); do head -c 100000 /dev/urandom >d/$i; done"], bareSize: bare)
        let fileSystem = fixture.fileSystem
        if bare != nil {
            for name in 1...count { #expect(FileSystemTarget(fileSystem).run(.mode("d/\(name)", 0o600)) == "ok") }
        }
        let upper = try Descriptor.open(fixture.upper, O_RDONLY | O_DIRECTORY)
        let zeros = WorkerThread {
            var zeros: Set<Int> = []
            var seen = 0
            // Until the last one is there: it is written to last.
            while seen < count {
                seen = 0
                for name in 1...count {
                    guard let file = try? upper.openBeneath("d/\(name)"),
                        try file.entryXattr(Array("trusted.overlay.metacopy".utf8), of: []) == nil
                    else { continue }
                    let size = try file.size()
                    if size < 100_000 { seen += 1 }
                    var byte: [UInt8] = [1, 1, 1, 1]
                    let got = try byte.withUnsafeMutableBytes { try file.read(at: 50_000, into: $0) }
                    if got == 4, byte == [0, 0, 0, 0] { zeros.insert(name) }
                }
            }
            return zeros
        }
        for name in 1...count { #expect(FileSystemTarget(fileSystem).run(.write("d/\(name)", "new")) == "ok") }
        #expect(try zeros.join() == [])
        #expect(try file("d/7", of: fileSystem).size == 3)
    }

    @Test func `what was not made here is not removed from the work directory`() throws {
        let fixture = try WritableFixture(["echo lower >f"])
        try Shell.run(
            "mkdir -p work links; echo 1 >work/mine; mkdir 'work/#1'; mkdir 'work/#cimg-1'; echo 2 >links/mine; echo 3 >mine",
            in: fixture.work)
        try fixture.reopen()
        #expect(FileSystemTarget(fixture.fileSystem).run(.append("f", "new")) == "ok")
        #expect(FileSystemTarget(fixture.fileSystem).run(.unlink("f")) == "ok")
        try fixture.reopen()
        let left = try Shell.run("find . -mindepth 1 | sort", in: fixture.work)
        #expect(left == "./links\n./links/mine\n./mine\n./work\n./work/#1\n./work/mine\n")
    }

    @Test func `a file that gets its bytes keeps its capabilities`() throws {
        let fixture = try WritableFixture(
            ["head -c 100000 /dev/urandom >f; setcap cap_chown+ep f; cp f g; setcap cap_chown+ep g"],
            bareSize: 1, deferredSize: 1)
        let fileSystem = fixture.fileSystem
        let name = Array("security.capability".utf8)
        #expect(FileSystemTarget(fileSystem).run(.mode("f", 0o700)) == "ok")
        for path in ["f", "g"] {
            let found = try file(path, of: fileSystem)
            let value = try fileSystem.xattr(name, of: found.number)
            let handle = try fileSystem.open(found.number, flags: O_RDWR)
            try fileSystem.synchronize(found.number, handle, dataOnly: false)
            #expect(try fileSystem.xattr(name, of: found.number) == value)
            try Self.write("x", to: found.number, handle, of: fileSystem)
            try fileSystem.synchronize(found.number, handle, dataOnly: false)
            #expect(throws: Errno.noData) { try fileSystem.xattr(name, of: found.number) }
            fileSystem.close(handle, of: found.number)
        }
    }
}
