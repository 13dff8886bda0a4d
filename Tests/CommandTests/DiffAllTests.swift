// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `cimg diff --all`: everything in one report.
@Suite(.timeLimit(.minutes(15))) struct DiffAllTests {
    private static func database(_ version: String, _ checksum: String) -> String {
        "P:musl\nV:1.2.4-r0\nA:x86_64\no:musl\nF:lib\nR:libc.so\n\n"
            + "P:tool\nV:\(version)\nA:x86_64\no:tool\nF:bin\nR:tool\nZ:\(checksum)\n\n"
    }

    /// `Q1` and the SHA-1 of a text in base64, as Alpine promises it.
    private static let checksums = [
        "one\n": "Q1xwWbsZQzzDyrqmI2yD1WZoqEPdI=", "two\n": "Q1e770WzvHCFUBDgJGBxdkMSXDvso=",
    ]

    private static func layer(_ version: String, tool: String, _ more: (inout TarBuilder) -> Void = { _ in })
        -> LayerBuilder
    {
        LayerBuilder(.gzip) {
            $0.file("etc/os-release", "ID=wolfi\nVERSION_ID=20230201\n")
            $0.file("lib/apk/db/installed", database(version, checksums[tool] ?? ""))
            $0.file("lib/libc.so", version == "1-r0" ? "libc\n" : "LIBC\n", mode: 0o755)
            $0.file("bin/tool", tool, mode: 0o755)
            $0.file("etc/motd", version == "1-r0" ? "hello\n" : "hallo\n")
            more(&$0)
        }
    }

    private static func bench() throws -> Workbench {
        let bench = Workbench()
        OCILayoutBuilder {
            $0.image(ImageBuilder([layer("1-r0", tool: "one\n") { $0.file("srv/a", "moved\n") }]), tag: "old")
            $0.image(
                ImageBuilder(
                    [
                        layer("2-r0", tool: "two\n") {
                            $0.file("srv/b", "moved\n")
                            $0.file("usr/bin/left", "#!/bin/sh\n", mode: 0o755)
                        }
                    ], created: "2025-01-02T03:04:05Z"), tag: "new")
        }.write(to: bench.scratch)
        for tag in ["old", "new"] {
            let outcome = try bench.cimg("import", "oci:layout:\(tag)", tag)
            guard outcome.code == 0 else { throw BenchError(description: outcome.errors) }
        }
        return bench
    }

    @Test func `one report has every respect`() throws {
        let bench = try Self.bench()
        let outcome = try bench.cimg("diff", "--all", "old", "new")
        #expect(outcome.code == 1)
        #expect(outcome.errors == "")
        let text = outcome.output
        #expect(text.hasPrefix("old -> new\n"))
        for part in [
            "3 added, 4 modified, 1 moved", "1 upgrade", "not compared: there are no advisories", "\nConfiguration\n",
            "\nHistory\n", "\nPackages\nC apk tool 1-r0 -> 2-r0 (upgrade, layer 0)\n",
            """

            Unexplained
            C /etc/motd (no package owns it, layer 0)
            C /lib/libc.so (its package did not change: musl, layer 0)
            R /srv/b (no package owns it, layer 0)
            A /usr/bin/left (no package owns it, layer 0)

            """,
            "C /etc/motd (content)\n--- old:/etc/motd\n+++ new:/etc/motd\n@@ -1 +1 @@\n-hello\n+hallo\n",
            "R /srv/a → /srv/b\n", "A /usr/bin/left\n--- /dev/null\n+++ new:/usr/bin/left\n",
        ] { #expect(text.contains(part), "\(part) is not in:\n\(text)") }
        try expect(bench.cimg("diff", "--all", "old", "old").code, is: 0)
    }

    @Test func `the same as one object of JSON`() throws {
        let bench = try Self.bench()
        func ask(_ question: String) throws -> String {
            try bench.shell("cimg diff --all --json old new | jq -c '\(question)'").output
        }
        #expect(
            try ask("keys")
                == #"["changes","configuration","history","left","packages","problems","right","summary","texts","#
                + #""unexplained","vulnerabilities"]"# + "\n")
        #expect(
            try ask(".unexplained|map([.path,.change,.package])")
                == #"[["/etc/motd","C",null],["/lib/libc.so","C","musl"],["/srv/b","R",null],["/usr/bin/left","A",null]]"#
                + "\n")
        #expect(
            try ask("[.vulnerabilities,.problems,(.history|map(.change)),(.texts|length)]")
                == "[null,[],[\"D\",\"A\"],5]\n")
    }

    @Test func `what has no configuration is not told to have the same, and a damaged record is told`() throws {
        let bench = try Self.bench()
        let script = "mkdir d && cimg cp old:/. d && mkdir -p d/var/lib/dpkg && echo nonsense >d/var/lib/dpkg/status"
        #expect(try bench.shell(script).code == 0)
        let outcome = try bench.cimg("diff", "--all", "old", "./d")
        #expect(outcome.code == 2)
        #expect(outcome.output.contains("not compared: only images have one"))
        #expect(outcome.output.contains("NOT WHOLLY COMPARED:  1 problem"))
        #expect(outcome.errors.hasPrefix("cimg: ./d: \"/var/lib/dpkg/status\": "))
        try expect(
            bench.cimg("diff", "--all", "--packages", "old", "new"),
            is: .trouble("--packages and --all exclude each other"))
        try expect(
            bench.cimg("diff", "--all", "--stat", "old", "new"), is: .trouble("--all and --stat exclude each other"))
    }
}
