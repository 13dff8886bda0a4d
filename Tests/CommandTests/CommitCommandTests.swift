// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `cimg commit`, `export` and `import --layer`: images of what was changed.
@Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct CommitCommandTests {
    /// What is done in a mount of the sample image.
    private static let changes = """
        echo new >srv/data; rm etc/link; chmod 600 etc/shadow; mkdir -p x/y; echo 1 >x/y/f; ln x/y/f x/g
        rm -rf bin; mkdir bin; echo own >bin/own; mkfifo p; mknod c c 1 3; setfattr -n user.a -v 1 srv/data
        """

    private static func bench() throws -> Workbench { try Sample.bench() }

    @Test func `an upper becomes an image that shows what the mount showed, the same each time`() throws {
        let bench = try Self.bench()
        try expect(
            bench.shell(
                """
                set -e; cimg mount --rw --upper u new mnt >/dev/null; (cd mnt; \(Self.changes))
                cimg commit --times ns ./mnt exact >/dev/null; mkdir m2; cimg mount exact m2 >/dev/null
                cimg diff --times ./m2 ./mnt; cimg umount m2; cimg umount mnt
                SOURCE_DATE_EPOCH=5 cimg commit upper:u one >/dev/null; cimg commit --source-date-epoch 5 upper:u two >/dev/null
                cimg inspect --json one | jq -r .digest >1; cimg inspect --json two | jq -r .digest >2; cmp 1 2
                cimg inspect --config one | jq -c '[.created, .history[-1].created_by, (.rootfs.diff_ids | length), .config.Cmd]'
                """),
            is: .success("[\"1970-01-01T00:00:05Z\",\"cimg commit\",3,[\"/bin/sh\"]]\n"))
    }

    @Test func `the kernel's overlay of an upper, and umoci, show the image that comes of it`() throws {
        let bench = try Self.bench()
        let outcome = try bench.shell(
            """
            set -e; cimg mount --rw --upper u old mnt >/dev/null; (cd mnt; mkdir srv; \(Self.changes)); mv mnt/etc mnt/moved; cimg umount mnt
            cimg commit --times ns upper:u made >/dev/null; cimg copy made oci:out:made >/dev/null 2>&1
            mkdir m2; cimg mount old m2 >/dev/null; mkdir k
            mount -t overlay o -o ro,redirect_dir=follow,metacopy=on,lowerdir=u:m2 k
            cimg diff --times ./k made && echo kernel
            umount k; cimg umount m2
            umoci unpack --image out:made bundle >/dev/null 2>&1; cimg diff ./bundle/rootfs made && echo umoci
            """)
        #expect(outcome.output == "kernel\numoci\n", "\(outcome)")
    }

    @Test func `a layer can be written, and laid over the image elsewhere`() throws {
        let bench = try Self.bench()
        try expect(
            bench.shell(
                """
                set -e; cimg mount --rw --upper u new mnt >/dev/null; (cd mnt; \(Self.changes)); cimg umount mnt
                cimg commit upper:u made >/dev/null; cimg export --layer upper:u -o l.tar
                for f in gzip zstd; do
                    cimg export --layer upper:u -o l.$f --compress-format $f; cimg import --layer --onto new l.$f from.$f >/dev/null
                    cimg diff --times made from.$f
                    cimg inspect --json from.$f | jq -r '.layers[-1].diff_id'; done >ids
                echo "sha256:$(sha256sum <l.tar | cut -d' ' -f1)" >expected
                sort -u ids | cmp - expected
                cimg export made -o all.tar; mkdir root; tar -C root --xattrs --xattrs-include='*' -xpf all.tar; cimg diff --times ./root made
                cimg export made -o - | cmp - all.tar
                """),
            is: .success())
    }

    @Test func `the configuration is changed as it is told, and a commit without changes has no layer`() throws {
        let bench = try Self.bench()
        try expect(
            bench.shell(
                """
                set -e; cimg mount --rw --upper u new mnt >/dev/null; cimg umount mnt; cimg commit upper:u same --change 'CMD ["/x"]' --change 'ENV A=1' -m why -a who >/dev/null
                cimg inspect --config same | jq -c '[.config.Cmd, .config.Env, .author, .history[-1].comment, .history[-1].empty_layer]'
                cimg inspect --json same | jq '.layers | length'; cimg diff --times new same
                """),
            is: .success("[[\"/x\"],[\"PATH=/bin\",\"A=1\"],\"who\",\"why\",true]\n2\n"))
    }

    @Test func `any directory can be laid over an image`() throws {
        let bench = try Self.bench()
        try expect(
            bench.shell(
                """
                set -e; mkdir d; cimg export new -o all.tar; tar -C d --xattrs --xattrs-include='*' -xpf all.tar; rm d/srv/data; echo y >d/y
                cimg commit --onto new ./d made >/dev/null; cimg export --layer --onto new ./d -o l.tar; tar -tf l.tar; cimg diff ./d made
                """),
            is: .success("./\nsrv/\nsrv/.wh.data\ny\n"))
    }

    @Test func `a store that went away is told, and changes that went with it`() throws {
        let bench = try Self.bench()
        defer { _ = try? bench.shell("cimg umount mnt") }
        try expect(bench.cimg("mount", "--rw", "new", "mnt"), is: .discarding)
        let digest = Sample.new.digest
        try expect(
            bench.shell("echo x >mnt/x; mv store away; cimg commit ./mnt made"),
            is: .trouble(
                "\"./mnt\": its image, new@\(digest), is not in the store \(bench.path)/store; --root names the store that "
                    + "it was mounted from, --onto another image"))
        let lost = try bench.shell(
            "rm -r store away; cimg import -q oci:layout:new new >/dev/null; cimg commit ./mnt made")
        #expect(lost.code == 2 && lost.output == "")
        let line =
            /cimg: "\.\/mnt": the directory of its changes, \S+\/upper, was removed, and they are lost; "cimg umount .*\n/
        #expect(lost.errors.wholeMatch(of: line) != nil, "\(lost)")
    }

    @Test func `what cannot be committed is told`() throws {
        let bench = try Self.bench()
        _ = try bench.shell("ln -s loop loop")
        for (arguments, line) in [
            (
                ["new", "x"],
                "\"new\": an image; a writable mount of one (./DIR), an upper (upper:DIR) or a container has changes"
            ),
            (["mnt", "x"], "\"mnt\": nothing goes by this name; did you mean ./mnt?"),
            (
                ["upper:none", "x"],
                "\"upper:none\": no such directory; DIR is what \"cimg mount --rw --upper DIR\" was given"
            ),
            (["upper:mnt", "x"], "\"upper:mnt\": does not say which image its changes are of; --onto names it"),
            (
                ["./none", "x"],
                "mountpoint \"./none\": no such directory; \"cimg mounts\" lists what is mounted"
            ),
            (["./loop", "x"], "mountpoint \"./loop\": Too many levels of symbolic links"),
            (["./mnt", "x"], "\"./mnt\": no mount of cimg; for a plain directory, --onto names the image below"),
            (
                ["upper:mnt", "x", "--onto", "new", "--compress-format", "zstd:chunked"],
                "--compress-format \"zstd:chunked\": none of gzip, zstd, none"
            ),
            (
                ["upper:mnt", "x", "--onto", "new", "--source-date-epoch", "x"],
                "--source-date-epoch \"x\": not a number of seconds since 1970"
            ),
            (["upper:mnt", "x", "--onto", "new", "--times", "us"], "--times \"us\": neither s nor ns"),
            (["upper:mnt", "oci:x", "--onto", "new"], "name \"oci:x\": reads as a source, choose another"),
        ] {
            try expect(bench.cimg(["commit"] + arguments), is: .trouble(line), "\(arguments)")
        }
        try expect(
            bench.cimg("import", "--layer", "x", "y"),
            is: .trouble("--layer: --onto must name the image that it is laid over"))
        try expect(
            bench.cimg("export", "--onto", "new", "new", "-o", "x"),
            is: .trouble("--onto: is of no use without --layer"))
        try expect(bench.cimg("export", "new", "-o", "none/x"), is: .trouble("none/x: No such file or directory"))
    }
}
