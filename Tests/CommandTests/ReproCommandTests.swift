// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `cimg repro`: verdicts with their causes, exit codes, the directory for other tools.
@Suite(.timeLimit(.minutes(15))) struct ReproCommandTests {
    /// Builds of one image, tagged by what is different of them.
    private static func bench() throws -> Workbench {
        let bench = Workbench()
        func layer(
            _ compression: LayerCompression = .gzip, time: Int64 = 1_700_000_000, log: String = "1",
            app: String = "app", logMode: Int64 = 0o644,
            mode: Int64 = 0o755, isReversed: Bool = false
        ) -> LayerBuilder {
            LayerBuilder(compression) {
                $0.directory("app", mtime: time)
                if isReversed { $0.directory("var/log", mtime: time) }
                $0.file("app/run", app, mode: mode, mtime: time)
                if !isReversed { $0.directory("var/log", mtime: time) }
                $0.file("var/log/dpkg.log", "installed \(log)\n", mode: logMode, mtime: time)
            }
        }
        OCILayoutBuilder {
            $0.image(ImageBuilder([layer()]), tag: "a")
            $0.image(ImageBuilder([layer(.zstd)]), tag: "zstd")
            $0.image(ImageBuilder([layer(isReversed: true)]), tag: "order")
            $0.image(
                ImageBuilder([layer(time: 1_800_000_000, log: "2")], created: "2025-05-06T07:08:09Z"), tag: "later")
            $0.image(ImageBuilder([layer(time: 1_800_000_000)], created: "2025-05-06T07:08:09Z"), tag: "times")
            $0.image(ImageBuilder([layer(time: 1_800_000_000, isReversed: true)]), tag: "both")
            var labelled = ImageBuilder([layer()])
            labelled.configuration["config"] = ["Env": ["PATH=/bin"], "Cmd": ["/bin/sh"], "Labels": ["key": "other"]]
            $0.image(labelled, tag: "labelled")
            $0.image(ImageBuilder([layer(time: 1_800_000_000, mode: 0o750)]), tag: "mode")
            $0.image(ImageBuilder([layer(app: "other")]), tag: "other")
            $0.image(ImageBuilder([layer(log: "2", logMode: 0o4644)]), tag: "setuid")
        }.write(to: bench.scratch)
        return bench
    }

    private static func verdict(_ bench: Workbench, _ tag: String, _ options: String...) throws -> String {
        let outcome = try bench.cimg(["repro"] + options + ["oci:layout:a", "oci:layout:\(tag)"])
        return "\(outcome.code) \(outcome.output.prefix { $0 != ":" })"
    }

    @Test func `the verdict is a word, and what is allowed decides the exit code`() throws {
        let bench = try Self.bench()
        #expect(try Self.verdict(bench, "a") == "0 identical")
        #expect(try Self.verdict(bench, "zstd") == "1 recompressed")
        #expect(try Self.verdict(bench, "zstd", "--allow", "recompressed") == "0 recompressed")
        #expect(try Self.verdict(bench, "order") == "1 repackaged")
        #expect(try Self.verdict(bench, "later", "--allow", "retimed") == "0 retimed")
        #expect(try Self.verdict(bench, "labelled") == "1 relabelled")
        #expect(try Self.verdict(bench, "mode", "--allow", "explained") == "0 explained")
        #expect(try Self.verdict(bench, "other", "--allow", "explained") == "1 different")
        #expect(try Self.verdict(bench, "setuid", "--allow", "explained") == "1 different")
        #expect(try Self.verdict(bench, "later", "--semantic") == "1 retimed")
        #expect(try Self.verdict(bench, "order", "--semantic", "--allow", "repackaged") == "0 repackaged")
    }

    @Test func `times alone are no difference where they do not count`() throws {
        let bench = try Self.bench()
        #expect(try Self.verdict(bench, "times") == "1 retimed")
        try expect(
            bench.cimg("repro", "--semantic", "oci:layout:a", "oci:layout:times"),
            is: .success(
                """
                equivalent: oci:layout:a and oci:layout:times

                nothing differs that --semantic counts

                """))
        #expect(try Self.verdict(bench, "a", "--semantic") == "0 identical")
        #expect(try Self.verdict(bench, "both", "--semantic") == "1 repackaged")
        #expect(try Self.verdict(bench, "zstd", "--semantic") == "1 recompressed")
        #expect(try Self.verdict(bench, "times", "--semantic", "--allow", "recompressed") == "0 equivalent")
    }

    @Test func `causes come with what was seen and what to do`() throws {
        let bench = try Self.bench()
        try expect(
            bench.cimg("repro", "oci:layout:a", "oci:layout:mode"),
            is: Outcome(
                1,
                """
                explained: oci:layout:a and oci:layout:mode

                times: times of files (4 differences)
                  seen:   /app: 2023-11-14T22:13:20Z and 2027-01-15T08:00:00Z
                  remedy: set SOURCE_DATE_EPOCH and let the builder apply it to files (BuildKit: rewrite-timestamp=true)
                owners: owners or modes, all in the same way (1 difference)
                  seen:   /app/run: everywhere mode -5
                  remedy: COPY --chmod and --chown; the same umask and user for each build

                """))
        try expect(
            bench.cimg("repro", "oci:layout:a", "oci:layout:other"),
            is: Outcome(
                1,
                """
                different: oci:layout:a and oci:layout:other

                without a known cause:
                  /app/run: content, size, layer 0

                """))
        #expect(
            try bench.shell(
                "cimg repro --json oci:layout:a oci:layout:later | jq -c '.verdict, [.causes[].cause], [.files[].explained]'"
            ).output == """
                "retimed"
                ["logs","times","created"]
                [true,true,true,true]

                """)
    }

    @Test func `what differs can be looked at by other tools`() throws {
        let bench = try Self.bench()
        try expect(
            bench.shell(
                """
                cimg repro --report-dir why oci:layout:a oci:layout:other >/dev/null; echo $?
                cat why/a/files/app/run why/b/files/app/run; echo; (cd why; find . -type f | sort)
                jq -r .verdict why/report.json; cat why/a/metadata.txt
                """),
            is: .success(
                """
                1
                appother
                ./a/config.json
                ./a/files/app/run
                ./a/manifest.json
                ./a/metadata.txt
                ./b/config.json
                ./b/files/app/run
                ./b/manifest.json
                ./b/metadata.txt
                ./report.json
                different
                regular 755 0:0 3 1700000000.0 /app/run

                """))
        try expect(
            bench.cimg("repro", "--report-dir", "why", "oci:layout:a", "oci:layout:other"),
            is: .trouble("--report-dir why: File exists"))
    }

    @Test func `trouble exits with 2`() throws {
        let bench = try Self.bench()
        try expect(
            bench.cimg("repro", "--allow", "different", "oci:layout:a", "oci:layout:a"),
            is: .trouble(
                "--allow \"different\": none of identical, equivalent, recompressed, repackaged, retimed, relabelled, "
                    + "explained"))
        try expect(
            bench.cimg("repro", "oci:layout:a", "oci:layout:none"),
            is: .trouble(
                "oci:layout: tag \"none\" not found; it has: a, zstd, order, later, times, both, labelled, mode, "
                    + "other, setuid"))
        #expect(try bench.cimg("repro", "oci:layout:a", "./layout").code == 2)
    }
}
