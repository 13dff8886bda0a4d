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
}
