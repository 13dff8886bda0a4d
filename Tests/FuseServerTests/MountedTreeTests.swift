// SPDX-License-Identifier: Apache-2.0

import FileTree
import Foundation
import LinuxIO
import OCI
import SystemPackage
import TestSupport
import Testing
import Threads

/// A tree with one of each.
private func variedFixture() -> TreeFixture {
    var fixture = TreeFixture(layerCount: 2)
    fixture.root.attributes.permissions = 0o751
    fixture.root.attributes.mtime = Timestamp(seconds: 1_000_000_000, nanoseconds: 1)
    fixture.directory("etc", mode: 0o1777, xattrs: ["user.note": "kept"])
    fixture.file("etc/hostname", "box\n", mode: 0o600)
    fixture.file("etc/passwd", String(repeating: "root:x:0:0\n", count: 1000), layer: 1, xattrs: ["user.a": "b"])
    fixture.hardLink("etc/passwd-", to: "etc/passwd")
    fixture.symbolicLink("etc/link", to: "../usr/bin/\u{E9}t\u{E9}")
    fixture.file("etc/tool", "#!/bin/sh\necho ran\n", mode: 0o4755, xattrs: ["security.capability": capability])
    fixture.directory("dev")
    fixture.add(
        "dev/null",
        Attributes(type: .characterDevice, permissions: 0o666, device: DeviceNumber(major: 1, minor: 3)))
    fixture.add("dev/fifo", Attributes(type: .fifo, permissions: 0o600, uid: 12, gid: 70000))
    fixture.add("dev/socket", Attributes(type: .socket, permissions: 0o755))
    fixture.add(
        "dev/disk",
        Attributes(
            type: .blockDevice, permissions: 0o660, mtime: Timestamp(seconds: -3, nanoseconds: 5),
            device: DeviceNumber(major: 259, minor: 70001)))
    fixture.file(Array("n\u{1}".utf8) + [0xFF, 0x0A], Array("odd".utf8), mode: 0o4755)
    fixture.file(Array(repeating: UInt8(ascii: "x"), count: 255), [])
    fixture.sparseFile(
        "sparse", size: 1 << 20,
        pieces: [(8192, Array(repeating: 7, count: 4096), 0), (65536, Array(repeating: 8, count: 4096), 0)])
    fixture.file(Array("big".utf8), bigContent)
    return fixture
}

/// Glibc's module shows the two only with `_GNU_SOURCE`.
private let seekData: Int32 = 3
private let seekHole: Int32 = 4

private let capability =
    "\u{1}\u{0}\u{0}\u{2}\u{0}\u{4}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"
private let bigContent = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }

@Suite(.serialized, .enabled(if: Requirements.fuse && Requirements.root), .timeLimit(.minutes(15)))
struct MountedTreeTests {
    @Test func `a mount shows what the tree has`() throws {
        let mount = try MountedFixture(variedFixture())
        let expected = try TreeDump.lines(TreeInMemory(mount.tree, layers: mount.fixture.layers))
        #expect(try TreeDump.lines(VisibleTree(mount.mountpoint)) == expected)
        // From the kernel's caches as well.
        #expect(try TreeDump.lines(VisibleTree(mount.mountpoint)) == expected)
    }

    @Test func `a plain user's mount shows true owners and is all readable`() throws {
        let mount = try MountedFixture(variedFixture(), user: "65534")
        let asUser = ["--reuid", "65534", "--regid", "65534", "--clear-groups"]
        func run(_ command: String...) throws -> CimgProcess.Outcome {
            try CimgProcess.run("/usr/bin/setpriv", asUser + command)
        }
        #expect(try run("cat", mount.path("etc/hostname")).output == "box\n")
        #expect(try run("stat", "-c", "%a %u:%g %h", mount.path("etc/hostname")).output == "600 0:0 1\n")
        #expect(try run("stat", "-c", "%a %u:%g", mount.path("dev/fifo")).output == "600 12:70000\n")
        #expect(try run("sh", "-c", "tar cf - -C \(mount.mountpoint) etc | wc -c").code == 0)
        #expect(
            try run("getfattr", "--only-values", "-n", "user.cimg.digest", mount.path("etc/hostname")).output
                == Digest(of: "box\n".utf8).description)
        // Nobody else may use it, root neither.
        #expect(try CimgProcess.run("/bin/cat", [mount.path("etc/hostname")]).code != 0)
        let listed = try CimgProcess.run("mounts", "--json")
        #expect(listed.output.contains("\"pid\": \(mount.server.identifier)"))
        #expect(try run(CimgProcess.path, "umount", mount.mountpoint) == .init(code: 0, output: "", errors: ""))
        #expect(try mount.ended() == .exit(0))
    }

    @Test func `root's mount lets in whom access control lists let in`() throws {
        // Version 2: user::rw-, user:5:r--, group::---, mask::r--, other::---, as in linux/posix_acl_xattr.h.
        let entries: [(tag: UInt8, permissions: UInt8, user: UInt8)] = [
            (1, 6, 0), (2, 4, 5), (4, 0, 0), (16, 4, 0), (32, 0, 0),
        ]
        let list: [UInt8] = [2, 0, 0, 0] + entries.flatMap { [$0.tag, 0, $0.permissions, 0, $0.user, 0, 0, 0] }
        var fixture = TreeFixture(layerCount: 1)
        fixture.root.attributes.permissions = 0o755
        let text = String(decoding: list, as: UTF8.self)
        fixture.file("f", "text\n", mode: 0o640, xattrs: ["system.posix_acl_access": text])
        let mount = try MountedFixture(fixture)
        #expect(chmod(FilePath(mount.mountpoint).removingLastComponent().string, 0o755) == 0)
        func code(_ user: String) throws -> Int32 {
            try CimgProcess.run(
                "/usr/bin/setpriv",
                ["--reuid", user, "--regid", user, "--clear-groups", "cat", mount.path("f")]
            ).code
        }
        #expect(try code("5") == 0)
        #expect(try code("6") == 1)
    }

    @Test func `extended attributes of the mount answer and are not listed`() throws {
        let mount = try MountedFixture(variedFixture())
        func attribute(_ name: String, _ path: String) throws -> CimgProcess.Outcome {
            try CimgProcess.run("/usr/bin/getfattr", ["--only-values", "-n", name, mount.path(path)])
        }
        let names = mount.fixture.layerNames.map(\.description)
        #expect(try attribute("user.cimg.layer", "etc/passwd").output == names[1])
        #expect(try attribute("user.cimg.layer", "etc").output == names[0])
        #expect(try attribute("user.cimg.digest", "big").output == Digest(of: bigContent).description)
        #expect(try attribute("user.cimg.digest", "etc").code == 1)
        #expect(try attribute("user.none", "big").errors.hasSuffix("No such attribute\n"))
        #expect(
            try CimgProcess.run("/usr/bin/getfattr", ["-d", "-m", "-", "--absolute-names", mount.path("etc/passwd")])
                .output == "# file: \(mount.path("etc/passwd"))\nuser.a=\"b\"\n\n")
    }

    @Test(arguments: [true, false])
    func `kinds of attributes that no file has are not supported`(isLabelled: Bool) throws {
        var fixture = TreeFixture()
        fixture.file("plain", "1")
        fixture.file("with", "2", xattrs: isLabelled ? ["security.selinux": "a:b:c:s0"] : ["user.a": "b"])
        let mount = try MountedFixture(fixture)
        func failure(_ name: String) throws -> String {
            try CimgProcess.run("/usr/bin/getfattr", ["-n", name, mount.path("plain")]).errors
        }
        #expect(
            try failure("security.selinux").hasSuffix(
                isLabelled ? "No such attribute\n" : "Operation not supported\n"))
        #expect(try failure("system.posix_acl_access").hasSuffix("Operation not supported\n"))
        #expect(try failure("security.capability").hasSuffix("No such attribute\n"))
        guard isLabelled else { return }
        #expect(
            try CimgProcess.run(
                "/usr/bin/getfattr", ["--only-values", "-n", "security.selinux", mount.path("with")]
            ).output == "a:b:c:s0")
    }

    @Test(
        arguments: [
            (0, seekData, 8192), (0, seekHole, 0), (8192, seekHole, 12288), (12288, seekData, 65536),
            (70000, seekData, -1), (70000, seekHole, 70000), (1 << 20, seekHole, -1),
            (-1, seekData, -1), (-1, seekHole, -1), (.min, seekHole, -1),
        ] as [(off_t, Int32, off_t)])
    func `lseek finds data and holes`(offset: off_t, whence: Int32, expected: off_t) throws {
        let mount = try MountedFixture(variedFixture())
        let file = try Descriptor.open(FilePath(mount.path("sparse")))
        let found = lseek(file.rawValue, offset, whence)
        let code = errno
        #expect(found == expected)
        if expected < 0 { #expect(code == ENXIO) }
        if expected < 0 { #expect(errno == ENXIO) }
    }

    @Test func `statfs tells a full file system`() throws {
        let mount = try MountedFixture(variedFixture())
        var answer = statvfs()
        #expect(statvfs(mount.mountpoint, &answer) == 0)
        #expect(answer.f_bfree == 0 && answer.f_bavail == 0 && answer.f_ffree == 0)
        #expect(answer.f_namemax == 255)
        #expect(answer.f_files == UInt(mount.tree.inodeCount))
        let size = mount.fixture.layers.reduce(0) { $0 + $1.size }
        #expect(answer.f_frsize == 512 && answer.f_blocks * 512 > size && answer.f_blocks * 512 < size + 100_000)
        #expect(answer.f_flag & UInt(ST_RDONLY) != 0 && answer.f_flag & UInt(ST_NOSUID) != 0)
    }

    @Test func `stat tells blocks and stable numbers`() throws {
        let first = try MountedFixture(variedFixture())
        let second = try MountedFixture(variedFixture())
        func status(_ path: String) -> stat {
            var status = stat()
            #expect(lstat(path, &status) == 0)
            return status
        }
        #expect(status(first.path("sparse")).st_blocks == 16)
        #expect(status(first.path("big")).st_blocks == 5860)
        #expect(status(first.mountpoint).st_ino == 1)
        for name in ["sparse", "etc", "etc/link", "dev/null", "etc/passwd"] {
            #expect(status(first.path(name)).st_ino == status(second.path(name)).st_ino)
        }
        #expect(status(first.path("etc/passwd")).st_ino == status(first.path("etc/passwd-")).st_ino)
    }

    @Test func `nothing can be changed`() throws {
        let mount = try MountedFixture(variedFixture())
        let change = ["-n", "user.x", "-v", "1", mount.path("big")]
        #expect(open(mount.path("new"), O_CREAT | O_WRONLY, 0o644) == -1 && errno == EROFS)
        #expect(open(mount.path("big"), O_WRONLY) == -1 && errno == EROFS)
        #expect(mkdir(mount.path("dir"), 0o755) == -1 && errno == EROFS)
        #expect(unlink(mount.path("big")) == -1 && errno == EROFS)
        #expect(chmod(mount.path("big"), 0) == -1 && errno == EROFS)
        #expect(try CimgProcess.run("/usr/bin/setfattr", change).errors.hasSuffix("Read-only file system\n"))
        #expect(open(mount.path("dev/null"), O_RDONLY) == -1 && errno == EACCES)
        // Even where somebody takes the read-only flag away.
        try #require(CimgProcess.run("/bin/mount", ["-i", "-o", "remount,rw", mount.mountpoint]).code == 0)
        #expect(mkdir(mount.path("dir"), 0o755) == -1 && errno == EROFS)
        #expect(open(mount.path("new"), O_CREAT | O_WRONLY, 0o644) == -1 && errno == EROFS)
        #expect(unlink(mount.path("big")) == -1 && errno == EROFS)
        #expect(chmod(mount.path("big"), 0) == -1 && errno == EROFS)
        #expect(truncate(mount.path("big"), 0) == -1 && errno == EROFS)
        #expect(rename(mount.path("big"), mount.path("b")) == -1 && errno == EROFS)
        #expect(try CimgProcess.run("/usr/bin/setfattr", change).errors.hasSuffix("Read-only file system\n"))
    }

    @Test func `a mapped file and pieces of it have the right bytes`() throws {
        let mount = try MountedFixture(variedFixture())
        let map = try MappedFile(Descriptor.open(FilePath(mount.path("big"))))
        #expect(map.bytes.elementsEqual(bigContent))
        let file = try Descriptor.open(FilePath(mount.path("big")))
        for (offset, count) in [(0, 1), (4095, 2), (999_999, 1_234_567), (2_999_999, 10), (3_000_000, 10)] {
            var buffer = [UInt8](repeating: 0, count: count)
            let read = try buffer.withUnsafeMutableBytes { try file.read(at: UInt64(offset), into: $0) }
            #expect(buffer[..<read] == bigContent[min(offset, 3_000_000)..<min(offset + count, 3_000_000)])
        }
    }

    @Test func `many readers at once get the right bytes`() throws {
        let mount = try MountedFixture(variedFixture())
        let path = mount.path("big")
        let readers = (0..<16).map { index in
            WorkerThread {
                let file = try Descriptor.open(FilePath(path))
                var buffer = [UInt8](repeating: 0, count: 50_000)
                var wrong = 0
                for step in 0..<60 {
                    let offset = (index * 37 + step * 101) % 60 * 50_000
                    let read = try buffer.withUnsafeMutableBytes { try file.read(at: UInt64(offset), into: $0) }
                    if buffer[..<read] != bigContent[offset..<offset + 50_000] { wrong += 1 }
                    _ = posix_fadvise(file.rawValue, 0, 0, POSIX_FADV_DONTNEED)
                }
                return wrong
            }
        }
        for reader in readers { #expect(try reader.join() == 0) }
    }
}
