// SPDX-License-Identifier: Apache-2.0

import Foundation
import MountCommands
import Mounting
import OCI
import TestSupport
import Testing

extension KernelBackendTests {
    @Test func `through loop devices where the kernel mounts no files, and none is left`() throws {
        let image = Self.everything()
        let bench = try Self.bench(image)
        try expect(bench.cimg("mount", "i", "mnt"), is: .success())
        let expected = try Self.dump("mnt", in: bench)
        try expect(bench.cimg("umount", "mnt"), is: .success())
        bench.scratch.file("dump.py", Self.dump)
        let loops = "losetup -nlO NAME,RO,AUTOCLEAR,LOG-SEC | tr -s ' ' | grep -c ' 1 1 512'"
        let script = """
            mkdir store2; mount -t tmpfs -o mode=700 none store2; export CIMG_ROOT=$PWD/store2
            cimg import oci:layout:i i > /dev/null
            cimg mount -v --backend kernel i mnt 2>&1 | sed -n 's/.*mounted/mounted/p'
            losetup -nlO BACK-FILE | grep -c "^ *$PWD/store2/"
            \(loops)
            python3 dump.py mnt > dumped
            cimg rm i > /dev/null; cimg prune > /dev/null; head -c 3 mnt/d/old; echo
            cimg umount mnt; losetup -nlO BACK-FILE | grep -c "^ *$PWD/store2/"
            cimg import oci:layout:i i > /dev/null
            for wait in 0.005 0.01 0.015 0.02; do
                timeout -s KILL $wait \(Workbench.builtProgram) mount --backend kernel i mnt
                cimg umount mnt
            done 2> /dev/null
            losetup -nlO BACK-FILE | grep -c "^ *$PWD/store2/"
            umount store2
            """
        let program = "cimg() { \"\(Workbench.builtProgram)\" \"$@\"; }\n"
        let outcome = try bench.run("/usr/bin/unshare", ["-m", "/bin/sh", "-c", program + script])
        #expect(outcome.output == "mounted by the kernel from loop devices\n4\n4\nabo\n0\n0\n")
        let dumped = try String(contentsOfFile: "\(bench.path)/dumped", encoding: .utf8)
        #expect(dumped.split(separator: "\n").map(String.init).sorted() == expected)
    }

    @Test func `without loop devices it is told what to load`() throws {
        let bench = try Self.bench(Self.everything())
        let script = """
            mkdir store2; mount -t tmpfs -o mode=700 none store2; export CIMG_ROOT=$PWD/store2
            cimg import oci:layout:i i > /dev/null
            mount -t tmpfs none /dev; mknod /dev/fuse c 10 229; mknod -m 666 /dev/null c 1 3
            cimg mount --backend kernel i mnt
            cimg mount -v --backend auto i mnt 2>&1 | grep -c 'FUSE: the kernel cannot mount these files'
            cat mnt/d/old; cimg umount mnt; umount store2
            """
        let program = "cimg() { \"\(Workbench.builtProgram)\" \"$@\"; }\n"
        let outcome = try bench.run("/usr/bin/unshare", ["-m", "/bin/sh", "-c", program + script])
        #expect(outcome.output == "1\nabove")
        #expect(
            outcome.errors
                == "cimg: --backend kernel: the kernel cannot mount these files, nor as loop devices: there are none; load "
                + "their module (modprobe loop); use --backend fuse\n")
    }

    @Test(arguments: ["", "trees", "layers/sha256", "trees/sha256/*", "trees/sha256/*/tree", "layers/sha256/*/data"])
    func `a store that others can change is not for the kernel`(_ place: String) throws {
        let bench = try Self.bench(ImageBuilder([LayerBuilder { $0.file("f", "text") }]))
        for change in ["chmod g+w", "chown 65534"] {
            try expect(bench.shell("\(change) store/\(place)"), is: .success())
            let outcome = try bench.cimg("mount", "--backend", "kernel", "i", "mnt")
            #expect(outcome.code == 2)
            #expect(
                outcome.errors.hasPrefix(
                    "cimg: --backend kernel: somebody else than root can change \"\(bench.path)/store"))
            #expect(
                outcome.errors.hasSuffix("\", and the kernel trusts it; use --backend fuse, or a store of root's\n"))
            try expect(bench.shell("cimg mount i mnt; cat mnt/f; cimg umount mnt"), is: .success("text"))
            try expect(bench.shell("chmod g-w store/\(place); chown 0 store/\(place)"), is: .success())
        }
        try expect(bench.shell("cimg mount --backend kernel i mnt; cat mnt/f; cimg umount mnt"), is: .success("text"))
    }

    @Test func `a store that a process serves is not for the kernel`() throws {
        let bench = try Self.bench(ImageBuilder([LayerBuilder { $0.file("f", "text") }]))
        let script = """
            mkdir served; cimg mount --root other rootfs:store served
            CIMG_ROOT=$PWD/served cimg mount --backend kernel i mnt
            CIMG_ROOT=$PWD/served cimg mount --backend auto i mnt
            findmnt -no FSTYPE mnt; cat mnt/f; cimg umount mnt served
            """
        let outcome = try bench.shell(script)
        #expect(outcome.output == "fuse.cimg\ntext")
        let line = "cimg: --backend kernel: somebody else than root can change \"\(bench.path)/served/trees/sha256/"
        #expect(outcome.errors.hasPrefix(line))
        // With auto it is told why the kernel was not taken.
        #expect(outcome.errors.split(separator: "\n").count == 2)
    }

    @Test func `killed at any moment, it leaves a whole mount or none`() throws {
        let bench = try Self.bench(Self.everything())
        let script = """
            import os, random, signal, subprocess, sys, time
            seen = set()
            for number in range(60):
                child = subprocess.Popen([sys.argv[1], 'mount', '--backend', 'kernel', 'i', 'mnt'], stderr=subprocess.DEVNULL)
                time.sleep(random.Random(number).uniform(0, 0.03))
                child.send_signal(signal.SIGKILL)
                child.wait()
                table = open('/proc/self/mountinfo').read().count(os.getcwd() + '/mnt ')
                seen.add((table, os.path.exists('mnt/d/old')))
                if table: subprocess.run([sys.argv[1], 'umount', 'mnt'], check=True)
            print(seen <= {(0, False), (1, True)}, os.listdir('mnt'))
            """
        try expect(
            bench.run("/usr/bin/python3", ["-c", script, Workbench.builtProgram]), is: .success("True []\n"))
        try expect(bench.cimg("mount", "--backend", "kernel", "i", "mnt"), is: .success())
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `the kernel writes over its own mount of the tree`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "--rw", "--backend", "kernel", "--upper", "up", "new", "mnt"), is: .success())
        let json = try JSONSerialization.jsonObject(with: Data(bench.cimg("mounts", "--json").output.utf8))
        let mount = (json as? [[String: Any]])?.first { $0["mountpoint"] as? String == "\(bench.path)/mnt" }
        #expect(mount?["backend"] as? String == "kernel")
        #expect(mount?["state"] as? String == "serving")
        // The server is not asked: what it has open stays unread.
        try expect(
            bench.shell(
                "kill -STOP \(mount?["pid"] ?? 0); timeout 20 sh -c 'cat mnt/etc/name; echo 2 >> mnt/etc/name'"),
            is: .success("newer\n"))
        try expect(
            bench.shell("kill -CONT \(mount?["pid"] ?? 0); cat mnt/etc/name up/etc/name").output,
            is: "newer\n2\nnewer\n2\n")
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }
}
