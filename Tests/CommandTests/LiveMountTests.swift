// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `cimg mount --live` by root: the process's mounts, cloned.
///
/// One after the other: a clone holds what another test has mounted at the same time.
@Suite(.serialized, .enabled(if: Requirements.root), .timeLimit(.minutes(15)))
struct LiveMountTests {
    /// A process with a mount namespace, in which a directory has two file systems of its own.
    private static func withVolume(_ bench: Workbench) throws -> LiveProcess {
        bench.scratch.directory("root")
        return try LiveProcess(
            bench, ["unshare", "-m"],
            preparations: """
                set -e
                mount -t tmpfs outer root; mkdir root/etc root/volume; mount -t tmpfs inner root/volume
                echo hello > root/etc/name; echo data > root/volume/file
                cp /bin/true root/true; chmod 4755 root/true; mknod root/null c 1 3
                """)
    }

    @Test func `changes go through both ways, in volumes too`() throws {
        let bench = Workbench()
        let process = try Self.withVolume(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        let seen = "mnt\(bench.path)/root"
        let own = "/proc/\(process.identifier)/root\(bench.path)/root"
        try expect(bench.shell("cat \(seen)/etc/name \(seen)/volume/file"), is: .success("hello\ndata\n"))
        try expect(bench.shell("echo one > \(seen)/etc/new; cat \(own)/etc/new"), is: .success("one\n"))
        try expect(bench.shell("echo two > \(own)/volume/new; cat \(seen)/volume/new"), is: .success("two\n"))
        try expect(bench.shell("mv \(own)/etc \(own)/moved; cat \(seen)/moved/new"), is: .success("one\n"))
        // The files are those of the process, and not of the directory that its mounts hide.
        try expect(bench.shell("ls root"), is: .success())
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.shell("ls mnt; grep -c '\(bench.path)/mnt' /proc/self/mountinfo"), is: Outcome(1, "0\n"))
        try expect(bench.shell("cat \(own)/volume/new"), is: .success("two\n"))
    }

    @Test func `neither set-user-ID bits nor devices have an effect, in volumes neither`() throws {
        let bench = Workbench()
        let process = try Self.withVolume(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        #expect(try bench.shell("cat mnt\(bench.path)/root/null").errors.contains("Permission denied"))
        let options = try bench.shell("grep ' \(bench.path)/mnt' /proc/self/mountinfo | cut -d' ' -f6 | sort -u").output
        for line in options.split(separator: "\n") {
            #expect(line.contains("nosuid,nodev"), "\(options)")
        }
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `options restrict it further`() throws {
        let bench = Workbench()
        let process = try Self.withVolume(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt", "-o", "ro,noexec"), is: .success())
        let seen = "mnt\(bench.path)/root"
        #expect(try bench.shell("echo x > \(seen)/volume/file").errors.contains("Read-only file system"))
        #expect(try bench.shell("\(seen)/true").errors.contains("Permission denied"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(
            bench.cimg("mount", "--live", process.object, "mnt", "-o", "suid"),
            is: .trouble("mount option \"suid\": a live mount is always nosuid and nodev"))
        try expect(
            bench.cimg("mount", "--live", process.object, "mnt", "-o", "ro,uid=1"),
            is: .trouble(
                "mount option \"uid=1\": not supported with --live (supported: ro, rw, nosuid, nodev, exec, noexec)"))
    }

    @Test(arguments: [
        (LiveSharing.memory, LiveSharing.memoryOutput), (LiveSharing.locks, LiveSharing.locksOutput),
    ]) func `reading, writing, mapping and locking agree on both sides`(script: String, output: String) throws {
        let bench = Workbench()
        let process = try Self.withVolume(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        let sides = ["/proc/\(process.identifier)/root\(bench.path)/root/volume", "mnt\(bench.path)/root/volume"]
        try expect(bench.run("/usr/bin/python3", ["-u", "-c", script] + sides), is: .success(output))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test(arguments: [[], ["unshare", "-m"]]) func `a process that only changed its root is shown from there`(
        wrapper: [String]
    ) throws {
        let bench = Workbench()
        bench.scratch.file("root/inside", "in\n")
        let process = try LiveProcess(bench, wrapper, root: "root")
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        try expect(
            bench.shell("ls mnt; cat mnt/inside; echo new > mnt/file; cat root/file"), is: .success("inside\nin\nnew\n")
        )
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.shell("ls root; ls mnt"), is: .success("file\ninside\n"))
    }

    @Test func `it is listed, and not mounted over`() throws {
        let bench = Workbench()
        let process = try Self.withVolume(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        let source = "cimg-live:\(process.object)@\(process.identifier)"
        let row = try bench.cimg("mounts").output.split(separator: "\n").first { $0.hasPrefix("\(bench.path)/mnt ") }
        #expect(row?.split(separator: " ") == ["\(bench.path)/mnt", "\(source)", "-", "mounted"])
        let json = try JSONSerialization.jsonObject(with: Data(bench.cimg("mounts", "--json").output.utf8))
        let mounts = (json as? [[String: Any]])?.filter {
            ($0["mountpoint"] as? String)?.hasPrefix("\(bench.path)/mnt") == true
        }
        #expect(mounts?.count == 1)
        #expect(mounts?[0]["kind"] as? String == "live")
        #expect(mounts?[0]["source"] as? String == source)
        #expect(mounts?[0]["name"] as? String == process.object)
        #expect(mounts?[0]["digest"] is NSNull)
        #expect(mounts?[0]["pid"] is NSNull)
        #expect(mounts?[0]["state"] as? String == "mounted")
        try expect(
            bench.cimg("mount", "--live", process.object, "mnt"),
            is: .trouble("mountpoint \"mnt\": already mounted: \(source)"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.cimg("umount", "mnt"), is: .trouble("mountpoint \"mnt\": nothing is mounted there"))
    }

    @Test func `the process ends while it is mounted`() throws {
        let bench = Workbench()
        let process = try Self.withVolume(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        process.end()
        try expect(bench.shell("cat mnt\(bench.path)/root/volume/file"), is: .success("data\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.shell("ls mnt"), is: .success())
    }

    @Test func `a mount in use stays unless it is taken away lazily`() throws {
        let bench = Workbench()
        let process = try Self.withVolume(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        let user = try LiveProcess(bench, preparations: "exec 3< mnt\(bench.path)/root/volume/file")
        let path = "\(bench.path)/mnt"
        try expect(
            bench.cimg("umount", "mnt"),
            is: .trouble(
                "mountpoint \"\(path)\": in use by process \(user.identifier) (sleep); end it, or unmount it "
                    + "with --lazy"))
        try expect(bench.shell("cat mnt\(bench.path)/root/volume/file"), is: .success("data\n"))
        try expect(bench.cimg("umount", "--lazy", "mnt"), is: .success())
        try expect(bench.shell("ls mnt; cat /proc/\(user.identifier)/fd/3"), is: .success("data\n"))
    }

    @Test func `what somebody unmounted by hand is cleaned up`() throws {
        let bench = Workbench()
        let process = try Self.withVolume(bench)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        try expect(bench.shell("umount -l mnt; ls mnt"), is: .success())
        try expect(
            bench.shell("cimg mounts | grep -F ' cimg-live:\(process.object)@' | awk '{ print $3, $4 }'"),
            is: .success("- empty\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.cimg("umount", "mnt"), is: .trouble("mountpoint \"mnt\": nothing is mounted there"))
    }

    @Test func `other namespaces that share the mountpoint do not hold the process's files`() throws {
        let bench = Workbench()
        let process = try Self.withVolume(bench)
        bench.scratch.directory("shared/mnt")
        let script = """
            mount -t tmpfs shared shared && mount --make-shared shared && mkdir shared/mnt
            unshare -m --propagation slave sh -c 'echo ready; exec sleep 1000 > /dev/null' > ready & other=$!
            until grep -qs ready ready; do sleep 0.01; done
            cimg mount --live \(process.object) shared/mnt
            cat shared/mnt\(bench.path)/root/etc/name
            ls /proc/$other/root\(bench.path)/shared/mnt
            grep -c ' \(bench.path)/shared/mnt' /proc/$other/mountinfo
            cimg umount shared/mnt
            grep -c ' \(bench.path)/shared/mnt' /proc/self/mountinfo /proc/$other/mountinfo | cut -d: -f2
            kill $other
            """
        let program = "cimg() { \"\(Workbench.builtProgram)\" \"$@\"; }\n"
        try expect(
            bench.run("/usr/bin/unshare", ["-m", "/bin/sh", "-c", program + script]), is: .success("hello\n1\n0\n0\n"))
    }

    @Test func `what cannot be mounted live is told`() throws {
        let bench = Workbench()
        let process = try LiveProcess(bench, preparations: "")
        process.end()
        let ended = process.object
        let thread = "process 2 is a thread of the kernel and has no files of its own"
        let cases: [(object: String, outcome: Outcome)] = [
            (ended, .trouble("\(ended): there is no such process")),
            ("pid:2", .trouble("live mount of \"pid:2\": \(thread)")),
            ("pid:0", .trouble("\"pid:0\": not the number of a process")),
            ("pid:-1", .trouble("\"pid:-1\": not the number of a process")),
            ("pid:99999999999", .trouble("\"pid:99999999999\": not the number of a process")),
        ]
        for (object, outcome) in cases { try expect(bench.cimg("mount", "--live", object, "mnt"), is: outcome) }
        try expect(
            bench.cimg("mount", "--live", "pid:1", "mnt", "--platform", "linux/amd64"),
            is: .trouble("--platform has no meaning with --live"))
        try expect(
            bench.cimg("mount", "--live", "pid:\(getpid())", "nowhere"),
            is: .trouble("mountpoint \"nowhere\": no such directory"))
    }

    @Test func `a process that has ended and that nobody waited for is told`() throws {
        let bench = Workbench()
        let script = """
            import os, subprocess, sys
            child = os.fork()
            if child == 0: os._exit(0)
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
            done = subprocess.run([sys.argv[1], 'mount', '--live', 'pid:%d' % child, 'mnt'], capture_output=True, text=True)
            print(done.returncode, done.stderr.replace(str(child), 'N'), end='')
            """
        try expect(
            bench.run("/usr/bin/python3", ["-c", script, Workbench.builtProgram]),
            is: .success(
                "2 cimg: live mount of \"pid:N\": the process has ended: only what runs can be mounted live\n"))
    }
}
