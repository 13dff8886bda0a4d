// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import TestSupport
import Testing

/// `cimg db` and `cimg scan`, with a database of a few advisories.
@Suite(.timeLimit(.minutes(15))) struct ScanCommandTests {
    private static let database = BoltWriter.database([
        "wolfi": .bucket([
            "openssl": .bucket([
                "CVE-2026-1": .text(#"{"FixedVersion":"3.3.2-r1"}"#),
                "CVE-2026-2": .text(#"{"FixedVersion":"3.3.3-r0"}"#),
            ])
        ]),
        "alpine 3.17": .bucket(["musl": .bucket(["CVE-2026-1": .text(#"{"FixedVersion":"0"}"#)])]),
        "pip::GitHub Security Advisory Pip": .bucket([
            "requests": .bucket(["CVE-2026-3": .text(#"{"VulnerableVersions":["<2.32.0"]}"#)])
        ]),
        "data-source": .bucket([
            "wolfi": .text(#"{"ID":"wolfi","Name":"Alpine Secdb","URL":"https://secdb.alpinelinux.org/"}"#),
            "pip::GitHub Security Advisory Pip": .text(#"{"ID":"ghsa","Name":"GitHub","URL":"https://github.com"}"#),
        ]),
        "vulnerability": .bucket([
            "CVE-2026-1": .text(
                #"{"Title":"openssl: a hole","Description":"A hole.","Severity":"HIGH","CweIDs":["CWE-79"],"#
                    + #""CVSS":{"nvd":{"V3Vector":"CVSS:3.1/AV:N","V3Score":7.5}},"References":["https://r"],"#
                    + #""PublishedDate":"2026-01-02T03:04:05Z"}"#),
            "CVE-2026-2": .text(
                #"{"Title":"one two three four five six seven eight nine ten eleven twelve thirteen","Severity":"LOW"}"#
            ),
            "CVE-2026-3": .text(#"{"Description":"Leaks.","VendorSeverity":{"ghsa":4}}"#),
        ]),
    ])

    /// Packages of a distribution; Wolfi's has no end that would come while this is a test.
    private static func system(_ id: String, _ version: String) -> LayerBuilder {
        LayerBuilder(.gzip) {
            $0.file("etc/os-release", "ID=\(id)\nVERSION_ID=\(version)\n")
            $0.file(
                "lib/apk/db/installed",
                "P:libcrypto3\nV:3.3.2-r0\nA:x86_64\no:openssl\n\nP:libssl3\nV:3.3.2-r0\nA:x86_64\no:openssl\n\n"
                    + "P:musl\nV:1\nA:x86_64\n\n")
        }
    }

    static func bench() throws -> Workbench {
        let bench = Workbench()
        let python = LayerBuilder(.gzip) {
            $0.file(
                "usr/lib/python3/site-packages/requests-2.31.dist-info/METADATA", "Name: requests\nVersion: 2.31\n\n")
        }
        OCILayoutBuilder {
            $0.image(ImageBuilder([system("wolfi", "20230201"), python]), tag: "i")
            $0.image(ImageBuilder([system("wolfi", "20230201")]), tag: "base")
            $0.image(ImageBuilder([system("alpine", "3.17.9")]), tag: "old")
            $0.image(ImageBuilder([system("alpine", "3.99.0")]), tag: "unknown")
            $0.image(ImageBuilder([LayerBuilder(.gzip) { $0.file("a", "b") }]), tag: "empty")
            let recordless = LayerBuilder(.gzip) {
                $0.file("etc/os-release", "ID=alpine\nVERSION_ID=3.17.9\n")
                $0.directory("lib/apk/db/installed")
            }
            $0.image(ImageBuilder([recordless]), tag: "recordless")
        }.write(to: bench.scratch)
        try Data(database).write(to: URL(fileURLWithPath: "\(bench.path)/trivy.db"))
        let updated = ISO8601DateFormatter().string(from: Date(timeIntervalSinceNow: -2 * 86_400))
        bench.scratch.file(
            "metadata.json", "{\"Version\":2,\"UpdatedAt\":\"\(updated)\",\"NextUpdate\":\"\(updated)\"}")
        let outcome = try bench.cimg("db", "update", "trivy.db")
        guard outcome.code == 0 else { throw BenchError(description: outcome.errors) }
        return bench
    }

    private func age(_ bench: Workbench) throws -> String {
        "cimg: \(try bench.shell("cimg db update trivy.db | head -n1").output)"
    }

    @Test func `the table is that of trivy, with the layer of each package`() throws {
        let bench = try Self.bench()
        let outcome = try bench.cimg("scan", "oci:layout:i")
        #expect(outcome.code == 0)
        #expect(outcome.errors == (try age(bench)))
        #expect(
            outcome.output == """

                oci:layout:i (wolfi 20230201)
                =============================
                Total: 4 (UNKNOWN: 0, LOW: 2, MEDIUM: 0, HIGH: 2, CRITICAL: 0)

                ┌────────────┬───────────────┬──────────┬───────────────────┬───────────────┬───────┬─────────────────────────────────────────────────────────┐
                │  Library   │ Vulnerability │ Severity │ Installed Version │ Fixed Version │ Layer │                          Title                          │
                ├────────────┼───────────────┼──────────┼───────────────────┼───────────────┼───────┼─────────────────────────────────────────────────────────┤
                │ libcrypto3 │ CVE-2026-1    │ HIGH     │ 3.3.2-r0          │ 3.3.2-r1      │ 0     │ openssl: a hole                                         │
                │            │               │          │                   │               │       │ https://avd.aquasec.com/nvd/cve-2026-1                  │
                │            ├───────────────┼──────────┤                   ├───────────────┤       ├─────────────────────────────────────────────────────────┤
                │            │ CVE-2026-2    │ LOW      │                   │ 3.3.3-r0      │       │ one two three four five six seven eight nine ten eleven │
                │            │               │          │                   │               │       │ twelve...                                               │
                │            │               │          │                   │               │       │ https://avd.aquasec.com/nvd/cve-2026-2                  │
                ├────────────┼───────────────┼──────────┤                   ├───────────────┤       ├─────────────────────────────────────────────────────────┤
                │ libssl3    │ CVE-2026-1    │ HIGH     │                   │ 3.3.2-r1      │       │ openssl: a hole                                         │
                │            │               │          │                   │               │       │ https://avd.aquasec.com/nvd/cve-2026-1                  │
                │            ├───────────────┼──────────┤                   ├───────────────┤       ├─────────────────────────────────────────────────────────┤
                │            │ CVE-2026-2    │ LOW      │                   │ 3.3.3-r0      │       │ one two three four five six seven eight nine ten eleven │
                │            │               │          │                   │               │       │ twelve...                                               │
                │            │               │          │                   │               │       │ https://avd.aquasec.com/nvd/cve-2026-2                  │
                └────────────┴───────────────┴──────────┴───────────────────┴───────────────┴───────┴─────────────────────────────────────────────────────────┘

                Python (python-pkg)
                ===================
                Total: 1 (UNKNOWN: 0, LOW: 0, MEDIUM: 0, HIGH: 0, CRITICAL: 1)

                ┌─────────────────────┬───────────────┬──────────┬───────────────────┬───────────────┬───────┬────────────────────────────────────────┐
                │       Library       │ Vulnerability │ Severity │ Installed Version │ Fixed Version │ Layer │                 Title                  │
                ├─────────────────────┼───────────────┼──────────┼───────────────────┼───────────────┼───────┼────────────────────────────────────────┤
                │ requests (METADATA) │ CVE-2026-3    │ CRITICAL │ 2.31              │ 2.32.0        │ 1     │ Leaks.                                 │
                │                     │               │          │                   │               │       │ https://avd.aquasec.com/nvd/cve-2026-3 │
                └─────────────────────┴───────────────┴──────────┴───────────────────┴───────────────┴───────┴────────────────────────────────────────┘

                """)
    }

    @Test func `severities, fixes, types, lists and statements say what is told`() throws {
        let bench = try Self.bench()
        func ids(_ arguments: String) throws -> String {
            try bench.shell(
                "cimg scan --format json \(arguments) oci:layout:i 2>errors | "
                    + "jq -r '[.Results[].Vulnerabilities // [] | .[] | \"\\(.PkgName) \\(.VulnerabilityID)\"] | join(\",\")'"
            ).output.trimmingCharacters(in: .newlines)
        }
        #expect(try ids("--severity HIGH,critical") == "libcrypto3 CVE-2026-1,libssl3 CVE-2026-1,requests CVE-2026-3")
        #expect(try ids("--types library") == "requests CVE-2026-3")
        #expect(try ids("--types os --severity low") == "libcrypto3 CVE-2026-2,libssl3 CVE-2026-2")
        bench.scratch.file(".trivyignore", "CVE-2026-1\nCVE-2026-2 exp:2020-01-01\n")
        #expect(
            try ids("--ignore-unfixed")
                == "libcrypto3 CVE-2026-2,libssl3 CVE-2026-2,requests CVE-2026-3")
        #expect(try bench.shell("cat errors").output.contains("2 findings left out by the ignore file or statements\n"))
        bench.scratch.file(
            "vex.json",
            #"{"statements":[{"vulnerability":{"name":"CVE-2026-2"},"products":["pkg:apk/wolfi/libssl3"],"#
                + #""status":"not_affected","justification":"x"}]}"#)
        #expect(try ids("--vex vex.json --types os") == "libcrypto3 CVE-2026-2")
        #expect(
            try bench.shell(
                "cimg scan --format json --show-suppressed --vex vex.json --types os oci:layout:i 2>/dev/null | "
                    + "jq -c '[.Results[0].ExperimentalModifiedFindings[] | [.Finding.PkgName, .Status, .Statement]]'"
            ).output
                == #"[["libcrypto3","ignored","the ignore file"],["libssl3","ignored","the ignore file"],"#
                + #"["libssl3","not_affected","x"]]"# + "\n")
    }

    @Test func `exit codes tell what was asked for, and trouble above all`() throws {
        let bench = try Self.bench()
        #expect(try bench.cimg("scan", "--exit-code", "5", "oci:layout:i").code == 5)
        #expect(try bench.cimg("scan", "--exit-code", "5", "--severity", "MEDIUM", "oci:layout:i").code == 0)
        let old = try bench.cimg("scan", "--exit-on-eol", "7", "oci:layout:old")
        #expect(old.code == 7)
        #expect(old.errors.contains("alpine 3.17.9 IS PAST ITS END: it gets no mends since 2024-11-22"))
        #expect(old.output.contains("Total: 0 ("))
        let unknown = try bench.cimg("scan", "--exit-code", "5", "oci:layout:unknown")
        #expect(unknown.code == 2)
        // It must not read as an answer.
        #expect(!unknown.output.contains("Total: 0"))
        #expect(unknown.output.contains("NOT JUDGED: the database has no advisories of \"alpine 3.99\": 3 packages"))
        #expect(
            unknown.errors.contains(
                "cimg: \"oci:layout:unknown\": the database has no advisories of \"alpine 3.99\": 3 packages of the "
                    + "system could not be judged\n"))
        let recordless = try bench.cimg("scan", "--exit-code", "5", "oci:layout:recordless")
        #expect(recordless.code == 2)
        #expect(
            recordless.errors.contains(
                "it says that it is alpine 3.17.9, but has no record of its packages: its system could not be judged"))
        try expect(bench.cimg("scan", "--types", "library", "oci:layout:recordless").code, is: 0)
        let empty = try bench.cimg("scan", "oci:layout:empty")
        #expect(empty.code == 0)
        #expect(empty.errors.contains("no record of any package is in it"))
    }

    @Test func `several objects get a line each`() throws {
        let bench = try Self.bench()
        let outcome = try bench.cimg("scan", "oci:layout:i", "oci:layout:old", "oci:layout:unknown", "oci:layout:none")
        #expect(outcome.code == 2)
        #expect(
            outcome.output == """
                oci:layout:i: 1 CRITICAL, 2 HIGH, 2 LOW
                oci:layout:old: nothing found, past its end
                oci:layout:unknown: nothing found in what was judged, NOT WHOLLY JUDGED

                """)
        #expect(outcome.errors.contains("cimg: \"oci:layout:none\": "))
        try bench.cimg("import", "oci:layout:i", "one")
        try bench.cimg("import", "oci:layout:i", "two")
        #expect(try bench.cimg("scan", "--all").output == "one: 1 CRITICAL, 2 HIGH, 2 LOW\n")
        #expect(
            try bench.shell("cimg scan --format json --all oci:layout:old 2>/dev/null | jq -r .ArtifactName").output
                == "oci:layout:old\none\n")
    }

    @Test func `JSON has what the database knows, and SARIF and CycloneDX what others read`() throws {
        let bench = try Self.bench()
        #expect(
            try bench.shell(
                "cimg scan --format json oci:layout:i 2>/dev/null | jq -c '.Results[0].Vulnerabilities[0] | "
                    + "del(.Layer)'"
            ).output == #"""
                {"VulnerabilityID":"CVE-2026-1","PkgID":"libcrypto3@3.3.2-r0","PkgName":"libcrypto3",\#
                "PkgIdentifier":{"PURL":"pkg:apk/wolfi/libcrypto3@3.3.2-r0?arch=x86_64&distro=wolfi-20230201&upstream=openssl"},\#
                "InstalledVersion":"3.3.2-r0","FixedVersion":"3.3.2-r1","Status":"fixed",\#
                "SameVersion":["libssl3@3.3.2-r0"],"PrimaryURL":"https://avd.aquasec.com/nvd/cve-2026-1","DataSource":{"ID":"wolfi","Name":"Alpine Secdb",\#
                "URL":"https://secdb.alpinelinux.org/"},"Title":"openssl: a hole","Description":"A hole.","Severity":"HIGH",\#
                "CweIDs":["CWE-79"],"CVSS":{"nvd":{"V3Score":7.5,"V3Vector":"CVSS:3.1/AV:N"}},"References":["https://r"],\#
                "PublishedDate":"2026-01-02T03:04:05Z"}

                """#)
        #expect(
            try bench.shell(
                "cimg scan --format sarif oci:layout:i 2>/dev/null | jq -c '.runs[0] | [(.tool.driver.rules | map(.id)), "
                    + "(.results | map([.ruleId, .ruleIndex, .level])), "
                    + ".tool.driver.rules[0].properties.\"security-severity\"]'"
            ).output
                == #"[["CVE-2026-1","CVE-2026-2","CVE-2026-3"],[["CVE-2026-1",0,"error"],["CVE-2026-2",1,"note"],"#
                + #"["CVE-2026-1",0,"error"],["CVE-2026-2",1,"note"],["CVE-2026-3",2,"error"]],"7.5"]"# + "\n")
        #expect(
            try bench.shell(
                "cimg scan --format cyclonedx oci:layout:i 2>/dev/null | jq -c '[.vulnerabilities[] | "
                    + "[.id, .ratings[0].severity, (.affects | length)]]'"
            ).output == #"[["CVE-2026-1","high",2],["CVE-2026-2","low",2],["CVE-2026-3","critical",1]]"# + "\n")
    }

    @Test func `two objects are compared by what is known to be wrong with them`() throws {
        let bench = try Self.bench()
        let outcome = try bench.cimg("diff", "--vulnerabilities", "oci:layout:base", "oci:layout:i")
        #expect(outcome.code == 1)
        #expect(outcome.output == "A CVE-2026-3 CRITICAL python requests 2.31 (fixed in 2.32.0)\n0 fixed, 1 new\n")
        #expect(try bench.cimg("diff", "--vulnerabilities", "oci:layout:i", "oci:layout:i").code == 0)
        #expect(try bench.cimg("diff", "--vulnerabilities", "oci:layout:i", "oci:layout:unknown").code == 2)
        #expect(
            try bench.shell(
                "cimg diff --vulnerabilities --json oci:layout:i oci:layout:base 2>/dev/null | "
                    + "jq -c '.vulnerabilities | map([.change, .id])'"
            ).output == #"[["D","CVE-2026-3"]]"# + "\n")
    }

    @Test func `a database comes from an artifact, checked, and what was there stays where it is none`() throws {
        let bench = try Self.bench()
        _ = try bench.shell("rm -r store/advisories")
        #expect(
            try bench.cimg("scan", "oci:layout:i").errors.hasPrefix("cimg: no advisories: there is no "))
        let layer = LayerBuilder(.gzip) {
            $0.file("trivy.db", Self.database)
            $0.file("metadata.json", #"{"Version":2,"UpdatedAt":"2026-01-02T03:04:05.6Z","NextUpdate":"x"}"#)
        }.blob
        try Self.artifact(layer, in: bench)
        let taken = try bench.cimg("db", "update", "oci:artifact:db")
        #expect(taken.code == 0)
        #expect(taken.output.hasPrefix("advisories of 2026-01-02, "))
        #expect(taken.output.wholeMatch(of: /.* old\n3 sources, [0-9.]+ kB\n/) != nil, "\(taken.output)")
        #expect(
            try bench.shell("cimg db show --json | jq -c '[.updated, .has_metadata, .next, .sources]'").output
                == #"["2026-01-02T03:04:05Z",true,"x",["alpine 3.17","pip::GitHub Security Advisory Pip","wolfi"]]"#
                + "\n")
        #expect(try bench.cimg("db").output.contains("Sources:  3\n"))
        #expect(try bench.cimg("scan", "oci:layout:base").errors.contains("\"cimg db update\" fetches newer ones"))
        // Neither what is none nor what is cut off takes its place.
        bench.scratch.file("none", "no database")
        try expect(
            bench.cimg("db", "update", "none"),
            is: .trouble("\"none\": is no bbolt database, or both its metas are damaged"))
        var damaged = layer
        damaged[damaged.count / 2] ^= 1
        try Data(damaged).write(
            to: URL(fileURLWithPath: "\(bench.path)/artifact/blobs/sha256/\(Digest(of: layer).hex)"))
        #expect(try bench.cimg("db", "update", "oci:artifact:db").code == 2)
        #expect(try bench.cimg("db", "update", "oci:layout:i").errors.contains("is no database of advisories"))
        #expect(try bench.cimg("db", "show").output.contains("advisories of 2026-01-02, "))
        #expect(try bench.stored("advisories") == ["metadata.json", "trivy.db"])
        // Old metadata that cannot be taken away would tell a new database's age wrongly.
        bench.scratch.file("fresh.db", Self.database)
        _ = try bench.shell("cd store/advisories && mv metadata.json kept && mkdir metadata.json")
        let refused = try bench.cimg("db", "update", "fresh.db")
        #expect(refused.code == 2)
        #expect(refused.errors.contains("store/advisories: Is a directory"))
        #expect(try bench.stored("advisories") == ["kept", "metadata.json", "trivy.db"])
        _ = try bench.shell("cd store/advisories && rmdir metadata.json && mv kept metadata.json")
        // A damaged database is trouble, not an empty answer.
        _ = try bench.shell(
            "head -c 65536 /dev/zero | tr '\\0' x | dd of=store/advisories/trivy.db bs=4096 seek=2 conv=notrunc")
        let broken = try bench.cimg("scan", "oci:layout:i")
        #expect(broken.code == 2)
        #expect(broken.output.isEmpty)
    }

    private static func artifact(_ layer: [UInt8], in bench: Workbench) throws {
        func write(_ bytes: [UInt8]) throws -> String {
            let digest = Digest(of: bytes)
            bench.scratch.file("artifact/blobs/sha256/\(digest.hex)", bytes)
            return "\"digest\":\"\(digest)\",\"size\":\(bytes.count)"
        }
        let config = try write(Array("{}".utf8))
        let blob = try write(layer)
        let manifest = """
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",\
            "config":{"mediaType":"application/vnd.aquasec.trivy.config.v1+json",\(config)},\
            "layers":[{"mediaType":"application/vnd.aquasec.trivy.db.layer.v1.tar+gzip",\(blob)}]}
            """
        let top = try write(Array(manifest.utf8))
        bench.scratch.file("artifact/oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
        bench.scratch.file(
            "artifact/index.json",
            """
            {"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",\(top),\
            "annotations":{"org.opencontainers.image.ref.name":"db"}}]}
            """)
    }

    @Test func `what cannot be asked is refused`() throws {
        let bench = Workbench()
        #expect(try bench.cimg("scan").errors == "cimg: no object is named; --all takes the images of the store\n")
        try expect(
            bench.cimg("scan", "--db", "missing", "x"), is: .trouble("\"missing\": No such file or directory"))
        let bench2 = try Self.bench()
        #expect(
            try bench2.cimg("scan", "--severity", "BAD", "oci:layout:i").errors.contains("--severity \"BAD\": none of"))
        #expect(try bench2.cimg("scan", "--types", "x", "oci:layout:i").errors.contains("--types \"x\": none of"))
        #expect(try bench2.cimg("scan", "--format", "sarif", "a", "b").errors.contains("is of one object; name one"))
        #expect(try bench2.cimg("scan", "--ignore-file", "no", "oci:layout:i").errors.contains("\"no\": "))
    }
}
