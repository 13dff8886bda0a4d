// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What answers to `user.cimg.*` is cimg's own word, or there is no answer.
@Suite(.enabled(if: Requirements.fuse && Requirements.root), .timeLimit(.minutes(15)))
struct OwnAttributeTests {
    /// `ask FILE` prints the layer, the digest and the list of attributes; `set FILE NAME` what setting one leads to.
    private static let tools = """
        cat > tool.py << 'END'
        import os, sys
        def told(work):
            try: return work()
            except OSError as error: return error.strerror
        kind, path = sys.argv[1:3]
        if kind == 'ask':
            for name in ('user.cimg.layer', 'user.cimg.digest'):
                print(told(lambda: os.getxattr(path, name).decode()))
            print(os.listxattr(path))
        else:
            print(told(lambda: os.setxattr(path, sys.argv[3], b'sha256:forged')))
            print(told(lambda: os.removexattr(path, sys.argv[3])))
        END
        ask() { python3 tool.py ask "$1"; }; set_() { python3 tool.py set "$1" "$2"; }
        """
    private static let refusal = "Operation not permitted\nOperation not permitted\n"
    private static let nothing = "No data available\nNo data available\n[]\n"

    @Test func `on a writable image they tell of what the image brought, until it is changed`() throws {
        let bench = try Sample.bench()
        try expect(bench.shell("\(Self.tools)"), is: .success())
        try expect(bench.cimg("mount", "new", "mnt"), is: .success())
        let told = try bench.shell("\(Self.tools)\nask mnt/etc/name").output
        #expect(told.hasPrefix("sha256:"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.cimg("mount", "--rw", "--upper", "up", "new", "mnt"), is: .success())
        let script = """
            \(Self.tools)
            ask mnt/etc/name; set_ mnt/etc/name user.cimg.digest; set_ mnt/etc/name user.cimg.other
            echo x >> mnt/etc/name; ask mnt/etc/name; echo new > mnt/added; set_ mnt/added user.cimg.layer; ask mnt/added
            """
        try expect(
            bench.shell(script),
            is: .success(told + Self.refusal + Self.refusal + Self.nothing + Self.refusal + Self.nothing))
        // What the kernel, or somebody else, has put into the upper meanwhile is nobody's word either.
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.shell("setfattr -n user.cimg.digest -v sha256:forged up/added"), is: .success())
        try expect(bench.cimg("mount", "--rw", "--upper", "up", "new", "mnt"), is: .success())
        try expect(bench.shell("\(Self.tools)\nask mnt/added"), is: .success(Self.nothing))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `directories that are stacked have none`() throws {
        let bench = Workbench()
        let script = """
            mkdir -p low up work; echo x > low/f; setfattr -n user.cimg.digest -v sha256:forged low/f
            setfattr -n user.cimg.layer -v sha256:forged low/f
            """
        try expect(bench.shell(script), is: .success())
        try expect(bench.cimg("overlay", "mnt", "-o", "lowerdir=low,upperdir=up,workdir=work"), is: .success())
        try expect(
            bench.shell("\(Self.tools)\nask mnt/f; set_ mnt/f user.cimg.digest; chmod 600 mnt/f; ask mnt/f"),
            is: .success(Self.nothing + Self.refusal + Self.nothing))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(
            bench.cimg("mount", "rootfs:low", "mnt"),
            is: Outcome(0, errors: "cimg: rootfs:low: 2 attributes or device numbers could not be kept\n"))
        let answer = try bench.shell("\(Self.tools)\nask mnt/f")
        #expect(!answer.output.contains("forged"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `a process's files have none`() throws {
        let bench = try Workbench.ofPlainUser()
        let process = try LiveProcess(
            bench, ["unshare", "-U", "-r", "-m"],
            preparations: """
                set -e
                mkdir root; mount -t tmpfs files root; echo x > root/f
                setfattr -n user.cimg.digest -v sha256:forged root/f
                """)
        try expect(bench.cimg("mount", "--live", process.object, "mnt"), is: .success())
        let seen = "mnt\(bench.path)/root/f"
        try expect(
            bench.shell("\(Self.tools)\nask \(seen); set_ \(seen) user.cimg.layer"),
            is: .success(Self.nothing + Self.refusal))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }
}
