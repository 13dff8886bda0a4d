// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `cimg mount --live` by a plain user, and of processes in another user namespace: served.
///
/// One after the other: a process's mount namespace is a copy that holds what another test has mounted.
@Suite(.serialized, .enabled(if: Requirements.root && Requirements.fuse), .timeLimit(.minutes(15)))
struct LiveServerTests {
    /// A plain user's process that is root in a user namespace, with a file system that only it sees.
    private static func inNamespace(_ bench: Workbench) throws -> LiveProcess {
        try LiveProcess(
            bench, ["unshare", "-U", "-r", "-m"],
            preparations: """
                set -e
                mkdir root; mount -t tmpfs files root; echo hello > root/name; mkdir root/etc; ln -s /etc/passwd root/link
                """)
    }

    private static func listed(_ bench: Workbench) throws -> [String: Any]? {
        let json = try JSONSerialization.jsonObject(with: Data(bench.cimg("mounts", "--json").output.utf8))
        return (json as? [[String: Any]])?.first { $0["mountpoint"] as? String == "\(bench.path)/mnt" }
    }

    @Test func `changes go through both ways, with the owners that the process sees`() throws {
        let bench = try Workbench.ofPlainUser()
        let process = try Self.inNamespace(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        let seen = "mnt\(bench.path)/root"
        let own = "/proc/\(process.identifier)/root\(bench.path)/root"
        try expect(bench.shell("cat \(seen)/name; ls root"), is: .success("hello\n"))
        try expect(
            bench.shell("echo one > \(seen)/new; cat \(own)/new; stat -c %u:%g \(seen)/new"), is: .success("one\n0:0\n")
        )
        try expect(bench.shell("echo two > \(own)/etc/two; cat \(seen)/etc/two"), is: .success("two\n"))
        try expect(
            bench.shell("mv \(own)/etc \(own)/moved; cat \(seen)/moved/two; ls \(seen)"),
            is: .success("two\nlink\nmoved\nname\nnew\n"))
        try expect(
            bench.shell("rm \(own)/new; ls \(seen); cat \(seen)/new 2>&1 | sed 's/.*: //'"),
            is: .success("link\nmoved\nname\nNo such file or directory\n"))
        // What /proc says has no size.
        try expect(
            bench.shell("cat mnt/proc/\(process.identifier)/comm; wc -c < mnt/proc/self/uid_map | tr -d ' '"),
            is: .success("sleep\n33\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.shell("ls mnt; cat \(own)/moved/two"), is: .success("two\n"))
    }

    @Test func `every kind of change arrives`() throws {
        let bench = try Workbench.ofPlainUser()
        let process = try Self.inNamespace(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        let own = "/proc/\(process.identifier)/root\(bench.path)/root"
        let script = """
            cd mnt\(bench.path)/root; set -e
            umask 027; echo data > file; mkdir dir; chmod 751 file; touch -d @1000000000.123456789 file
            ln file dir/hard; ln -s nowhere dir/soft; touch -h -d @1 dir/soft; mkfifo -m 600 fifo
            mkdir -p from/a; mkdir to; mv from/a to/b; rmdir from
            setfattr -n user.note -v text file; truncate -s 100000 big; fallocate -p -o 4096 -l 8192 big
            printf x | dd of=file bs=1 seek=2 conv=notrunc status=none
            """
        try expect(bench.shell(script), is: .success())
        try expect(
            bench.shell(
                """
                cd \(own); find dir file fifo to big -printf '%p %y %m %n %s %l\\n' | sort
                cat file; stat -c %y file | cut -c 1-4; getfattr --only-values -n user.note file
                """),
            is: .success(
                """
                big f 640 1 100000\u{20}
                dir d 750 2 80\u{20}
                dir/hard f 751 2 5\u{20}
                dir/soft l 777 1 7 nowhere
                fifo p 600 1 0\u{20}
                file f 751 2 5\u{20}
                to d 750 3 60\u{20}
                to/b d 750 2 40\u{20}
                daxa
                \(Calendar(identifier: .gregorian).component(.year, from: Date()))
                text
                """))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `reading, writing and mapping agree on both sides`() throws {
        let bench = try Workbench.ofPlainUser()
        let process = try Self.inNamespace(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        let sides = ["/proc/\(process.identifier)/root\(bench.path)/root", "mnt\(bench.path)/root"]
        try expect(
            bench.run("/usr/bin/python3", ["-c", LiveSharing.memory] + sides), is: .success(LiveSharing.memoryOutput))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `locks hold on both sides`() throws {
        let bench = try Workbench.ofPlainUser()
        let process = try Self.inNamespace(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        let sides = ["/proc/\(process.identifier)/root\(bench.path)/root", "mnt\(bench.path)/root"]
        try expect(
            bench.run("/usr/bin/python3", ["-u", "-c", LiveSharing.locks] + sides),
            is: .success(LiveSharing.locksOutput))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `the process ends while it is mounted`() throws {
        let bench = try Workbench.ofPlainUser()
        let process = try Self.inNamespace(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        process.end()
        try expect(bench.shell("cat mnt\(bench.path)/root/name; ls mnt/proc > /dev/null"), is: .success("hello\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.shell("ls mnt"), is: .success())
    }

    @Test func `it is listed with its server, stays while in use, and is found dead`() throws {
        let bench = try Workbench.ofPlainUser()
        let process = try Self.inNamespace(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        let mount = try Self.listed(bench)
        #expect(mount?["kind"] as? String == "live")
        #expect(mount?["source"] as? String == "cimg-live:\(process.object)@\(process.identifier)")
        #expect(mount?["name"] as? String == process.object)
        #expect(mount?["state"] as? String == "serving")
        #expect((mount?["options"] as? String)?.hasPrefix("rw,nosuid,nodev,") == true)
        let server = try #require(mount?["pid"] as? Int)
        let refused = try bench.shell("exec 3< mnt\(bench.path)/root/name; cimg umount mnt")
        let (start, end) = ("cimg: mountpoint \"\(bench.path)/mnt\": in use", "unmount it with --lazy\n")
        #expect(refused.code == 2 && refused.errors.hasPrefix(start) && refused.errors.hasSuffix(end), "\(refused)")
        // It is in another user namespace than who mounted it, and cannot unmount.
        kill(pid_t(server), SIGTERM)
        try Waiting.until("the server's end") { try Self.listed(bench)?["state"] as? String != "serving" }
        #expect(try Self.listed(bench)?["state"] as? String == "dead")
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.shell("ls mnt"), is: .success())
    }

    @Test func `nobody else may use it, and options restrict it further`() throws {
        let bench = try Workbench.ofPlainUser()
        let process = try Self.inNamespace(bench)
        try expect(bench.cimg("mount", "--live", "-o", "ro,noexec", process.object, "mnt"), is: .success())
        #expect(try bench.shell("echo x > mnt\(bench.path)/root/name").errors.contains("Read-only file system"))
        #expect(try bench.shell("mnt/bin/true").errors.contains("Permission denied"))
        #expect(try Workbench().run("/bin/ls", ["\(bench.path)/mnt"]).errors.contains("Permission denied"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(
            bench.cimg("mount", "--live", "-o", "allow_other", process.object, "mnt"),
            is: .trouble(
                "mount option \"allow_other\": not supported with --live "
                    + "(supported: ro, rw, nosuid, nodev, exec, noexec)"))
        try expect(
            bench.cimg("mount", "--live", "pid:1", "mnt"),
            is: .trouble("live mount of \"pid:1\": not permitted: process 1 is not yours; root may mount it"))
    }

    @Test func `a process without namespaces of its own is shown as its user may see it`() throws {
        let bench = try Workbench.ofPlainUser()
        let process = try LiveProcess(bench, preparations: "echo own > file; mkdir other")
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        try expect(
            bench.shell("cat mnt\(bench.path)/file; echo new > mnt\(bench.path)/file; cat file"),
            is: .success("own\nnew\n"))
        #expect(try bench.shell("cat mnt/etc/shadow").errors.contains("Permission denied"))
        #expect(try bench.shell("echo > mnt/etc/new").errors.contains("Permission denied"))
        // The mount lies in what it shows; entering it there would wait for itself.
        let loop = "Too many levels of symbolic links\n"
        try expect(bench.shell("ls mnt\(bench.path)/mnt 2>&1 | sed 's/.*: //'"), is: .success(loop))
        try expect(bench.cimg("mount", "--live", process.object, "other"), is: .success())
        try expect(
            bench.shell("ls mnt\(bench.path)/other other\(bench.path)/mnt 2>&1 | sed 's/.*: //'"),
            is: .success(loop + loop))
        try expect(bench.cimg("umount", "mnt", "other"), is: .success())
    }

    @Test func `root's mount of a process in another user namespace shows its owners and makes files`() throws {
        let user = try Workbench.ofPlainUser()
        let process = try Self.inNamespace(user)
        let bench = Workbench()
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        let seen = "mnt\(user.path)/root"
        let own = "/proc/\(process.identifier)/root\(user.path)/root"
        try expect(
            bench.shell("echo x > \(seen)/made; stat -c %u \(seen)/made \(own)/made"), is: .success("0\n65534\n"))
        #expect(try Self.listed(bench)?["state"] as? String == "serving")
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }
}
