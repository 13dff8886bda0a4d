// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `cimg mount --rw` and `cimg overlay`, from the command to what other programs see.
@Suite(.enabled(if: Requirements.fuse && Requirements.root))
struct WritableMountTests {
    @Test func `changes are discarded when the mount ends`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "--rw", "new", "mnt"), is: .success())
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
        try expect(bench.cimg("mount", "--rw", "new", "mnt"), is: .success())
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
        try expect(bench.cimg("mount", "--rw", "rootfs:tree", "tree/a"), is: .success())
        try expect(
            bench.shell("echo x > tree/a/a/new; find tree | sort"),
            is: .success("tree\ntree/a\ntree/a/a\ntree/a/a/new\n"))
        try expect(bench.cimg("umount", "tree/a"), is: .success())
        try expect(bench.shell("find tree | sort"), is: .success("tree\ntree/a\n"))
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
