// SPDX-License-Identifier: Apache-2.0

import Foundation
import LayerStore
import OCI
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Transports

@Suite(.timeLimit(.minutes(15))) struct RootFileSystemTests {
    private let scratch = ScratchDirectory()

    /// Sets a path's times, of a symbolic link itself.
    private func touch(_ name: String, _ seconds: Int, _ nanoseconds: Int = 0) {
        let times = [timespec(tv_sec: seconds, tv_nsec: nanoseconds), timespec(tv_sec: seconds, tv_nsec: nanoseconds)]
        #expect(utimensat(AT_FDCWD, "\(scratch.path)/\(name)", times, AT_SYMLINK_NOFOLLOW) == 0)
    }

    /// A header as this user's files get it.
    private func header(_ name: String, _ type: Character, mode: Int64, mtime: Int64 = 0) -> TarHeader {
        var header = TarHeader(name, type: type)
        (header.mode, header.mtime) = (mode, mtime)
        (header.uid, header.gid) = (Int64(getuid()), Int64(getgid()))
        return header
    }

    private func tar(_ name: String, report: @escaping @Sendable (String) -> Void = { _ in }) throws -> [UInt8] {
        let image = try openImage(ImageLocation(.rootfs, scratch.path(name)), report: report)
        #expect(image.manifest == nil && image.configuration == nil && image.layers.count == 1)
        #expect(image.layers.first?.descriptor == nil)
        let layer = try #require(image.layers.first)
        return try bytes(of: layer.open())
    }

    @Test func `a directory becomes a tar with all its metadata`() throws {
        let long = String(repeating: "n", count: 120)
        scratch.directory("root/dir")
        scratch.file("root/dir/file", String(repeating: "x", count: 1000))
        scratch.file("root/dir/empty", "")
        scratch.file("root/\(long)", "long")
        let path = { (name: String) in scratch.path("root/\(name)").string }
        #expect(chmod(path("dir/file"), 0o4755) == 0 && chmod(path("dir"), 0o1777) == 0)
        #expect(link(path("dir/file"), path("hard")) == 0)
        #expect(symlink("/etc/passwd", path("link")) == 0)
        #expect(mkfifo(path("pipe"), 0o600) == 0)
        let value: [UInt8] = [0, 1, 255]
        try setXattr(scratch.path("root/dir/file"), "user.b", value)
        try setXattr(scratch.path("root/dir/file"), "user.a=b", value)
        for name in ["dir/empty", long, "link", "pipe"] { touch("root/\(name)", 0) }
        touch("root/dir/file", 1_700_000_000, 123_456_789)
        touch("root/dir", -2, 500_000_000)
        touch("root", 5)

        let expected = TarBuilder {
            $0.entry(header("./", "5", mode: 0o755, mtime: 5))
            $0.entry(header("dir/", "5", mode: 0o1777), pax: [("mtime", Array("-1.500000000".utf8))])
            $0.entry(header("dir/empty", "0", mode: 0o644))
            var file = header("dir/file", "0", mode: 0o4755, mtime: 1_700_000_000)
            file.size = 1000
            $0.entry(
                file, content: [UInt8](repeating: UInt8(ascii: "x"), count: 1000),
                pax: [
                    ("mtime", Array("1700000000.123456789".utf8)),
                    ("LIBARCHIVE.xattr.user.a%3Db", Array("AAH/".utf8)), ("SCHILY.xattr.user.b", value),
                ])
            var hard = header("hard", "1", mode: 0o4755, mtime: 1_700_000_000)
            hard.linkName = Array("dir/file".utf8)
            $0.entry(hard, pax: [("mtime", Array("1700000000.123456789".utf8))])
            var link = header("link", "2", mode: 0o777)
            link.linkName = Array("/etc/passwd".utf8)
            $0.entry(link)
            var longFile = header(long, "0", mode: 0o644)
            longFile.size = 4
            $0.entry(longFile, content: Array("long".utf8))
            $0.entry(header("pipe", "6", mode: 0o600))
        }
        #expect(try tar("root") == expected.bytes)
    }

    @Test func `names of any bytes are kept`() throws {
        scratch.directory("root")
        let name = [UInt8](repeating: 0xFF, count: 150)
        let path = Array(scratch.path("root").string.utf8) + [UInt8(ascii: "/")] + name + [0]
        #expect(
            path.withUnsafeBytes {
                mknod($0.assumingMemoryBound(to: CChar.self).baseAddress.unsafelyUnwrapped, S_IFREG | 0o644, 0)
            } == 0
        )
        let written = try tar("root")
        #expect(written.contains(name + [UInt8(ascii: "\n")]))
        #expect(written.contains(Array("hdrcharset=BINARY\n".utf8)))
    }

    @Test func `a directory deeper than descriptors can be open is walked down and up`() throws {
        scratch.directory("root")
        touch("root", 0)
        let depth = 150
        let all = String(repeating: "d/", count: depth)
        scratch.directory("root/" + all)
        for level in 0...depth {
            let directory = "root/" + all.prefix(2 * level)
            scratch.file(directory + "z", "z")
            touch(directory + "z", 0)
        }
        for level in 0...depth { touch("root/" + all.prefix(2 * level), 0) }
        let expected = TarBuilder {
            $0.entry(header("./", "5", mode: 0o755))
            for level in 1...depth { $0.entry(header(String(all.prefix(2 * level)), "5", mode: 0o755)) }
            for level in (0...depth).reversed() {
                var file = header(all.prefix(2 * level) + "z", "0", mode: 0o644)
                file.size = 1
                $0.entry(file, content: Array("z".utf8))
            }
        }
        #expect(try tar("root") == expected.bytes)
    }

    @Test func `a socket is left out and reported`() throws {
        scratch.directory("root")
        #expect(mknod(scratch.path("root/s").string, S_IFSOCK | 0o644, 0) == 0)
        touch("root", 0)
        let reported = Mutex<[String]>([])
        #expect(try tar("root") { line in reported.withLock { $0.append(line) } }.count == 512 + 1024)
        #expect(reported.withLock { $0 } == ["rootfs:\(scratch.path)/root: s: is a socket and left out"])
    }

    @Test func `a name that would mean a deleted file is refused`() throws {
        scratch.file("root/a/.wh.b")
        #expect(
            failure { _ = try tar("root") }
                == "rootfs:\(scratch.path)/root: a/.wh.b: its name begins with .wh., which means a deleted file in an image"
        )
    }

    @Test(arguments: LayerCompression.allCases)
    func `a tar is offered as it is`(compression: LayerCompression) throws {
        let content = compression(TarBuilder { $0.file("x", "y") }.bytes)
        scratch.file("x.tar", content)
        #expect(try tar("x.tar") == content)
    }

    @Test func `what is neither a directory nor a file is refused without waiting`() throws {
        #expect(mkfifo(scratch.path("pipe").string, 0o644) == 0)
        #expect(error("rootfs:$/pipe", in: scratch) == "rootfs:$/pipe: is neither a directory nor a regular file")
        #expect(error("rootfs:$/none", in: scratch) == "rootfs:$/none: No such file or directory")
    }
}
