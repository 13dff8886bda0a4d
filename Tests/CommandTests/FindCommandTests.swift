// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `cimg find`: what it prints, and that GNU find finds the same on a mount.
@Suite(.timeLimit(.minutes(15))) struct FindCommandTests {
    @Test func `files are found in one object and in several`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("find", "old", "-perm", "-4000"), is: .success("/bin/other\n/bin/tool\n"))
        try expect(
            bench.cimg("find", "old", "/etc", "-type", "l", "-o", "-size", "-7c", "-type", "f"),
            is: .success(
                "/etc/link\n/etc/name\n"))
        try expect(bench.cimg("find", "new:/srv"), is: .success("/srv\n/srv/data\n"))
        try expect(
            bench.cimg("find", "old", "oci:layout:new", "/etc", "/srv", "-name", "name", "-newermt", "2024-01-01"),
            is: Outcome(
                2, "oci:layout:new:/etc/name\n", errors: "cimg: old: \"/srv\": no such file or directory\n"))
        try expect(bench.cimg("find", "--all", "-name", "data"), is: .success("new:/srv/data\n"))
        try expect(bench.cimg("find", "-name", "tool", "--all"), is: .success("new:/bin/tool\nold:/bin/tool\n"))
        try expect(
            bench.cimg("find", "--all", "/home", "-type", "d"),
            is: Outcome(
                2, "old:/home\n", errors: "cimg: new: \"/home\": no such file or directory\n"))
        try expect(
            bench.cimg("find", "new", "-layer", "top", "-type", "f"),
            is: .success(
                "/etc/name\n/etc/shadow\n/srv/data\n"))
        try expect(
            bench.shell("cimg find old -name 'to*' -print0 | od -An -c"),
            is: .success(
                "   /   b   i   n   /   t   o   o   l  \\0\n"))
        try expect(
            bench.cimg("find", "old", "-name", "link", "-ls"),
            is: .success("lrwxrwxrwx   1 0        0                 4 1970-01-01 00:00 /etc/link -> name\n"))
    }

    @Test func `json is a line for each file`() throws {
        let bench = try Sample.bench()
        #expect(
            try bench.shell("cimg find --json old new -name name | jq -r '[.object,.path,.size]|@tsv'")
                == .success("old\t/etc/name\t4\nnew\t/etc/name\t6\n"))
        #expect(try bench.shell("cimg find old --json | wc -l").output == "10\n")
    }

    @Test func `what is wrong is told`() throws {
        let bench = try Sample.bench()
        let cases: [(arguments: [String], line: String)] = [
            (["-name", "x"], "no object is named; \"cimg find OBJECT\", or --all for all images"),
            (["old", "-nmae", "x"], "there is no test \"-nmae\"; \"cimg help find\" lists them"),
            (["old", "/etc", "x"], "\"x\": stands behind a path and is none: it has no / at its start"),
            (["old:/etc", "/bin"], "\"old:/etc\": has a path already; \"/bin\" is another"),
            (["old", "--perm", "-4000"], "find: --perm: tests have one dash: -perm"),
            (["--newer=x", "--maxdepth", "1", "old"], "find: --maxdepth: tests have one dash: -maxdepth"),
            (["old", "-user", "joe"], "old: no user \"joe\" in its /etc/passwd"),
            (["old", "/none"], "old: \"/none\": no such file or directory"),
            (
                ["./layout", "-layer", "1"],
                "./layout: does not know which layer brought a file; an image of a store, a source "
                    + "or a registry does"
            ),
        ]
        for (arguments, line) in cases { try expect(bench.cimg(["find"] + arguments), is: .trouble(line)) }
        try expect(bench.cimg("find", "--bogus", "old"), is: .usage("unknown option '--bogus'", help: "cimg help find"))
        try expect(
            bench.cimg("find", "old", "none", "-name", "tool").code, is: 2)
        try expect(bench.cimg("find", "--all", "-user", "joe"), is: .success())
    }

    private static let expressions = [
        "", "-type f", "-type d", "-type l,p,c", "-perm -4000", "-perm /6000", "-perm -u+s,o+x", "-perm 644",
        "-perm /022",
        "-user root", "-user 1000", "-uid +0", "-gid -5", "-name '*.conf'", "-name '.*'",
        "-name '[a-c]*'", "-iname 'READ*'", "-path './deep/*/x*'", "-size 0", "-size +1k", "-size -3", "-size 2",
        "-size 600c",
        "-links +1", "-links 2", "-empty", "-newer ./etc/passwd", "-newermt 2020-01-01", "-mtime +100",
        "-lname '*name*'",
        "-name deep -prune -o -print0", "-maxdepth 2 -type f", "-mindepth 3", "! -type d -a ! -user root",
        "( -type f -o -type l ) -name '*a*'", "-name '*\\**'", "-name '?'",
    ]

    @Test(.enabled(if: Requirements.fuse && Requirements.root))
    func `GNU find finds the same on a mount`() throws {
        let bench = Workbench()
        OCILayoutBuilder {
            $0.image(ImageBuilder([Self.layer, Self.upper]), tag: "odd")
        }.write(to: bench.scratch)
        try expect(bench.cimg("import", "oci:layout:odd", "odd").code, is: 0)
        try #require(try bench.cimg("mount", "odd", "mnt").code == 0)
        defer { _ = try? bench.cimg("umount", "mnt") }
        for expression in Self.expressions {
            let quoted = expression.replacing("(", with: "\\(").replacing(")", with: "\\)").replacing("!", with: "\\!")
            let theirs = try bench.shell(
                "cd mnt && TZ=UTC find . -mindepth 1 \\( \(quoted.isEmpty ? "-true" : quoted) \\) "
                    + "\(quoted.contains("-print") ? "" : "-print0") | sed -z 's/^.//' | sort -z | tr '\\0' '\\n'")
            let ours = try bench.shell(
                "cimg find odd -mindepth 1 \\( \(quoted.isEmpty ? "-true" : quoted.replacing("'./", with: "'/").replacing(" ./", with: " /")) \\) "
                    + "\(quoted.contains("-print") ? "" : "-print0") | sort -z | tr '\\0' '\\n'")
            let lines = theirs.output.split(separator: "\n").sorted()
            #expect(ours.output.split(separator: "\n").sorted() == lines, "\(expression)")
            #expect(ours.errors == "" && theirs.errors == "", "\(expression) \(ours.errors) \(theirs.errors)")
        }
    }

    private static let layer = LayerBuilder(.gzip) {
        $0.directory("etc")
        $0.file("etc/passwd", "root:x:0:0:root:/:\ndaemon:x:1:1::/:\n", mtime: 1_500_000_000)
        $0.file("etc/group", "root:x:0:\ndaemon:x:1:\n")
        for (number, name) in ["a.conf", "b.conf", ".hidden", "README", "readme.md", "a*b", "x", "é", "-dash"]
            .enumerated()
        {
            $0.file(
                "etc/\(name)", String(repeating: "z", count: number * 300),
                mtime: 1_000_000_000 + Int64(number) * 90_000_000)
        }
        $0.directory("bin", mode: 0o755)
        for (name, mode) in [("su", 0o4755), ("wall", 0o2755), ("both", 0o6711), ("open", 0o666), ("none", 0)] {
            $0.file("bin/\(name)", name, mode: Int64(mode))
        }
        $0.hardLink("bin/su2", to: "bin/su")
        $0.symlink("bin/link", to: "../etc/hostname")
        $0.directory("deep")
        $0.directory("deep/a")
        $0.file("deep/a/x1", "1")
        $0.file("deep/a/y", "")
        $0.directory("deep/a/b")
        $0.file("deep/a/b/xx", String(repeating: "q", count: 3000), uid: 1000, gid: 1000)
        $0.directory("empty", mode: 0o1777)
        $0.characterDevice("null", major: 1, minor: 3)
        $0.fifo("pipe")
    }

    private static let upper = LayerBuilder(.gzip) {
        $0.file("etc/b.conf", "changed", mode: 0o600, uid: 4_000_000, gid: 7)
        $0.whiteout("etc/README")
    }
}
