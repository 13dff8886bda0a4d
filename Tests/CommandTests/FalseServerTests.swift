// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Programs that say they are servers of cimg.
@Suite(.enabled(if: Requirements.root && Requirements.fuse), .timeLimit(.minutes(15)))
struct FalseServerTests {
    /// How root is to be misled: by what is behind the program's descriptors.
    enum Bait: String, CaseIterable, Sendable {
        /// A directory that only root may change.
        case directory
        /// A fifo that nobody writes to.
        case fifo
    }

    /// A program that mounts through FUSE, takes a server's name and arguments and holds a record that says that the changes
    /// of its mount lie where only root may write; it answers the kernel.
    private static let program = #"""
        import array, fcntl, ctypes, os, socket, struct, subprocess, sys
        bait, victim, home, owned = sys.argv[-4:]
        m = home + '/m'
        if owned == 'root':
            fd = os.open('/dev/fuse', os.O_RDWR); libc = ctypes.CDLL(None, use_errno=True)
            data = f'fd={fd},rootmode=40000,user_id=0,group_id=0'.encode()
            assert libc.mount(b'alpine@sha256:' + b'0' * 64, m.encode(), b'fuse.cimg', 0, data) == 0, ctypes.get_errno()
        else:
            a, b = socket.socketpair()
            p = subprocess.Popen(['fusermount3', '-o', 'rw,fsname=alpine@sha256:' + '0' * 64 + ',subtype=cimg', '--', m],
                env=dict(os.environ, _FUSE_COMMFD=str(b.fileno())), pass_fds=[b.fileno()])
            fd = array.array('i', a.recvmsg(1, socket.CMSG_SPACE(4))[1][0][2])[0]; p.wait()
        device = [l.split()[2] for l in open('/proc/self/mountinfo') if l.split()[4] == m][-1]
        fuse = fcntl.fcntl(fd, fcntl.F_DUPFD, 60)
        d = os.read(fuse, 1 << 18)
        os.write(fuse, struct.pack('<IiQ', 80, 0, struct.unpack_from('<IIQ', d)[2])
            + struct.pack('<IIIIHHIIHH', 7, 31, 65536, 0, 12, 9, 65536, 1, 0, 0) + b'\0' * 32)
        if bait == 'fifo':
            os.mkfifo(home + '/f'); x = os.open(home + '/f', os.O_PATH)
        else:
            x = os.open(victim + '/data/upper', os.O_PATH)
        record = os.memfd_create('cimg-server', os.MFD_ALLOW_SEALING)
        os.write(record, b'\0'.join([b'cimg-server 1', b'source', b'alpine', b'count', b'3', b'upper', b'1,1,1,0,1',
            b'discarded', (victim + '/data').encode(), b'']))
        fcntl.fcntl(record, 1033, 15)
        x, record = fcntl.fcntl(x, fcntl.F_DUPFD, 50), fcntl.fcntl(record, fcntl.F_DUPFD, 50)
        os.dup2(x if bait == 'fifo' else record, 3)
        for n in range(4, 9): os.dup2(x, n)
        ctypes.CDLL(None).prctl(15, ('cimg:' + device).encode(), 0, 0, 0)
        print('ready', flush=True)
        while True:
            try: d = os.read(fuse, 1 << 18)
            except OSError: break
            n, op, unique = struct.unpack_from('<IIQ', d)
            if op in (2, 42, 38): continue
            try: os.write(fuse, struct.pack('<IiQ', 16, -38, unique))
            except OSError: pass
        """#

    /// - Parameter isRoots: whether root runs it, as the root of a container would.
    @Test(arguments: Bait.allCases, [false, true])
    func `root does nothing on the word of another program`(bait: Bait, isRoots: Bool) throws {
        let bench = Workbench()
        bench.scratch.file("victim/data/precious", "precious")
        bench.scratch.directory("victim/data/upper")
        bench.scratch.directory("h/m")
        bench.scratch.file("serve", Self.program)
        let home = "\(bench.path)/h"
        let owner = isRoots ? 0 : 65534
        try expect(bench.shell("chmod 755 .; chmod 711 victim victim/data; chown -R \(owner) h"), is: .success())
        let asUser = isRoots ? [] : ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        let process = bench.command(
            asUser + [
                "/usr/bin/python3", "serve", "--descriptors", "3", "--upper", "1,1,1,0,1",
                "--discard=\(bench.path)/victim/data", bait.rawValue, "\(bench.path)/victim", home,
                isRoots ? "root" : "user",
            ])
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit(atMost: 600)
            _ = try? bench.run("/bin/umount", ["-l", "\(home)/m"])
        }
        try #require(output.first() == "ready\n")

        let before = try bench.shell("find victim | sort").output
        bench.scratch.directory("keep")
        for command in ["mounts", "mounts --json", "diff h/m", "umount --keep keep/it h/m"] {
            let outcome = try bench.shell("timeout 20 sh -c 'exec \"$0\" \"$@\"' \(Workbench.builtProgram) \(command)")
            #expect(outcome.code == (command.hasPrefix("mounts") ? 0 : 2), "\(command): \(outcome)")
        }
        #expect(try bench.cimg("umount", "--keep", "keep/it", "h/m").errors.contains("is not believed"))
        #expect(try bench.shell("find victim | sort").output == before)
        #expect(try bench.shell("ls keep").output.isEmpty)
        // The mount itself can be taken away, and a stranger is not waited for.
        process.terminate()
        #expect(try bench.shell("timeout 20 \(Workbench.builtProgram) umount --lazy h/m").code == 0)
        try expect(bench.shell("grep -c \(home)/m /proc/self/mountinfo"), is: Outcome(1, "0\n"))
    }

    @Test func `a server of a program file that was replaced is unmounted, and asked for nothing`() throws {
        let bench = try Sample.bench()
        try expect(bench.shell("cp \(Workbench.builtProgram) old; ./old mount --rw new mnt"), is: .discarding)
        try expect(bench.shell("echo x > mnt/x; rm old"), is: .success())
        let kept = try bench.cimg("umount", "--keep", "kept", "mnt")
        #expect(kept.code == 2)
        #expect(kept.errors.contains("runs another version of this program"))
        try expect(bench.shell("cat mnt/x"), is: .success("x\n"))
        // Its end is waited for all the same: it is the user's own process.
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.shell("ls store/tmp"), is: .success())
    }

    @Test func `a server keeps of the environment what it needs`() throws {
        let bench = try Sample.bench()
        bench.environment = ["SECRET": "value", "TZ": "UTC"]
        try expect(bench.cimg("mount", "new", "mnt"), is: .success())
        let script = "cimg mounts | awk -v m=\(bench.path)/mnt '$1 == m { print $3 }'"
        let server = try bench.shell(script).output.split(separator: "\n").joined()
        try expect(
            bench.shell("tr '\\0' '\\n' < /proc/\(server)/environ | cut -d= -f1 | sort | tr '\\n' ' '"),
            is: .success("LC_ALL PATH TZ "))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }
}
