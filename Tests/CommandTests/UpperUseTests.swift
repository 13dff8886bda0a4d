// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: Requirements.root && Requirements.fuse), .timeLimit(.minutes(15)))
struct UpperUseTests {
    @Test func `an upper whose mount somebody else took away is mounted again at once`() throws {
        let bench = Workbench()
        for name in ["L", "U", "W"] { bench.scratch.directory(name) }
        bench.scratch.file("L/x", "x\n")
        let script = """
            for i in $(seq 20); do
                cimg overlay "$PWD/mnt" -o "lowerdir=$PWD/L,upperdir=$PWD/U,workdir=$PWD/W" || exit 1
                head -c 20000000 /dev/zero > mnt/big; umount mnt || exit 2
            done
            """
        try expect(bench.shell(script), is: .success())
        let again = try Sample.bench()
        try expect(
            again.shell(
                "for i in $(seq 10); do cimg mount --rw --upper up new mnt || exit 1; echo $i > mnt/n; umount mnt; done; "
                    + "cat up/n"), is: .success("10\n"))
    }

    @Test func `an upper whose mount stays is refused soon`() throws {
        let bench = Workbench()
        for name in ["L", "U", "W", "other"] { bench.scratch.directory(name) }
        let options = "lowerdir=\(bench.path)/L,upperdir=\(bench.path)/U,workdir=\(bench.path)/W"
        try expect(bench.cimg("overlay", "mnt", "-o", options), is: .success())
        let refused = Outcome.trouble("upperdir \"\(bench.path)/U\": in use by another mount")
        let start = ContinuousClock.now
        try expect(bench.cimg("overlay", "other", "-o", options), is: refused)
        #expect(ContinuousClock.now - start < .seconds(5))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    /// Somebody who removes, as who writes to a store does, whatever in `tmp` nobody has locked.
    @Test func `a directory for changes that is swept away before it is locked is made again`() throws {
        let bench = try Sample.bench()
        let sweeper = bench.command([
            "/usr/bin/python3", "-c",
            """
            import fcntl, os
            print('ready', flush=True)
            while True:
                for name in os.listdir('store/tmp'):
                    try:
                        d = os.open('store/tmp/' + name, os.O_RDONLY)
                        fcntl.flock(d, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        os.rmdir('store/tmp/' + name)
                    except OSError: pass
                    finally: os.close(d)
            """,
        ])
        let output = Pipe()
        sweeper.standardOutput = output
        sweeper.standardError = FileHandle.nullDevice
        try sweeper.run()
        defer {
            kill(sweeper.processIdentifier, SIGKILL)
            sweeper.waitUntilExit(atMost: 600)
        }
        try #require(output.first() == "ready\n")
        for _ in 0..<20 {
            try expect(bench.shell("cimg mount --rw new mnt && echo x > mnt/x && cimg umount mnt"), is: .discarding)
        }
    }

    @Test func `a mount in the foreground without the volumes that were asked for is none`() throws {
        let bench = Workbench()
        bench.scratch.directory("root/in")
        // What is mounted for the process alone cannot be cloned by the name that it has here.
        let process = try LiveProcess(
            bench, ["unshare", "-m", "sh", "-c", "mount -t tmpfs x root/in && exec \"$@\"", "sh"], root: "root")
        let outcome = try bench.cimg("mount", "--foreground", "--volumes", process.object, "mnt")
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains("volume \""))
        try expect(bench.shell("grep -c \(bench.path)/mnt /proc/self/mountinfo"), is: Outcome(1, "0\n"))
    }

    @Test func `an upper is a side of a comparison, alone and on the left`() throws {
        let bench = try Sample.bench()
        let script = "cimg mount --rw --upper up new mnt && echo x >mnt/x && cimg umount mnt"
        try expect(bench.shell(script), is: .success())
        try expect(bench.cimg("diff", "upper:up"), is: Outcome(1, "A /x\n"))
        try expect(bench.cimg("diff", "upper:up", "new"), is: Outcome(1, "D /x\n"))
        for words in [["upper:MISSING"], ["upper:MISSING", "new"], ["new", "upper:MISSING"]] {
            try expect(
                bench.cimg(["diff"] + words),
                is: .trouble(
                    "\"upper:MISSING\": no such directory; DIR is what \"cimg mount --rw --upper DIR\" was given"))
        }
    }
}
