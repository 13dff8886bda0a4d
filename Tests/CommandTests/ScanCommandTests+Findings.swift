// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What is told of findings, what is left out, and what was found before.
extension ScanCommandTests {
    @Test func `a finding says whether the base image has it`() throws {
        let bench = try Self.bench()
        #expect(try bench.cimg("import", "oci:layout:base", "wolfi").code == 0)
        let question =
            "jq -c '[.Results[].Vulnerabilities[]|[.VulnerabilityID,.Layer.DiffID!=null,.Origin,.BaseImage]]|unique'"
        #expect(
            try bench.shell("cimg scan --format json oci:layout:i 2>/dev/null | \(question)").output
                == #"[["CVE-2026-1",true,"base","wolfi"],["CVE-2026-2",true,"base","wolfi"],["CVE-2026-3",true,"own",null]]"#
                + "\n")
        let table = try bench.cimg("scan", "oci:layout:i").output
        #expect(table.contains("│ 0 base │"))
        #expect(table.contains("│ 1 own │"))
    }

    @Test func `what was found in layers before is not looked for again`() throws {
        let bench = try Self.bench()
        let first = try bench.cimg("scan", "-v", "oci:layout:i")
        #expect(first.code == 0)
        #expect(!first.errors.contains("looked into before"))
        let second = try bench.cimg("scan", "-v", "oci:layout:i")
        #expect(second.errors.contains("cimg: oci:layout:i: its layers were looked into before\n"))
        #expect(second.output == first.output)
        // Nothing of the layers is needed, nor brought back.
        #expect(try bench.cimg("prune").code == 0)
        #expect(try bench.cimg("scan", "oci:layout:i").output == first.output)
        #expect(try bench.stored("layers/sha256") == [])
        // The image of the base has its records from there.
        #expect(try bench.cimg("scan", "oci:layout:base").output.contains("Total: 4 ("))
        // What is damaged is made again.
        _ = try bench.shell("for f in store/inventories/*; do echo x >>$f; done")
        let third = try bench.cimg("scan", "-v", "oci:layout:i")
        #expect(third.output == first.output)
        #expect(!third.errors.contains("looked into before"))
        #expect(try bench.cimg("scan", "-v", "oci:layout:i").errors.contains("looked into before"))
        #expect(try bench.cimg("packages", "--json", "oci:layout:i").code == 0)
        #expect(try bench.cimg("prune", "--filter", "until=1h").code == 0)
        #expect(try !bench.stored("inventories").isEmpty)
        #expect(
            try bench.shell("touch -d '40 days ago' store/inventories/* && cimg prune").output.contains("package list"))
        #expect(try bench.stored("inventories") == [])
    }

    @Test func `a list in YAML leaves findings out for its reasons`() throws {
        let bench = try Self.bench()
        bench.scratch.file(
            ".trivyignore.yaml",
            "vulnerabilities:\n- {id: CVE-2026-3, paths: ['usr/**/METADATA'], statement: not used}\n- {id: CVE-2026-2}\n"
        )
        #expect(
            try bench.shell(
                "cimg scan --format json --show-suppressed oci:layout:i 2>/dev/null | jq -c '[.Results[] | "
                    + ".ExperimentalModifiedFindings // [] | .[] | [.Finding.PkgName, .Statement]]'"
            ).output
                == #"[["libcrypto3","the ignore file"],["libssl3","the ignore file"],["requests","not used"]]"# + "\n")
        bench.scratch.file("bad.yaml", "vulnerabilities: [{id: a, paths: b}]")
        try expect(
            bench.cimg("scan", "--ignore-file", "bad.yaml", "oci:layout:i").errors.contains(
                "cimg: bad.yaml: vulnerabilities: entry 1: paths: is not a list"), is: true)
    }
}
