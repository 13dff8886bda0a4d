// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `cimg test`: files of container-structure-test, on every object, in three forms.
@Suite(.timeLimit(.minutes(15))) struct TestCommandTests {
    private static func bench() throws -> Workbench {
        let bench = Workbench()
        OCILayoutBuilder {
            $0.image(
                ImageBuilder([
                    LayerBuilder(.gzip) {
                        $0.directory("etc")
                        $0.file("etc/passwd", "root:x:0:0::/:/bin/sh\n")
                        $0.file("app", "x", mode: 0o755)
                    }
                ]), tag: "i")
        }.write(to: bench.scratch)
        _ = try bench.shell(
            """
            cat >good.yaml <<'END'
            schemaVersion: 2.0.0
            commandTests: [{name: runs, command: /app}]
            fileExistenceTests: [{name: app, path: /app, permissions: -rwxr-xr-x, isExecutableBy: any, uid: 0}]
            fileContentTests: [{name: root, path: /etc/passwd, expectedContents: ['^root:']}]
            metadataTest: {exposedPorts: [], envVars: [{key: PATH, value: /bin}]}
            END
            cat >bad.yaml <<'END'
            schemaVersion: 2.0.0
            fileExistenceTests: [{name: "<a&b>", path: /none}]
            END
            """)
        return bench
    }

    /// Output without what a clock says.
    private static func text(_ outcome: Outcome) -> String {
        outcome.output.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            for title in ["duration: ", "Duration:    "] where line.hasPrefix(title) { return title + "T" }
            return String(line)
        }.joined(separator: "\n")
    }

    @Test func `results are told as text`() throws {
        let outcome = try Self.bench().cimg("test", "-c", "good.yaml", "--config", "bad.yaml", "oci:layout:i")
        #expect(outcome.code == 1)
        #expect(
            Self.text(outcome) == """

                ==================================
                ====== Test file: good.yaml ======
                ==================================
                === RUN: Command Test: runs
                --- SKIP
                duration: T
                Reason: commands are not run: nothing of an image is ever started
                === RUN: File Content Test: root
                --- PASS
                duration: T
                === RUN: File Existence Test: app
                --- PASS
                duration: T
                === RUN: Metadata Test
                --- PASS
                duration: T

                =================================
                ====== Test file: bad.yaml ======
                =================================
                === RUN: File Existence Test: <a&b>
                --- FAIL
                duration: T
                Error: File /none should exist but does not

                =================================
                ============ RESULTS ============
                =================================
                Passes:      3
                Failures:    1
                Skipped:     1
                Duration:    T
                Total tests: 5

                FAIL

                """)
    }

    @Test func `machines get JSON and JUnit's XML`() throws {
        let bench = try Self.bench()
        #expect(
            try bench.shell(
                "cimg test -c good.yaml --json oci:layout:i | jq -c '.Pass, .Fail, .Skip, [.Results[].Pass]'"
            ).output == "3\n0\n1\n[false,true,true,true]\n")
        #expect(
            try bench.shell(
                """
                cimg test -c good.yaml -c bad.yaml -o junit oci:layout:i >j; echo $?; sed 's/ time="[0-9.]*"//g' j
                """
            ).output == """
                1
                <?xml version="1.0" encoding="UTF-8"?><testsuites failures="1" skipped="1" tests="5">\
                <testsuite name="container-structure-test.test"><testcase name="Command Test: runs"><skipped>commands are \
                not run: nothing of an image is ever started</skipped></testcase><testcase name="File Content Test: root">\
                </testcase><testcase name="File Existence Test: app"></testcase><testcase name="Metadata Test"></testcase>\
                <testcase name="File Existence Test: &lt;a&amp;b&gt;"><failure>File /none should exist but does not\
                </failure></testcase></testsuite></testsuites>

                """)
        try expect(
            bench.shell(
                """
                cimg test -c good.yaml --test-report r.json oci:layout:i | tail -n 1; jq -c .Total r.json
                cimg test -c good.yaml --test-report r.xml -o junit --junit-suite-name own oci:layout:i | tail -n 1
                grep -c 'testsuite name="own"' r.xml
                """), is: .success("PASS\n4\nPASS\n1\n"))
    }

    @Test func `a directory has files and no configuration, and nothing is not enough`() throws {
        let bench = try Self.bench()
        _ = try bench.shell(
            """
            mkdir -p d/etc; echo 'root:x' >d/etc/passwd; touch d/app; chmod 755 d/app
            echo 'schemaVersion: 2.0.0' >none.yaml
            """)
        let outcome = try bench.cimg("test", "-c", "good.yaml", "./d")
        #expect(outcome.code == 1)
        #expect(outcome.output.contains("Error: this object has no configuration: a directory or a process has none\n"))
        #expect(try bench.cimg("test", "--require-all", "-c", "good.yaml", "oci:layout:i").code == 1)
        try expect(
            bench.cimg("test", "-c", "none.yaml", "oci:layout:i"),
            is: Outcome(
                1,
                """

                ==================================
                ====== Test file: none.yaml ======
                ==================================
                No tests run! Check config file format.

                """))
    }

    @Test func `trouble exits with 2`() throws {
        let bench = try Self.bench()
        _ = try bench.shell("echo 'a: b' >other.yaml; echo '{' >bad.json")
        for (arguments, line) in [
            (["oci:layout:i"], "--config: no file of tests is named"),
            (["-c", "none", "oci:layout:i"], "--config none: No such file or directory"),
            (["-c", "other.yaml", "oci:layout:i"], "other.yaml: schemaVersion: there is none; 2.0.0 is understood"),
            (["-c", "good.yaml", "oci:layout:none"], "oci:layout: tag \"none\" not found; it has: i"),
            (
                ["-c", "good.yaml", "--test-report", "none/x", "oci:layout:i"],
                "\"none/x\": cannot be written: No such file or directory"
            ),
        ] {
            try expect(bench.cimg(["test"] + arguments), is: .trouble(line), "\(arguments)")
        }
        #expect(try bench.cimg("test", "-c", "bad.json", "oci:layout:i").code == 2)
    }
}
