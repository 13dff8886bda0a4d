// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `cimg lint`: findings as text and for machines, settings, exit codes.
@Suite(.timeLimit(.minutes(15))) struct LintCommandTests {
    private static func bench() throws -> Workbench {
        let bench = Workbench()
        OCILayoutBuilder {
            $0.image(
                ImageBuilder([
                    LayerBuilder(.gzip) {
                        $0.directory("etc")
                        $0.file("etc/passwd", "root:x:0:0::/:/bin/sh\n")
                        $0.file("a b", "x", mode: 0o4755)
                    }, LayerBuilder(.gzip) { $0.hardLink("etc/again", to: "etc/passwd") },
                ]), tag: "i")
        }.write(to: bench.scratch)
        return bench
    }

    @Test func `findings are told by rule, with layer, entry and path, and fail by severity`() throws {
        let bench = try Self.bench()
        try expect(
            bench.cimg("lint", "oci:layout:i"),
            is: Outcome(
                1,
                """
                error: a hard link leads to a file of a lower layer (hardlink-across-layers)
                  layer 1 entry 0: /etc/again: to /etc/passwd
                warning: a directory has files in the layer, and no entry (parent-missing)
                  layer 1: /etc: a lower layer has it
                warning: containers run as root (user-root CIS-DI-0001 CIS-4.1 DL3002)
                  User: no user is set
                info: a program runs with other rights than its caller's (setuid-file CIS-DI-0008 CIS-4.8)
                  layer 0 entry 2: /a b: mode 4755
                oci:layout:i: 1 error, 2 warnings, 1 remark

                """))
        #expect(try bench.cimg("lint", "--fail-on", "never", "oci:layout:i").code == 0)
        let ignored = try bench.cimg("lint", "--ignore", "hardlink-across-layers", "oci:layout:i")
        #expect(ignored.code == 0)
        #expect(ignored.output.hasSuffix("oci:layout:i: 0 errors, 2 warnings, 1 remark, 1 left out by settings\n"))
        #expect(
            try bench.cimg("lint", "--ignore", "hardlink-across-layers", "--fail-on", "warning", "oci:layout:i").code
                == 1)
    }

    @Test func `machines get JSON, SARIF and annotations`() throws {
        let bench = try Self.bench()
        #expect(
            try bench.shell(
                "cimg lint --json oci:layout:i | jq -c '.counts, (.findings[0] | [.rule, .layer, .entry, .path, .detail, (.engines | keys | length)])'"
            )
            .output == """
                {"info":1,"warning":2,"error":1,"ignored":0}
                ["hardlink-across-layers",1,0,"/etc/again","to /etc/passwd",3]

                """)
        #expect(
            try bench.shell(
                "cimg lint --format sarif oci:layout:i | jq -c '.version, (.runs[0].results | map([.ruleId, .level, "
                    + ".locations[0].physicalLocation.artifactLocation.uri])), (.runs[0].tool.driver.rules | length)'"
            ).output == """
                "2.1.0"
                [["hardlink-across-layers","error","etc/again"],["parent-missing","warning","etc"],["user-root","warning","User"],["setuid-file","note","a%20b"]]
                4

                """)
        #expect(
            try bench.cimg("lint", "--format", "github", "oci:layout:i").output.split(separator: "\n").first
                == "::error title=hardlink-across-layers::oci:layout:i: a hard link leads to a file of a lower layer: layer 1 entry 0: /etc/again: to /etc/passwd"
        )
    }

    @Test func `rules are explained, and what is wrong with settings is told`() throws {
        let bench = try Self.bench()
        try expect(
            bench.cimg("lint", "--explain", "DL3009"),
            is: .success(
                """
                apt-lists-left (warning): apt's lists of packages are in a layer
                  what to do: rm -rf /var/lib/apt/lists/* in the step that installs
                  also called: DKL-DI-0005, DL3009

                """))
        #expect(try bench.cimg("lint", "--explain", "all").output.split(separator: "\n").count > 60)
        try expect(bench.cimg("lint"), is: .trouble("no image is named"))
        try expect(
            bench.cimg("lint", "--explain", "x"),
            is: .trouble("--explain \"x\": no such rule; \"--explain all\" lists them"))
        try expect(bench.cimg("lint", "--ignore", "x", "i"), is: .trouble("--ignore: \"x\": no such rule"))
        try expect(
            bench.cimg("lint", "--fail-on", "x", "i"),
            is: .trouble("--fail-on \"x\": none of info, warning, error, never"))
        bench.scratch.file(".cimg-lint.yaml", "ignore: [hardlink-across-layers]\n")
        bench.scratch.file(".dockleignore", "CIS-DI-0001\n")
        #expect(
            try bench.cimg("lint", "oci:layout:i").output.hasSuffix(
                "0 errors, 1 warning, 1 remark, 2 left out by settings\n"))
        bench.scratch.file(".cimg-lint.yaml", "ignore: x\n")
        try expect(
            bench.cimg("lint", "oci:layout:i"),
            is: .trouble(".cimg-lint.yaml: ignore: has not the form that it should have"))
    }
}
