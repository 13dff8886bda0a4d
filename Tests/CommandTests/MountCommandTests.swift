// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import TestSupport
import Testing

/// `cimg mount`, `mounts` and `umount`, from the command to what other programs see.
@Suite(.enabled(if: Requirements.fuse), .timeLimit(.minutes(15)))
struct MountCommandTests {
    /// What `find` and `cat` see of the image `new`.
    private static let listing = """
        bin d755 0:0
        bin/other f4755 0:0
        bin/tool f4755 0:0
        etc d755 0:0
        etc/link l777 0:0 name
        etc/name f644 0:0
        etc/shadow f640 0:42
        srv d700 0:0
        srv/data f644 0:0

        """
    private static let find = "find mnt -mindepth 1 -printf '%P %y%m %U:%G %l\\n' | sed 's/ $//' | sort"

    @Test(.enabled(if: Requirements.root)) func `root mounts, looks and unmounts`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "new", "mnt"), is: .success())
        try expect(bench.shell(Self.find), is: .success(Self.listing))
        try expect(bench.shell("cat mnt/etc/shadow mnt/etc/link mnt/srv/data"), is: .success("root:*\nnewer\ndata\n"))
        #expect(try bench.shell("echo x > mnt/etc/name").errors.contains("Read-only file system"))
        try expect(bench.cimg("diff", "new", "./mnt"), is: .success())
        #expect(
            try bench.cimg("mount", "old", "mnt")
                == .trouble("mountpoint \"mnt\": already mounted: new@\(Sample.new.digest)"))
        let row = try bench.cimg("mounts").output.split(separator: "\n").first { $0.hasPrefix("\(bench.path)/mnt ") }
        let cells = row?.split(separator: " ").map(String.init)
        #expect(cells?.count == 4)
        let short = "new@sha256:\(Sample.new.digest.hex.prefix(12))"
        #expect(cells?[1] == short)
        #expect(cells?[3] == "serving")
        #expect(try bench.cimg("mounts", "--no-trunc").output.contains(" new@\(Sample.new.digest) "))
        try expect(bench.cimg("diff", short, "new"), is: .success())
        let json = try JSONSerialization.jsonObject(with: Data(bench.cimg("mounts", "--json").output.utf8))
        let mount = (json as? [[String: Any]])?.first { $0["mountpoint"] as? String == "\(bench.path)/mnt" }
        #expect(mount?["name"] as? String == "new")
        #expect(mount?["digest"] as? String == "\(Sample.new.digest)")
        #expect(mount?["state"] as? String == "serving")
        #expect((mount?["pid"] as? Int).map { kill(pid_t($0), 0) } == 0)
        #expect((mount?["options"] as? String)?.hasPrefix("ro,nosuid,nodev,") == true)
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.shell(Self.find), is: .success())
        try expect(bench.cimg("umount", "mnt"), is: .trouble("mountpoint \"mnt\": nothing is mounted there"))
        // A server that has ended has no program any more, even if nobody has waited for it yet.
        let program = (mount?["pid"] as? Int).map { "/proc/\($0)/exe" } ?? ""
        #expect(throws: CocoaError.self) { try FileManager.default.destinationOfSymbolicLink(atPath: program) }
    }

    @Test(.enabled(if: Requirements.root)) func `a plain user sees true owners, reads all of it, and nobody else does`()
        throws
    {
        let bench = try Sample.bench(.ofPlainUser())
        try expect(bench.cimg("mount", "new", "mnt"), is: .success())
        try expect(bench.shell(Self.find), is: .success(Self.listing))
        try expect(bench.shell("cat mnt/etc/shadow mnt/srv/data"), is: .success("root:*\ndata\n"))
        #expect(try bench.shell("cat mnt/etc/name > /dev/null; rm -f mnt/etc/name").code != 0)
        for user in ["0", "1"] {
            let script = "chmod 755 . && exec setpriv --reuid \(user) --clear-groups ls mnt"
            let other = Workbench()
            let outcome = try other.run("/bin/sh", ["-c", "cd \(bench.path) && \(script)"])
            #expect(outcome.code != 0, "user \(user)")
            #expect(outcome.errors.contains("Permission denied"), "user \(user)")
        }
        let rows = try bench.cimg("mounts").output.split(separator: "\n").map { $0.split(separator: " ") }
        let short = "new@sha256:\(Sample.new.digest.hex.prefix(12))"
        #expect(rows.contains { $0.prefix(2) == ["\(bench.path)/mnt", Substring(short)] })
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.shell(Self.find), is: .success())
    }

    @Test(.enabled(if: Requirements.root)) func `the owner of a mount reads a file that only root could read`() throws {
        let bench = try Sample.bench(.ofPlainUser())
        try expect(bench.cimg("mount", "old", "mnt"), is: .success())
        try expect(
            bench.shell("stat -c '%a %u:%g' mnt/etc/shadow; cat mnt/etc/shadow"), is: .success("600 0:0\nroot:*\n"))
        try expect(bench.cimg("umount", "--all").code, is: 0)
    }

    @Test func `a source is mounted without being imported, and files know where they are from`() throws {
        let bench = Workbench()
        Sample.layout.write(to: bench.scratch)
        try expect(bench.cimg("mount", "oci:layout:new", "mnt"), is: .success())
        #expect(
            try bench.run(
                "/usr/bin/python3",
                [
                    "-c",
                    "import os; print(*(os.getxattr('mnt/etc/name', 'user.cimg.' + n).decode() for n in ('layer', 'digest')))",
                ])
                == .success("\(Sample.new.layers[1].diffID) \(Digest(of: "newer\n".utf8))\n"))
        try expect(bench.cimg("images", "-q"), is: .success())
        try expect(bench.cimg("prune").code, is: 0)
        try expect(bench.shell("cat mnt/srv/data").output, is: "data\n")
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `what cannot be mounted, or mounted on, is told`() throws {
        let bench = try Sample.bench()
        bench.scratch.file("plain")
        bench.scratch.file("full/file")
        let cases: [([String], Outcome)] = [
            (["mount", "old", "nowhere"], .trouble("mountpoint \"nowhere\": no such directory")),
            (["mount", "old", "plain"], .trouble("mountpoint \"plain\": not a directory")),
            (["mount", "old", "full"], .trouble("mountpoint \"full\": not empty; --nonempty hides what is there")),
            (["umount", "full"], .trouble("mountpoint \"full\": nothing is mounted there")),
            (["umount", "/proc"], .trouble("mountpoint \"/proc\": not a mount of cimg but of proc")),
            (["umount"], .usage("give mountpoints, or --all", help: "cimg help umount")),
        ]
        for (arguments, expected) in cases { try expect(bench.cimg(arguments), is: expected, "\(arguments)") }
        try expect(bench.cimg("mount", "old", "mnt", "-o", "suid").code, is: 2)
    }

    @Test func `a tree of 10,000 levels is mounted, walked and compared`() throws {
        let bench = Workbench()
        let path = String(repeating: "d/", count: 10_000) + "leaf"
        bench.scratch.file("deep.tar", TarBuilder { $0.file(path, "deep\n") }.bytes)
        try expect(bench.cimg("import", "rootfs:deep.tar", "deep").code, is: 0)
        try expect(bench.cimg("diff", "deep", "deep"), is: .success())
        bench.scratch.file("other.tar", TarBuilder { $0.file(path, "down\n") }.bytes)
        try expect(bench.cimg("diff", "deep", "rootfs:other.tar"), is: Outcome(1, "C /\(path) (content)\n"))
        try expect(bench.cimg("mount", "deep", "mnt"), is: .success())
        let walk = """
            import os
            at = os.open('mnt', os.O_RDONLY)
            for level in range(10000):
                below = os.open('d', os.O_RDONLY, dir_fd=at)
                os.close(at)
                at = below
            print(os.listdir(at), os.read(os.open('leaf', os.O_RDONLY, dir_fd=at), 9), os.fstat(at).st_nlink)
            """
        try expect(bench.run("/usr/bin/python3", ["-c", walk]), is: .success("['leaf'] b'deep\\n' 2\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }
}
