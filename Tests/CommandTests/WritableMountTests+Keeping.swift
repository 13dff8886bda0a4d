// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension WritableMountTests {
    /// Changes that only a copy which knows overlays keeps: names that share a file below and above, a whiteout, a
    /// redirected and an opaque directory, owners, times, attributes and a hole.
    private static let change = """
        cd mnt && echo more >> bin/tool && rm etc/name && mv srv moved && mkdir srv && chown 5:6 etc/shadow
        mkdir -m 700 deep && echo x > deep/a && ln deep/a deep/b && setfattr -n user.k -v v deep/a
        truncate -s 1M deep/holes && touch -d '2001-02-03 04:05:06.7' deep/a deep && mkfifo deep/fifo
        """
    private static let look =
        "cd mnt && find . ! -type d -printf '%P %y %m %U:%G %s %n %b %T@\\n' -o -printf '%P %y %m %U:%G %T@\\n' "
        + "| sort; cat bin/other deep/b; getfattr --only-values -n user.k deep/b"

    @Test(arguments: [false, true]) func `changes are kept at the last moment and mounted again`(_ isElsewhere: Bool)
        throws
    {
        let bench = try Sample.bench()
        if isElsewhere {
            try expect(bench.shell("mkdir far && mount -t tmpfs none far"), is: .success())
        } else {
            try expect(bench.shell("mkdir far"), is: .success())
        }
        defer { _ = try? bench.shell("umount -q \(bench.path)/far") }
        try expect(bench.cimg("mount", "--rw", "new", "mnt"), is: .discarding)
        try expect(bench.shell(Self.change), is: .success())
        let shown = try bench.shell(Self.look)
        #expect(shown.output.contains("moved/data f 644 0:0 5 1"))
        try expect(bench.cimg("umount", "--keep", "far/kept", "mnt"), is: .success())
        try expect(bench.stored("tmp"), is: [])
        try expect(
            bench.shell("cd far && ls && find kept -name upper; ls kept.work"),
            is: .success("kept\nkept.work\nimage\nlinks\n\(isElsewhere ? "" : "work\n")"))
        let changes = try bench.cimg("diff", "new", "upper:far/kept")
        #expect(changes.code == 1)
        #expect(changes.output.contains("A /moved\n"))
        try expect(bench.cimg("mount", "--rw", "--upper", "far/kept", "new", "mnt"), is: .success())
        try expect(bench.shell(Self.look), is: shown)
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `where changes cannot be kept nothing is unmounted and nothing is lost`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "--rw", "new", "mnt"), is: .discarding)
        try expect(bench.shell("echo 1 > mnt/one; mkdir full full/x a a.work; touch a.work/x"), is: .success())
        let place = "mountpoint \"\(bench.path)/mnt\": "
        for (path, reason) in [
            ("full", "--keep \"full\": not empty"), ("a", "--keep \"a\": its work directory, DIR.work, is not empty"),
            ("no/b", "--keep \"no/b\": No such file or directory"),
            ("mnt/etc/c", "--keep \"mnt/etc/c\": lies in the mount that is to end"),
        ] {
            try expect(bench.cimg("umount", "--keep", path, "mnt"), is: .trouble(reason))
        }
        try expect(bench.shell("ls -d b* c* mnt/etc/c* no* a/* 2>&-"), is: Outcome(2))
        // In use: what was prepared is taken back.
        let busy = try bench.shell("exec 9< mnt/one; cimg umount --keep kept mnt; ls -d kept*; ls store/tmp/upper-*")
        #expect(busy.errors.hasPrefix("cimg: \(place)in use by process "))
        #expect(busy.output == "image\nlinks\nupper\nwork\n")
        try expect(bench.shell("cat mnt/one; echo 2 > mnt/two"), is: .success("1\n"))
        try expect(bench.shell("exec 9>> mnt/one; cimg umount --lazy --keep kept mnt; echo 3 >&9"), is: .success())
        try expect(bench.shell("cat kept/one kept/two"), is: .success("1\n3\n2\n"))
        // A disk that is full: the changes stay where they were put aside.
        try expect(bench.shell("mkdir small; mount -t tmpfs -o size=64k none small"), is: .success())
        defer { _ = try? bench.shell("umount -q \(bench.path)/small") }
        try expect(bench.cimg("mount", "--rw", "new", "mnt"), is: .discarding)
        try expect(bench.shell("dd if=/dev/zero of=mnt/big bs=1M count=1 2>/dev/null"), is: .success())
        let full = try bench.cimg("umount", "--keep", "small/kept", "mnt")
        #expect(full.code == 2)
        let aside = try #require(bench.stored("tmp").first)
        #expect(
            full.errors.hasSuffix(
                "No space left on device; the changes are in \"\(bench.path)/store/tmp/\(aside)/upper\"\n"))
        // Who writes to the store next removes what others left, but not this.
        #expect(try bench.cimg("import", "oci:layout:old", "again").code == 0)
        try expect(bench.shell("stat -c %s store/tmp/\(aside)/upper/big"), is: .success("1048576\n"))
        // What is kept already, and what cannot be changed.
        try expect(bench.cimg("mount", "--rw", "--upper", "kept", "new", "mnt"), is: .success())
        try expect(
            bench.cimg("umount", "--keep", "z", "mnt"),
            is: .trouble(place + "--keep: its changes are kept in \"\(bench.path)/kept\" already"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.cimg("mount", "new", "mnt"), is: .success())
        #expect(
            try bench.cimg("umount", "--keep", "z", "mnt").errors.contains("--keep: has no changes to keep"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        #expect(
            try bench.cimg("umount", "--keep", "z", "--all")
                == .usage("--keep goes with one mountpoint", help: "cimg help umount"))
    }

    @Test func `the kernel writes an upper that the server reads, and the reverse`() throws {
        let bench = try Sample.bench()
        let kernel = "cimg mount --rw --backend kernel"
        try expect(bench.shell("\(kernel) new mnt; findmnt -no FSTYPE mnt | tail -n 1"), is: .discarding("overlay\n"))
        let script = """
            cd mnt && echo one > etc/added && echo two >> etc/name && mv srv moved && mkdir srv && rm moved/data
            chmod 600 bin/tool; cat etc/name && stat -c '%a %U' bin/tool && ls -A srv moved
            """
        let shown = "newer\ntwo\n600 root\nmoved:\n\nsrv:\n"
        try expect(bench.shell(script), is: .success(shown))
        #expect(try bench.cimg("diff", "./mnt").output.contains("A /etc/added\n"))
        #expect(try bench.cimg("mounts").output.contains("/upper ("))
        #expect(
            try bench.cimg("mount", "old", "mnt")
                == .trouble("mountpoint \"mnt\": already mounted: new@\(Sample.new.digest)"))
        let busy = try bench.shell("exec 9< mnt/etc/name; cimg umount --keep kept mnt; ls -d kept")
        #expect(busy.errors.hasPrefix("cimg: mountpoint \"\(bench.path)/mnt\": in use by process "))
        try expect(bench.cimg("umount", "--keep", "kept", "mnt"), is: .success())
        try expect(bench.stored("tmp"), is: [])
        try expect(bench.shell("ls mnt; grep -c ' \(bench.path)/mnt ' /proc/self/mountinfo"), is: Outcome(1, "0\n"))
        let look = "cd mnt; cat etc/name; stat -c '%a %U' bin/tool; ls -A srv moved; echo 3 > moved/third; rm etc/added"
        try expect(bench.cimg("mount", "--rw", "--upper", "kept", "new", "mnt"), is: .success())
        try expect(bench.shell(look), is: .success(shown))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.shell("\(kernel) --upper kept new mnt; mkdir mnt2"), is: .success())
        try expect(
            bench.cimg("mount", "--rw", "--upper", "kept", "new", "mnt2"),
            is: .trouble("upper \"kept\": in use by another mount"))
        try expect(bench.shell("cat mnt/moved/third; ls mnt/etc"), is: .success("3\nlink\nname\nshadow\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        // Without --upper nothing is left, and a directory is mounted where it lies.
        try expect(
            bench.shell(
                "mkdir tree; echo 1 > tree/a; \(kernel) rootfs:tree mnt; rm mnt/a; echo 2 > mnt/b; ls tree mnt"),
            is: .discarding("mnt:\nb\n\ntree:\na\n"))
        // A mount of its own, which has no path.
        #expect(try bench.shell("findmnt -no OPTIONS mnt").output.contains("lowerdir+=/,"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.stored("tmp"), is: [])
        // What the kernel does not take as an upper, another overlayfs, cimg does.
        try expect(bench.shell("\(kernel) new mnt; mkdir mnt/up"), is: .discarding)
        let refused = try bench.shell("\(kernel) --upper mnt/up/a old mnt2; ls mnt2")
        #expect(refused.code == 0)
        #expect(refused.errors.contains("--backend kernel: overlay: "))
        let chosen = try bench.shell("cimg mount --rw --backend auto --upper mnt/up/a old mnt2")
        #expect(chosen.code == 0 && chosen.errors.hasPrefix("cimg: --backend auto: "), "\(chosen)")
        try expect(bench.shell("findmnt -no FSTYPE mnt2; cimg umount mnt2"), is: .success("fuse.cimg\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `options without a meaning are refused`() throws {
        let bench = try Sample.bench()
        #expect(
            try bench.cimg("mount", "--upper", "changes", "new", "mnt")
                == .trouble("--upper and --force have no meaning without --rw"))
        #expect(
            try bench.cimg("mount", "--rw", "--force", "new", "mnt")
                == .trouble("--force has no meaning without --upper"))
        #expect(try bench.cimg("overlay", "mnt") == .trouble("-o lowerdir=DIR is missing"))
        #expect(
            try bench.cimg("overlay", "mnt", "-o", "lowerdir=mnt,upperdir=mnt")
                == .trouble("upperdir and workdir go together"))
        #expect(
            try bench.cimg("overlay", "mnt", "-o", "lowerdir=mnt,uidmapping=0:1")
                == .trouble("uidmapping=0:1: not CONTAINER:HOST:COUNT:..."))
    }
}
