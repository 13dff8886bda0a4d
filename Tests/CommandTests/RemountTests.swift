// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What mount(8) asks of `mount.fuse.cimg` for `-o remount`.
@Suite(.enabled(if: Requirements.root && Requirements.fuse), .timeLimit(.minutes(15)))
struct RemountTests {
    @Test func `a mount becomes read-only and writable again, by its own server`() throws {
        let bench = Workbench()
        for name in ["L", "U", "W"] { bench.scratch.directory(name) }
        bench.scratch.file("L/run", "#!/bin/sh\necho ran\n")
        let options = "lowerdir=\(bench.path)/L,upperdir=\(bench.path)/U,workdir=\(bench.path)/W"
        try expect(bench.cimg("overlay", "x", "mnt", "-o", options), is: .success())
        let before = try bench.shell("stat -c %d mnt").output
        try expect(bench.shell("chmod 755 mnt/run; mnt/run; touch mnt/a"), is: .success("ran\n"))
        try expect(bench.cimg("overlay", "x", "mnt", "-o", "rw,remount,ro,noexec,\(options)"), is: .success())
        let refused = try bench.shell("LC_ALL=C; touch mnt/b; mnt/run; rm mnt/a")
        #expect(refused.errors.contains("'mnt/b': Read-only file system"), "\(refused)")
        #expect(refused.errors.contains("mnt/run: Permission denied"), "\(refused)")
        #expect(refused.errors.contains("'mnt/a': Read-only file system"), "\(refused)")
        try expect(bench.cimg("overlay", "x", "mnt", "-o", "ro,remount,rw", "-o", "exec"), is: .success())
        try expect(
            bench.shell("touch mnt/b; mnt/run; ls mnt U"), is: .success("ran\nU:\na\nb\nrun\n\nmnt:\na\nb\nrun\n"))
        try expect(bench.shell("stat -c %d mnt"), is: .success(before))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `what is not ours is left alone`() throws {
        let bench = Workbench()
        try expect(
            bench.cimg("overlay", "x", "mnt", "-o", "remount,ro"),
            is: .trouble("mountpoint \"mnt\": nothing of cimg is mounted here"))
        try expect(
            bench.cimg("overlay", "x", "none", "-o", "remount,ro"),
            is: .trouble("mountpoint \"none\": No such file or directory"))
    }
}
