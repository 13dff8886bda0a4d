// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `cimg mount --rw` and `cimg overlay`, from the command to what other programs see.
@Suite(.enabled(if: Requirements.fuse && Requirements.root), .timeLimit(.minutes(15)))
struct WritableMountTests {
    @Test func `changes are discarded when the mount ends`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "--rw", "new", "mnt"), is: .discarding)
        let script = """
            cd mnt && echo one > etc/added && echo two >> etc/name && rm srv/data && mv srv moved && mkdir srv
            sed 'p' etc/name && ls moved srv && stat -c '%a %U %h' bin/tool && stat -f -c %T .
            """
        try expect(
            bench.shell(script), is: .success("newer\nnewer\ntwo\ntwo\nmoved:\n\nsrv:\n4755 root 2\nfuseblk\n"))
        let changes = """
            A /etc/added
            C /etc/name (content, size 6→10)
            A /moved
            D /srv/data

            """
        try expect(bench.cimg("diff", "--ignore", "mode", "./mnt"), is: Outcome(1, changes))
        #expect(try bench.stored("tmp").count > 0)
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.stored("tmp"), is: [])
        try expect(bench.cimg("mount", "--rw", "new", "mnt"), is: .discarding)
        try expect(bench.shell("cat mnt/etc/name mnt/srv/data; ls mnt"), is: .success("newer\ndata\nbin\netc\nsrv\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `an upper is kept, mounted again, locked and belongs to its image`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "--rw", "--upper", "changes", "new", "mnt"), is: .success())
        try expect(bench.shell("echo kept > mnt/etc/kept; rm mnt/srv/data; mkdir mnt2"), is: .success())
        #expect(
            try bench.cimg("mount", "--rw", "--upper", "changes", "new", "mnt2")
                == .trouble("upper \"changes\": in use by another mount"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(
            bench.shell("find changes -mindepth 1 -printf '%P %y\\n' | sort"),
            is: .success("etc d\netc/kept f\nsrv d\nsrv/data c\n"))
        let changes = Outcome(1, "A /etc/kept\nD /srv/data\n")
        try expect(bench.cimg("diff", "new", "upper:changes"), is: changes)
        #expect(
            try bench.cimg("diff", "old", "upper:changes").errors
                == "cimg: upper:changes: has the changes of \(Sample.new.digest), not of \(Sample.old.digest)\n")
        #expect(
            try bench.cimg("mount", "--rw", "--upper", "changes", "old", "mnt")
                == .trouble(
                    "upper \"changes\": has the changes of \(Sample.new.digest), not of \(Sample.old.digest); "
                        + "--force mounts it"))
        try expect(bench.cimg("mount", "--rw", "--upper", "changes", "new", "mnt"), is: .success())
        try expect(bench.shell("cat mnt/etc/kept; ls mnt/srv"), is: .success("kept\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `directories are stacked as fuse-overlayfs is asked to`() throws {
        let bench = Workbench()
        try expect(
            bench.shell(
                """
                mkdir -p top/d base/d up work mnt && echo top > top/d/t && echo base > base/d/b && echo x > base/x
                ln -s \(Workbench.builtProgram) mount.fuse.cimg
                ./mount.fuse.cimg stack mnt -o lowerdir=top:base,upperdir=up,workdir=work,fsname=named,volatile
                cat mnt/d/t mnt/d/b; rm mnt/x; echo new > mnt/d/n; findmnt -no SOURCE,FSTYPE mnt; ls mnt mnt/d
                """), is: .success("top\nbase\nnamed  fuse.cimg\nmnt:\nd\n\nmnt/d:\nb\nn\nt\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.shell("find up -mindepth 1 -printf '%P %y\\n' | sort"), is: .success("d d\nd/n f\nx c\n"))
    }

    @Test func `paths of a stack may have escaped marks, and options are accepted or named`() throws {
        let bench = Workbench()
        try expect(
            bench.shell(
                #"""
                mkdir 'l:1' 'l:2' 'u:3,4' 'w:3\5' && echo x > l:1/a && echo y > l:2/b
                cimg overlay mnt -o 'lowerdir=l\:1:l\:2,upperdir=u\:3\,4,workdir=w:3\\5,threaded=1,timeout=2,x-systemd.a' \
                    -o noatime,nonempty,volatile,fsync=0,squash_to_root,entry_timeout=1,auto_unmount,noxattrs=0
                ls mnt && echo z > mnt/c && ls 'u:3,4'
                """#), is: .success("a\nb\nc\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        let named = try bench.cimg(
            "overlay", "mnt", "-o", "lowerdir=l\\:1,umask=022,plugins=x,frobnicate=1", "-o", "lowerdir+=l:2")
        expect(
            named,
            is: Outcome(
                0,
                errors: """
                    cimg: overlay: option "umask" has no effect: modes are those of the files
                    cimg: overlay: option "plugins" has no effect: there are no plugins
                    cimg: overlay: option "frobnicate" is not known and has no effect

                    """))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `who reads a file sees each write at once, whoever has it open how`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "--rw", "new", "mnt"), is: .discarding)
        let script = """
            cat mnt/etc/name; exec 5<mnt/etc/name 3>>mnt/etc/name; printf 'one\n' >&3; cat <&5
            exec 3>>mnt/log; echo one >&3; exec 4<mnt/log; cat <&4; echo two >&3; cat <&4; sort -r mnt/log
            exec 3>&-; echo three >> mnt/log; cat <&4; exec 4<&-; cat mnt/log; stat -c %s mnt/log
            exec 3>mnt/log 4<>mnt/log; echo four >&3; cat <&4; echo five >&4; cat mnt/log
            """
        try expect(
            bench.shell(script),
            is: .success(
                "newer\nnewer\none\none\ntwo\ntwo\none\nthree\none\ntwo\nthree\n14\nfour\nfour\nfive\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `everybody may use a mount of root's as far as modes and lists allow, though the image has no lists`()
        throws
    {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "--rw", "new", "mnt"), is: .discarding)
        let script = """
            chmod 755 . && user='setpriv --reuid 65534 --regid 65534 --clear-groups'
            $user cat mnt/etc/name; $user ls mnt/srv 2>/dev/null || echo closed
            getfattr -n system.posix_acl_access mnt/etc/name 2>&1 | sed 's/.*: //'
            chmod 640 mnt/etc/name && $user cat mnt/etc/name 2>/dev/null || echo refused
            setfacl -m u:65534:r mnt/etc/name && $user cat mnt/etc/name
            """
        try expect(
            bench.shell(script), is: .success("newer\nclosed\nNo such attribute\nrefused\nnewer\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `a large file is written to at once, and comparisons wait for its copy`() throws {
        let bench = try Sample.bench()
        let script = "mkdir tree up && seq -f %07.0f 0 4000000 > tree/big && cp tree/big expected"
        try expect(bench.shell(script), is: .success())
        try expect(bench.cimg("mount", "--rw", "--upper", "up", "rootfs:tree", "mnt"), is: .success())
        try expect(bench.shell("printf x | dd of=mnt/big conv=notrunc status=none"), is: .success())
        try expect(bench.cimg("diff", "./mnt"), is: Outcome(1, "C /big (content)\n"))
        try expect(
            bench.shell("printf x | dd of=expected conv=notrunc status=none; cmp expected mnt/big"), is: .success())
        try expect(bench.shell("printf y | dd of=mnt/big seek=9 bs=1 conv=notrunc status=none"), is: .success())
        try expect(bench.cimg("umount", "mnt"), is: .success())
        let end = "printf y | dd of=expected seek=9 bs=1 conv=notrunc status=none; cmp expected up/big"
        try expect(bench.shell(end), is: .success())
    }

    @Test func `a mountpoint in what is mounted is refused, or does not show`() throws {
        let bench = try Sample.bench()
        try expect(bench.shell("mkdir -p tree/a up/b"), is: .success())
        let path = bench.path
        try expect(
            bench.cimg("mount", "--rw", "--upper", "up", "new", "up/b"),
            is: .trouble(
                "mountpoint \"\(path)/up/b\": lies in \"\(path)/up\", which is a part of what is to be mounted; mount it "
                    + "elsewhere"))
        try expect(
            bench.cimg("overlay", "tree/a", "-o", "lowerdir=tree"),
            is: .trouble(
                "mountpoint \"\(path)/tree/a\": lies in \"\(path)/tree\", which is a part of what is to be mounted; mount "
                    + "it elsewhere"))
        try expect(bench.cimg("mount", "--rw", "rootfs:tree", "tree/a"), is: .discarding)
        try expect(
            bench.shell("echo x > tree/a/a/new; find tree | sort"),
            is: .success("tree\ntree/a\ntree/a/a\ntree/a/a/new\n"))
        try expect(bench.cimg("umount", "tree/a"), is: .success())
        try expect(bench.shell("find tree | sort"), is: .success("tree\ntree/a\n"))
    }

    @Test func `an upper is in use whatever it is called`() throws {
        let bench = try Sample.bench()
        try expect(bench.shell("mkdir mnt2 other; ln -s . here"), is: .success())
        try expect(bench.cimg("mount", "--rw", "--upper", "changes", "new", "mnt"), is: .success())
        try expect(
            bench.cimg("mount", "--rw", "--upper", "here/changes", "new", "mnt2"),
            is: .trouble("upper \"here/changes\": in use by another mount"))
        try expect(
            bench.cimg("overlay", "mnt2", "-o", "lowerdir=mnt2,upperdir=changes,workdir=other"),
            is: .trouble("upperdir \"changes\": in use by another mount"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(
            bench.cimg("mount", "--rw", "--upper", "here/changes/", "old", "mnt"),
            is: .trouble(
                "upper \"here/changes/\": has the changes of \(Sample.new.digest), not of \(Sample.old.digest); "
                    + "--force mounts it"))
        try expect(bench.shell("ls -d *.work"), is: .success("changes.work\n"))
    }

    @Test func `a work directory with something else in it is told`() throws {
        let bench = try Sample.bench()
        try expect(bench.shell("mkdir -p up.work; mkfifo up.work/image"), is: .success())
        try expect(
            bench.cimg("mount", "--rw", "--upper", "up", "new", "mnt"), is: .trouble("upper \"up\": Invalid argument"))
    }

    @Test func `the root directory is as it is below, and lies nowhere above itself`() throws {
        let bench = try Sample.bench()
        let script = "mkdir root up2; chmod 2550 root; chown 5:6 root; setfattr -n user.r -v 1 root; touch -d @1.5 root"
        try expect(bench.shell(script), is: .success())
        try expect(
            bench.shell("umask 077; cimg mount --rw --upper up rootfs:root mnt; stat -c '%a %u:%g %.9Y' mnt"),
            is: .success("2550 5:6 1.500000000\n"))
        try expect(bench.cimg("diff", "./mnt"), is: .success())
        try expect(bench.shell("chmod 700 mnt; cimg umount mnt"), is: .success())
        try expect(
            bench.shell(
                "cimg mount --rw --backend kernel rootfs:root mnt; stat -c '%a %u:%g %.9Y' mnt; cimg umount mnt"),
            is: .discarding("2550 5:6 1.500000000\n"))
        try expect(
            bench.shell("cimg mount --rw --upper up rootfs:root mnt; stat -c '%a %u:%g' mnt; cimg umount mnt"),
            is: .success("2700 5:6\n"))
        try expect(
            bench.cimg("mount", "--rw", "--upper", "root/up", "rootfs:root", "mnt"),
            is: .trouble(
                "upper \"root/up\": lies in \"\(bench.path)/root\", which is below it; choose another"))
    }

    @Test func `an upper needs a file system with attributes`() throws {
        let bench = try Sample.bench()
        try expect(bench.shell("mkdir plain; mount -t ramfs none plain"), is: .success())
        defer { _ = try? bench.shell("umount plain") }
        try expect(
            bench.cimg("mount", "--rw", "--upper", "plain/up", "new", "mnt"),
            is: .trouble(
                "upper \"plain/up\": its file system keeps no trusted.* attributes, which tell what was removed; choose "
                    + "another"))
    }

    @Test func `mounts tells where changes go and what they take`() throws {
        let bench = try Sample.bench()
        try expect(bench.shell("mkdir mnt2 mnt3"), is: .success())
        defer { _ = try? bench.shell("cimg umount mnt2; cimg umount mnt3") }
        try expect(bench.cimg("mount", "--rw", "--upper", "kept", "new", "mnt"), is: .success())
        try expect(bench.cimg("mount", "--rw", "new", "mnt2"), is: .discarding)
        try expect(bench.cimg("mount", "new", "mnt3"), is: .success())
        let script =
            "cd mnt && dd if=/dev/zero of=big bs=1M count=3 2>/dev/null && ln big other && truncate -s 1G holes && sync"
        try expect(bench.shell(script), is: .success())
        let table = try bench.cimg("mounts").output.split(separator: "\n")
        #expect(table.first?.hasSuffix("STATE    UPPER") == true)
        func row(_ name: String) -> Substring { table.first { $0.hasPrefix("\(bench.path)/\(name) ") } ?? "" }
        #expect(row("mnt").firstRange(of: /serving  \S+\/kept \(3.[12] MB\)$/) != nil)
        #expect(
            row("mnt2").firstRange(of: /serving  \S+\/store\/tmp\/upper-[0-9-]+\/upper \(4.1 kB, discarded\)$/) != nil)
        #expect(row("mnt3").hasSuffix("  serving"))
        let json = try JSONSerialization.jsonObject(with: Data(bench.cimg("mounts", "--json").output.utf8))
        func mount(_ name: String) -> [String: Any]? {
            (json as? [[String: Any]])?.first { $0["mountpoint"] as? String == "\(bench.path)/\(name)" }
        }
        #expect(mount("mnt")?["upper"] as? String == "\(bench.path)/kept")
        // What du counts is the measure.
        let used = try bench.shell("du -s -B1 kept | cut -f1").output.split(separator: "\n").first.flatMap { Int($0) }
        #expect(mount("mnt")?["upper_bytes"] as? Int == used)
        #expect(mount("mnt")?["discarded"] as? Bool == false)
        #expect(mount("mnt2")?["discarded"] as? Bool == true)
        #expect(mount("mnt3")?["upper"] is NSNull)
        #expect(mount("mnt3")?["discarded"] is NSNull)
        // An upper on what does not answer is not asked.
        try expect(bench.cimg("umount", "mnt3"), is: .success())
        try expect(bench.cimg("mount", "--rw", "--upper", "mnt/in", "old", "mnt3"), is: .success())
        let server = try #require(mount("mnt")?["pid"] as? Int)
        kill(pid_t(server), SIGSTOP)
        let stopped = try bench.cimg("mounts").output.split(separator: "\n")
        kill(pid_t(server), SIGCONT)
        let mount3 = stopped.first { $0.hasPrefix("\(bench.path)/mnt3 ") }
        #expect(mount3?.hasSuffix("  \(bench.path)/mnt/in") == true, "\(mount3 ?? "")")
        try expect(bench.cimg("umount", "mnt3"), is: .success())
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }
}
