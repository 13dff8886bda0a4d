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

    @Test func `advisories of collectors become a database`() throws {
        let bench = try Self.bench()
        let record = """
            {"id":"GHSA-9","aliases":["CVE-2026-9"],"summary":"a leak","affected":[{"package":{"ecosystem":"PyPI",
             "name":"requests"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.40"}]}]}]}
            """
        bench.scratch.file("feeds/pypi/GHSA-9.json", record)
        bench.scratch.file(
            "feeds/wolfi.json",
            #"{"urlprefix":"https://packages.wolfi.dev","packages":[{"pkg":{"name":"openssl","secfixes":{"3.4-r0":["CVE-2026-8"]}}}]}"#
        )
        #expect(try bench.cimg("db", "update", "feeds").code == 0)
        #expect(
            try bench.cimg("scan", "--all", "oci:layout:i", "--format", "json").output.split(separator: "\n").count == 1
        )
        #expect(
            try bench.shell(
                "cimg scan --format json oci:layout:i 2>/dev/null | jq -c '[.Results[].Vulnerabilities[] | "
                    + "[.PkgName, .VulnerabilityID, .FixedVersion]]'"
            ).output
                == #"[["libcrypto3","CVE-2026-8","3.4-r0"],["libssl3","CVE-2026-8","3.4-r0"],["requests","CVE-2026-9","2.40"]]"#
                + "\n")
        // An archive of records, and one that is none.
        let script =
            "cd feeds/pypi && python3 -m zipfile -c ../../all.zip GHSA-9.json && head -c 100 ../../all.zip >../../cut.zip"
        #expect(try bench.shell(script).code == 0)
        #expect(try bench.cimg("db", "update", "all.zip").code == 0)
        #expect(try bench.shell("cimg db show --json | jq -c .sources").output == "[\"pip::OSV\"]\n")
        try expect(bench.cimg("db", "update", "cut.zip"), is: .trouble("\"cut.zip\": zip archive: has no end record"))
        bench.scratch.file("bad.json", "{\"id\": 1}")
        #expect(try bench.cimg("db", "update", "bad.json").code == 2)
        #expect(
            try bench.shell("mkdir none && cimg db update ./none").errors.contains(
                "has neither trivy.db nor advisories"))
        #expect(try bench.shell("cimg db show --json | jq -c .sources").output == "[\"pip::OSV\"]\n")
    }

    @Test(arguments: ["cyclonedx", "spdx"])
    func `a bill of materials has the findings of what it is of`(_ format: String) throws {
        let bench = try Self.bench()
        try expect(bench.cimg("sbom", "--format", format, "-o", "bill.json", "oci:layout:i").code, is: 0)
        let question =
            "jq -c '[.Results[].Vulnerabilities // [] | .[]|[.PkgName,.VulnerabilityID,.InstalledVersion,.FixedVersion,.Severity,.PkgPath]]'"
        let image = try bench.shell("cimg scan --format json oci:layout:i 2>/dev/null | \(question)").output
        #expect(image.contains("CVE-2026-3"))
        #expect(try bench.shell("cimg scan --format json sbom:bill.json 2>/dev/null | \(question)").output == image)
        let outcome = try bench.cimg("scan", "--types", "library", "sbom:bill.json")
        #expect(
            outcome.code == 0 && outcome.output.contains("│ requests (METADATA) │ CVE-2026-3    │ CRITICAL │"),
            "\(outcome)")
        // A document is as well read from a pipe, and among images.
        let several = try bench.shell("cimg scan oci:layout:base sbom:/dev/stdin <bill.json")
        #expect(
            several.output == "oci:layout:base: 2 HIGH, 2 LOW\nsbom:/dev/stdin: 1 CRITICAL, 2 HIGH, 2 LOW\n",
            "\(several)")
    }

    @Test func `what a bill of materials does not say is no answer`() throws {
        let bench = try Self.bench()
        bench.scratch.file(
            "open.json",
            #"{"bomFormat":"CycloneDX","components":[{"type":"library","name":"x"},{"type":"library","purl":"pkg:generic/y@1"},"#
                + #"{"type":"library","purl":"pkg:pypi/requests@2.31"}]}"#)
        let open = try bench.cimg("scan", "sbom:open.json", "oci:layout:base")
        #expect(open.code == 2)
        #expect(
            open.output == "sbom:open.json: 1 CRITICAL, NOT WHOLLY JUDGED\noci:layout:base: 2 HIGH, 2 LOW\n", "\(open)")
        #expect(
            open.errors.contains(
                "\"sbom:open.json\": nobody collects advisories of generic: 1 package of it were not judged\n"))
        #expect(open.errors.contains("\"sbom:open.json\": 1 component without a package URL could not be judged\n"))
        bench.scratch.file("none.json", #"{"packages":[]}"#)
        bench.scratch.file("deep.json", String(repeating: "[", count: 1_000_000))
        bench.scratch.file("large.json", "")
        _ = try bench.shell("truncate -s 200M large.json")
        for (name, cause) in [
            ("sbom:none.json", "is no bill of materials of CycloneDX or SPDX in JSON"),
            ("sbom:deep.json", "deep.json: "),
            ("sbom:large.json", "is larger than"), ("sbom:absent.json", "No such file"), ("sbom:", "names no file"),
        ] {
            let bad = try bench.cimg("scan", name, "oci:layout:base")
            #expect(bad.code == 2 && bad.output == "oci:layout:base: 2 HIGH, 2 LOW\n", "\(bad)")
            #expect(bad.errors.split(separator: "\n").count == 2 && bad.errors.contains(cause), "\(bad)")
        }
        #expect(try bench.cimg("scan", "--changed", "sbom:open.json").errors.contains("has no changes"))
        #expect(try bench.cimg("scan", "--sbom", "attached", "--changed", "a").errors.contains("exclude each other"))
        #expect(try bench.cimg("scan", "--sbom", "attached", "oci:layout:i").code == 2)
        #expect(try bench.cimg("scan", "--sbom", "auto", "oci:layout:i").code == 0)
    }
}
