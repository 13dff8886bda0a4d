// SPDX-License-Identifier: Apache-2.0

import Foundation
import MountCommands
import Mounting
import OCI
import TestSupport
import Testing

/// `cimg mount --backend kernel`: the tree of an image as a mount of the kernel's own.
@Suite(.enabled(if: Requirements.fuse && Requirements.kernelEROFS), .timeLimit(.minutes(15)))
struct KernelBackendTests {
    /// Of every name below a directory what lstat, readlink, the lists of attributes and the bytes tell, holes included.
    static let dump = """
        import hashlib, os, stat, sys
        top = os.fsencode(sys.argv[1])
        for place, folders, files in os.walk(top):
            for name in sorted(folders + files) + ([b'.'] if place == top else []):
                path = os.path.join(place, name)
                s = os.lstat(path)
                line = [os.path.relpath(path, top), oct(s.st_mode), s.st_uid, s.st_gid, s.st_nlink, s.st_mtime_ns,
                        os.major(s.st_rdev), os.minor(s.st_rdev)]
                line += sorted((n, os.getxattr(path, n, follow_symlinks=False))
                               for n in os.listxattr(path, follow_symlinks=False) if n != 'user.cimg.layer')
                if stat.S_ISLNK(s.st_mode): line.append(os.readlink(path))
                if stat.S_ISREG(s.st_mode):
                    with open(path, 'rb') as file:
                        digest = hashlib.sha256()
                        while piece := file.read(1 << 20): digest.update(piece)
                    line += [s.st_size, digest.hexdigest()]
                print(*line)
        """

    static func dump(_ directory: String, in bench: Workbench) throws -> [String] {
        let outcome = try bench.run("/usr/bin/python3", ["-c", dump, directory])
        #expect(outcome.errors == "")
        return outcome.output.split(separator: "\n").map(String.init).sorted()
    }

    /// An image with everything that a tree can hold, over three layers, without whiteouts.
    static func everything() -> ImageBuilder {
        let text = [UInt8]((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) })
        return ImageBuilder([
            LayerBuilder(.gzip) {
                $0.directory("./", mode: 0o751, uid: 3, gid: 4, mtime: 1_600_000_000)
                $0.directory("d", mode: 0o1777, uid: 1, gid: 2, mtime: 1_700_000_000)
                $0.file("d/large", text, uid: 4_000_000_000, gid: 70_000, mtime: -86_400)
                $0.sparse(
                    "d/sparse", .pax10, size: 20 << 20,
                    runs: [(1 << 20, Array(text.prefix(5859 * 512))), (16 << 20, Array("end".utf8))])
                $0.file("d/old", "below")
            },
            LayerBuilder(.zstd) {
                $0.hardLink("d/name", to: "d/large")
                $0.symlink("d/link", to: String(repeating: "long/", count: 200), mtime: 5)
                $0.file("d/empty", "", mode: 0o4711)
                $0.file(
                    "d/marked", "x",
                    xattrs: [
                        "user.note": "value",
                        "security.capability": [1, 0, 0, 2, 0, 4, 0, 0] + [UInt8](repeating: 0, count: 12),
                        "trusted.secret": "1", "user.binary": [0, 10, 255],
                    ])
                $0.file([0x64, 0x2F, 0xFF, 0x0A, 0x20], "a name that is no text")
            },
            LayerBuilder {
                $0.file("d/old", "above", mode: 0o600)
                $0.characterDevice("d/null", major: 1, minor: 3)
                $0.blockDevice("d/disk", major: 259, minor: 300_000)
                $0.fifo("d/fifo")
                for number in 0..<300 { $0.file("many/\(number)", "\(number)") }
            },
        ])
    }

    static func bench(_ image: ImageBuilder, store: String? = nil) throws -> Workbench {
        let bench = Workbench()
        OCILayoutBuilder { $0.image(image, tag: "i") }.write(to: bench.scratch)
        if let store { bench.environment["CIMG_ROOT"] = store }
        let outcome = try bench.cimg("import", "oci:layout:i", "i")
        guard outcome.code == 0 else { throw BenchError(description: outcome.errors) }
        return bench
    }

    @Test func `the kernel shows what FUSE shows and what tar unpacks`() throws {
        let image = Self.everything()
        let bench = try Self.bench(image)
        bench.scratch.directory("unpacked")
        for (number, layer) in image.layers.enumerated() {
            bench.scratch.file("layer\(number)", layer.tar)
            let tar = "tar --numeric-owner --xattrs --xattrs-include='*' -xpf layer\(number) -C unpacked"
            try expect(bench.shell(tar).code, is: 0)
        }
        // What was not named by a layer has the time of the image.
        try expect(bench.shell("touch -d 2024-05-06T07:08:09Z unpacked/many"), is: .success())
        try expect(bench.shell("touch -d @1700000000 unpacked/d; touch -d @1600000000 unpacked"), is: .success())
        let expected = try Self.dump("unpacked", in: bench)
        try expect(bench.cimg("mount", "i", "mnt"), is: .success())
        let served = try Self.dump("mnt", in: bench)
        let layers = "find mnt '(' -type f -o -type d ')' -print0 | sort -z | xargs -0 getfattr -n user.cimg.layer"
        let numbers = "find mnt -printf '%P %i\\n' | sort; \(layers); umount mnt"
        let servedNumbers = try bench.shell(numbers)
        try expect(bench.cimg("mount", "--backend", "kernel", "i", "mnt"), is: .success())
        try expect(
            bench.shell("findmnt -no FSTYPE,OPTIONS mnt | cut -d, -f1-3"), is: .success("erofs  ro,nosuid,nodev\n"))
        let found = try Self.dump("mnt", in: bench)
        #expect(found.count == expected.count)
        func isDirectory(_ line: String) -> Bool { line.contains(" 0o4") }
        for (line, wanted) in zip(found, expected) {
            // Link counts of directories are the business of the file system that tar unpacked to.
            if isDirectory(line) { continue }
            #expect(line == wanted)
        }
        for (line, wanted) in zip(found, served) { #expect(line == wanted) }
        try expect(bench.shell(numbers), is: servedNumbers)
    }

    @Test func `a sparse file keeps its holes, and a large one has its bytes wherever they are read`() throws {
        let bench = try Self.bench(Self.everything())
        let script = """
            import os, sys
            with open('mnt/d/sparse', 'rb') as f:
                size = os.fstat(f.fileno()).st_size
                ends, at = [], 0
                while at < size:
                    try: data = os.lseek(f.fileno(), at, os.SEEK_DATA)
                    except OSError: break
                    at = os.lseek(f.fileno(), data, os.SEEK_HOLE)
                    ends.append((data, at))
                print(size, len(ends) > 0, os.pread(f.fileno(), 5, (16 << 20) - 1), os.pread(f.fileno(), 9, size - 4))
            with open('mnt/d/large', 'rb') as f:
                whole = f.read()
                print(all(os.pread(f.fileno(), 4099, at) == whole[at:at + 4099] for at in range(0, 3000000, 77777)))
            """
        var answers: [Outcome] = []
        for backend in ["fuse", "kernel"] {
            try expect(bench.cimg("mount", "--backend", backend, "i", "mnt"), is: .success())
            answers.append(try bench.run("/usr/bin/python3", ["-c", script]))
            try expect(bench.cimg("umount", "mnt"), is: .success())
        }
        #expect(answers[0] == .success("20971520 True b'\\x00end\\x00' b'\\x00\\x00\\x00\\x00'\nTrue\n"))
        #expect(answers[1] == answers[0])
    }

    @Test(arguments: [1, 2, 40]) func `any number of layers`(_ count: Int) throws {
        let layers = (0..<count).map { number in
            LayerBuilder(.gzip) {
                $0.file("top", "layer \(number)\n")
                $0.file("dir/\(number)", "content \(number)\n", mtime: 7)
                if number > 1 { $0.whiteout("dir/\(number - 2)") }
            }
        }
        let bench = try Self.bench(ImageBuilder(layers))
        try expect(bench.cimg("mount", "--backend", "kernel", "i", "mnt"), is: .success())
        let left = (max(0, count - 2)..<count).map(String.init)
        let lines = ["layer \(count - 1)"] + left.map { "content \($0)" }
        try expect(
            bench.shell("ls mnt/dir; cat mnt/top mnt/dir/*"),
            is: .success((left.sorted() + lines).joined(separator: "\n") + "\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `mounts, diff, umount and another mount know it`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "--backend", "kernel", "new", "mnt"), is: .success())
        let path = "\(bench.path)/mnt"
        try expect(
            bench.shell("cimg mounts --no-trunc | grep -F '\(path) ' | tr -s ' '"),
            is: .success("\(path) new@\(Sample.new.digest) - mounted\n"))
        let json = try JSONSerialization.jsonObject(with: Data(bench.cimg("mounts", "--json").output.utf8))
        let mount = (json as? [[String: Any]])?.first { $0["mountpoint"] as? String == path }
        #expect(mount?["backend"] as? String == "kernel")
        #expect(mount?["kind"] as? String == "image")
        #expect(mount?["name"] as? String == "new")
        #expect(mount?["source"] as? String == "new@\(Sample.new.digest)")
        #expect(mount?["digest"] as? String == "\(Sample.new.digest)")
        #expect(mount?["pid"] is NSNull)
        #expect(mount?["state"] as? String == "mounted")
        #expect((mount?["options"] as? String)?.hasPrefix("ro,nosuid,nodev,relatime,") == true)
        for backend in ["fuse", "kernel"] {
            try expect(
                bench.cimg("mount", "--backend", backend, "old", "mnt"),
                is: .trouble("mountpoint \"mnt\": already mounted: new@\(Sample.new.digest)"))
        }
        try expect(bench.cimg("diff", "new", "./mnt"), is: .success())
        try expect(bench.cimg("diff", "old", "./mnt"), is: bench.cimg("diff", "old", "new"))
        #expect(try bench.shell("echo x > mnt/etc/name").errors.contains("Read-only file system"))
        try expect(
            bench.cimg("umount", "--keep", "kept", "mnt"),
            is: .trouble("mountpoint \"\(path)\": --keep: has no changes to keep: it was mounted without --rw"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.cimg("umount", "mnt"), is: .trouble("mountpoint \"mnt\": nothing is mounted there"))
        // The other backends, told apart.
        try expect(bench.cimg("mount", "new", "mnt"), is: .success())
        let served = try JSONSerialization.jsonObject(with: Data(bench.cimg("mounts", "--json").output.utf8))
        let backend = (served as? [[String: Any]])?.first { $0["mountpoint"] as? String == path }?["backend"]
        #expect(backend as? String == "fuse")
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `names with slashes, dots, spaces and hundreds of bytes are the source`() throws {
        let bench = Workbench()
        Sample.layout.write(to: bench.scratch)
        bench.scratch.directory("a/b")
        for name in [
            "oci:layout:new", "oci:a/b/../../layout:new", "oci:./layout//:new", "oci:\(bench.path)/layout:new",
        ] {
            try expect(bench.cimg("mount", "--backend", "kernel", name, "mnt"), is: .success())
            let rows = try bench.cimg("mounts", "--no-trunc").output
            #expect(rows.contains(" \(name)@\(Sample.new.digest) "), "\(name)")
            try expect(bench.cimg("umount", "mnt"), is: .success())
        }
        let long = "oci:" + String(repeating: "./", count: 150) + "layout:new"
        try expect(bench.cimg("mount", "--backend", "kernel", long, "mnt"), is: .success())
        #expect(try bench.cimg("mounts", "--no-trunc").output.contains("./@\(Sample.new.digest) "))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `a mount in use stays unless it is taken away lazily`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "--backend", "kernel", "new", "mnt"), is: .success())
        let outcome = try bench.shell("exec 3< mnt/etc/name; cimg umount mnt; cimg umount --lazy mnt; ls mnt; cat <&3")
        #expect(outcome.code == 0 && outcome.output == "newer\n", "\(outcome)")
        let (start, end) = ("cimg: mountpoint \"\(bench.path)/mnt\": in use by process", "with --lazy\n")
        #expect(outcome.errors.hasPrefix(start) && outcome.errors.hasSuffix(end), "\(outcome)")
    }

    @Test func `what is removed from the store stays readable while it is mounted`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "--backend", "kernel", "new", "mnt"), is: .success())
        try expect(bench.cimg("rm", "new", "old").code, is: 0)
        try expect(bench.cimg("prune").code, is: 0)
        try expect(bench.stored("trees/sha256"), is: [])
        try expect(bench.stored("layers/sha256"), is: [])
        try expect(bench.shell("echo 3 > /proc/sys/vm/drop_caches; cat mnt/srv/data"), is: .success("data\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `options and what goes against them`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "--backend", "kernel", "-o", "noexec,noatime", "new", "mnt"), is: .success())
        try expect(
            bench.shell("findmnt -no OPTIONS mnt | cut -d, -f1-5"), is: .success("ro,nosuid,nodev,noexec,noatime\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        let prefix = "--backend kernel: "
        let cases: [([String], String)] = [
            (
                ["--backend", "kernel", "-o", "max_read=4096", "new"],
                prefix + "max_read is for mounts that cimg serves"
            ),
            (["--backend", "kernel", "--foreground", "new"], "--foreground and --backend kernel exclude each other"),
            (["--live", "--backend", "kernel", "pid:1"], "--backend has no meaning with --live"),
        ]
        for (arguments, line) in cases { try expect(bench.cimg(["mount"] + arguments + ["mnt"]), is: .trouble(line)) }
        try expect(bench.cimg("mount", "--backend", "auto", "-v", "-o", "max_read=4096", "new", "mnt").code, is: 0)
        try expect(bench.shell("findmnt -no FSTYPE mnt; cimg umount mnt"), is: .success("fuse.cimg\n"))
        #expect(
            try bench.cimg("mount", "--backend", "disk", "new", "mnt")
                == .usage(
                    "the value 'disk' is invalid for '--backend <backend>'. Please provide one of 'fuse', 'kernel' or "
                        + "'auto'", help: "cimg help mount"))
    }

    @Test func `auto is the kernel, or FUSE with a reason`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "--backend", "auto", "new", "mnt"), is: .success())
        try expect(bench.shell("findmnt -no FSTYPE mnt; cimg umount mnt"), is: .success("erofs\n"))
        let user = try Sample.bench(.ofPlainUser())
        let refused = "only root may let the kernel mount; use --backend fuse"
        try expect(
            user.cimg("mount", "--backend", "kernel", "new", "mnt"), is: .trouble("--backend kernel: \(refused)"))
        let told = try user.cimg("mount", "-v", "--backend", "auto", "new", "mnt")
        #expect(told.code == 0)
        #expect(told.errors.contains("cimg: --backend auto: mounted through FUSE: \(refused)\n"))
        try expect(user.shell("cat mnt/etc/name; cimg umount mnt"), is: .success("newer\n"))
        try expect(user.cimg("mount", "--backend", "auto", "new", "mnt"), is: .success())
        // What root has mounted is not a plain user's to unmount.
        try expect(user.cimg("umount", "mnt"), is: .success())
        try expect(bench.cimg("mount", "--backend", "kernel", "new", "mnt"), is: .success())
        try expect(bench.shell("chmod 755 ."), is: .success())
        let path = "\(bench.path)/mnt"
        try expect(
            user.cimg("umount", path),
            is: .trouble("mountpoint \"\(path)\": not permitted: only root may unmount what root has mounted"))
        try expect(user.cimg("umount", "--all"), is: .success())
        try expect(bench.shell("cat mnt/etc/name; cimg umount mnt"), is: .success("newer\n"))
    }

    @Test func `a kernel without the file system is told`() throws {
        var told = ""
        do { try KernelTree.checkSupport(of: "cimg-none") } catch { told = "\(error)" }
        #expect(told == "this kernel has no cimg-none; load its module (modprobe cimg-none), or use --backend fuse")
        try KernelTree.checkSupport()
    }
}
