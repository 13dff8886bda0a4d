// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `cimg diff` with texts, moves, parts, configurations and histories.
struct DiffContentsTests {
    @Test func `the lines that differ follow each change`() throws {
        let bench = try Sample.bench()
        try expect(
            bench.cimg("diff", "--text", "old", "new", "--", "/etc", "/srv"),
            is: Outcome(
                1,
                """
                C /etc/name (content, size 4→6)
                --- old:/etc/name
                +++ new:/etc/name
                @@ -1 +1 @@
                -old
                +newer
                C /etc/shadow (mode 0600→0640, gid 0→42)
                A /srv
                A /srv/data
                --- /dev/null
                +++ new:/srv/data
                @@ -0,0 +1 @@
                +data

                """))
        try expect(bench.cimg("diff", "--text", "old", "old"), is: .success())
    }

    @Test func `compressed texts are compared inside, and what is no text by its digest`() throws {
        let bench = Workbench()
        let script = """
            mkdir a b; printf 'one\\ntwo\\n' | gzip -n >a/z; printf 'one\\n2\\033[m\\n' | gzip -n >b/z
            printf 'same\\n' | gzip -n1 >a/s; printf 'same\\n' >b/s
            printf 'a\\0b' >a/bin; printf 'a\\0c' >b/bin; printf '\\037\\213\\010broken' >a/bad; printf 'text\\n' >b/bad
            """
        try #require(try bench.shell(script).code == 0)
        try expect(
            bench.cimg("diff", "--text", "--only", "content", "./a", "./b"),
            is: Outcome(
                1,
                """
                C /bad (content)
                  (damaged, or larger than is compared)
                C /bin (content)
                  (no text, 3 bytes)
                C /s (content)
                  (the same text, compressed otherwise)
                C /z (content)
                --- ./a:/z\t(gzip)
                +++ ./b:/z\t(gzip)
                @@ -1,2 +1,2 @@
                 one
                -two
                +2\\x1b[m

                """))
    }

    @Test func `files that moved are one line`() throws {
        let bench = try Self.moving()
        try expect(
            bench.cimg("diff", "--renames", "before", "after"),
            is: Outcome(1, "D /a/two\nR /a/one → /b/one (mode 0644→0600)\nR /a/three → /b/tres\n"))
        #expect(
            try bench.shell("cimg diff --renames --json before after | jq -c '[.changes[]|[.kind,.from,.path]]'").output
                == #"[["removed",null,"/a/two"],["renamed","/a/one","/b/one"],["renamed","/a/three","/b/tres"]]"# + "\n"
        )
    }

    @Test func `files of directories that moved are found by reading them`() throws {
        let bench = Workbench()
        let script = "mkdir -p a/d b/e; echo text >a/d/x; echo text >b/e/y; echo other >a/o; echo OTHER >b/p"
        try #require(try bench.shell(script).code == 0)
        try expect(
            bench.cimg("diff", "--renames", "./a", "./b"), is: Outcome(1, "D /d\nA /e\nR /d/x → /e/y\nD /o\nA /p\n"))
    }

    private static func moving() throws -> Workbench {
        let bench = Workbench()
        let before = LayerBuilder(.gzip) {
            $0.directory("a")
            $0.file("a/one", "first\n")
            $0.file("a/three", "third\n")
            $0.file("a/two", "second\n")
            $0.directory("b")
        }
        let after = LayerBuilder(.gzip) {
            $0.directory("a")
            $0.directory("b")
            $0.file("b/one", "first\n", mode: 0o600)
            $0.file("b/tres", "third\n")
        }
        OCILayoutBuilder {
            $0.image(ImageBuilder([before]), tag: "before")
            $0.image(ImageBuilder([after]), tag: "after")
        }.write(to: bench.scratch)
        for tag in ["before", "after"] {
            guard try bench.cimg("import", "oci:layout:\(tag)", tag).code == 0 else {
                throw BenchError(description: tag)
            }
        }
        return bench
    }

    @Test func `a side may be a directory of an object`() throws {
        let bench = try Sample.bench()
        try expect(
            bench.cimg("diff", "old:/etc", "new:/etc"),
            is: Outcome(
                1, "C /name (content, size 4→6)\nC /shadow (mode 0600→0640, gid 0→42)\n"))
        try expect(
            bench.shell("mkdir e && cimg cp old:/etc/. e && cimg diff --ignore mode old:/etc ./e"), is: .success())
        try expect(
            bench.cimg("diff", "old:/etc/name", "new"),
            is: .trouble(
                "\"old:/etc/name\": not a directory; compare the one it is in, and name it behind --"))
        try expect(bench.cimg("diff", "old:/none", "new"), is: .trouble("old: \"/none\": no such file or directory"))
    }

    @Test func `configurations are compared key by key`() throws {
        let bench = try Sample.bench()
        let outcome = try bench.cimg("diff", "--config", "old", "new")
        #expect(outcome.code == 1)
        #expect(outcome.output.contains(" created "))
        #expect(outcome.output.split(separator: "\n").allSatisfy { "ADC".contains($0.first ?? " ") })
        try expect(bench.cimg("diff", "--config", "old", "oci:layout:old"), is: .success())
        try expect(
            bench.shell("cimg diff --config --json old new | jq -r 'map(.key)|index(\"created\") != null'"),
            is: .success("true\n"))
        try expect(bench.cimg("diff", "--config", "old", "./layout").code, is: 2)
        try expect(
            bench.cimg("diff", "--config", "--stat", "old", "new"),
            is: .trouble("--stat and --config exclude each other"))
    }

    @Test func `histories are aligned by diff IDs`() throws {
        let bench = try Sample.bench()
        let outcome = try bench.cimg("diff", "--history", "old", "new")
        #expect(outcome.code == 1)
        #expect(outcome.output.hasSuffix("1 shared, 0 rebuilt by the same command, 0 gone, 1 new\n"))
        #expect(outcome.output.split(separator: "\n").map { $0.prefix(1) } == ["=", "+", "1"])
        let same = try bench.cimg("diff", "--history", "old", "old")
        #expect(same.code == 0)
        #expect(same.output.hasSuffix("1 shared, 0 rebuilt by the same command, 0 gone, 0 new\n"))
    }

    @Test func `JSON, packages and members of archives are compared by what they say`() throws {
        let bench = Workbench()
        let script = """
            mkdir -p a/lib/apk/db b/lib/apk/db x; cp -r a/lib b/; printf '{"b":1,"a":[1,2]}' >a/j; printf '{"a":[1,3],\n"b":1}' >b/j
            printf '{"b":1,"a":2}' >a/k; printf '{"a":2, "b":1}' >b/k
            printf 'P:m\nV:1\n\nP:a\nV:1\n\n' >a/lib/apk/db/installed; printf 'P:a\nV:2\n\nP:m\nV:1\n\n' >b/lib/apk/db/installed
            printf one >x/f; printf two >x/g; tar --format=ustar --owner=0 --group=0 --mode=644 -C x -cf a/t.tar f g; printf TWO >x/g
            tar --format=ustar --owner=0 --group=0 --mode=644 -C x -cf b/t.tar f g; gzip -nc a/t.tar >a/t.tgz; gzip -nc b/t.tar >b/t.tgz; rm ?/t.tar
            """
        try #require(try bench.shell(script).code == 0)
        let two = "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"
        let outcome = try bench.cimg("diff", "--text", "--only", "content", "./a", "./b")
        #expect(outcome.code == 1)
        #expect(
            outcome.output.hasPrefix(
                """
                C /j (content)
                --- ./a:/j\t(JSON)
                +++ ./b:/j\t(JSON)
                @@ -1,7 +1,7 @@
                 {
                   "a": [
                     1
                -    2
                +    3
                   ]
                   "b": 1
                 }
                C /k (content)
                  (the same JSON, written otherwise)
                C /lib/apk/db/installed (content)
                --- ./a:/lib/apk/db/installed\t(packages)
                +++ ./b:/lib/apk/db/installed\t(packages)
                @@ -1,4 +1,4 @@
                 a P:a
                -a V:1
                +a V:2
                 m P:m
                 m V:1
                C /t.tgz (content)
                --- ./a:/t.tgz\t(gzip, members)
                +++ ./b:/t.tgz\t(gzip, members)
                @@ -1,2 +1,2 @@
                 f 0644 0:0 3 bytes, sha256:
                """), "\(outcome)")
        #expect(
            outcome.output.contains("\n-g 0644 0:0 3 bytes, sha256:\(two)\n+g 0644 0:0 3 bytes, sha256:"), "\(outcome)")
        // What is new is told as it is, for patch.
        #expect(
            try bench.shell("rm b/j; cimg diff --text --only content ./b ./a -- /j").output.contains(
                "+{\"b\":1,\"a\":[1,2]}"))
    }

    @Test func `programs are compared by their facts and sections`() throws {
        let bench = Workbench()
        try #require(
            try bench.shell(
                "mkdir a b; cp /bin/true a/x; cp /bin/false b/x; cp /bin/true a/y; cp /bin/true b/y; printf z >>b/y"
            ).code == 0)
        let outcome = try bench.cimg("diff", "--text", "--only", "content", "./a", "./b")
        #expect(outcome.output.contains("--- ./a:/x\t(ELF)\n+++ ./b:/x\t(ELF)\n"), "\(outcome)")
        #expect(outcome.output.contains("\n-build id: ") && outcome.output.contains("\n+section .rodata: "))
        #expect(outcome.output.contains("C /y (content"))
        #expect(outcome.output.contains("\n  (the same ELF, other bytes: no text, "))
    }
}
