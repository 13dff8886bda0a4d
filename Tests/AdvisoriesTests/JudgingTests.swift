// SPDX-License-Identifier: Apache-2.0

import OCI
import Packages
import TestSupport
import Testing

@testable import Advisories

/// How bad findings are, which are left out, when support ends, and what damaged databases say.
struct JudgingTests {
    private typealias Sample = SampleDatabase

    private func finding(
        _ id: String, details: String?, source: String? = nil, advisory: String = #"{"FixedVersion":"2"}"#,
        bucket: String = "alpine 3.20"
    ) throws -> VulnerabilityFinding? {
        var buckets: [String: BoltWriter.Value] = [bucket: Sample.advisories("a", [id: advisory])]
        if let details { buckets["vulnerability"] = .bucket([id: .text(details)]) }
        if let source { buckets["data-source"] = .bucket([bucket: .text(source)]) }
        let database = try Sample.database(buckets)
        let release = bucket.hasPrefix("debian") ? "ID=debian\nVERSION_ID=12\n" : "ID=alpine\nVERSION_ID=3.20.1\n"
        let (matching, _) = try SystemMatching.make(
            database, Sample.distribution(release), content: RedHatContent())
        let kind: PackageKind = bucket.hasPrefix("debian") ? .deb : .apk
        return try matching?.findings(Sample.package(kind, "a", "1")).first
    }

    @Test func `the severity is the advisory's, the source's, GitHub's, NVD's, or the summary's`() throws {
        let details = #"{"Severity":"LOW","VendorSeverity":{"nvd":4,"ghsa":3,"alpine":2,"base":1.0}}"#
        func severity(_ id: String, _ details: String?, _ source: String?) throws -> [String]? {
            try finding(id, details: details, source: source).map { [$0.severity.name, $0.severitySource] }
        }
        #expect(try severity("CVE-1", details, #"{"ID":"alpine","Name":"A","URL":"u"}"#) == ["MEDIUM", "alpine"])
        #expect(try severity("CVE-1", details, #"{"ID":"alpine","BaseID":"base"}"#) == ["LOW", "base"])
        #expect(try severity("CVE-1", details, #"{"ID":"other"}"#) == ["CRITICAL", "nvd"])
        #expect(try severity("GHSA-1", details, #"{"ID":"other"}"#) == ["HIGH", "ghsa"])
        #expect(try severity("CVE-1", #"{"Severity":"HIGH"}"#, nil) == ["HIGH", ""])
        #expect(try severity("CVE-1", "{}", nil) == ["UNKNOWN", ""])
        // One that was rejected stays.
        #expect(try severity("CVE-1", nil, nil) == ["UNKNOWN", ""])
        let own = try finding(
            "CVE-1", details: details, source: #"{"ID":"debian"}"#, advisory: #"{"Severity":3}"#, bucket: "debian 12")
        #expect(own?.severity == .high)
        #expect(own?.severitySource == "debian")
    }

    @Test(arguments: [
        ("CVE-2024-1", "https://avd.aquasec.com/nvd/cve-2024-1"), ("GHSA-a", "https://github.com/advisories/GHSA-a"),
        ("RUSTSEC-1", "https://osv.dev/vulnerability/RUSTSEC-1"),
        ("TEMP-1", "https://security-tracker.debian.org/tracker/TEMP-1"), ("DSA-1", "https://www.debian.org/x"),
    ])
    func `where to read on depends on the name`(id: String, address: String) throws {
        let found = try finding(
            id, details: #"{"References":["https://x","https://www.debian.org/x"]}"#, source: #"{"ID":"debian"}"#)
        #expect(found?.address == address)
    }

    @Test func `support ends at the end of a day`() throws {
        func end(_ release: String, _ time: String) throws -> EndOfLife {
            EndOfLife(
                try #require(Sample.distribution(release)), at: try #require(Moment(parsing: time)))
        }
        let alpine = "ID=alpine\nVERSION_ID=3.17.9\n"
        #expect(try end(alpine, "2024-11-22T23:59:59Z") == .maintained(until: "2024-11-22"))
        #expect(try end(alpine, "2024-11-23T00:00:00Z") == .ended("2024-11-22"))
        #expect(try end("ID=alpine\nVERSION_ID=9.9.9\n", "2024-11-23T00:00:00Z") == .unknown)
        #expect(try end("ID=debian\nVERSION_ID=13\n", "2026-01-01T00:00:00Z") == .maintained(until: nil))
        #expect(try end("ID=opensuse-leap\nVERSION_ID=15.1\n", "2026-01-01T00:00:00Z") == .ended("2020-11-30"))
        #expect(try end("ID=debian\nVERSION_ID=10\n", "2026-01-01T00:00:00Z") == .ended("2024-06-30"))
        #expect(try end("ID=ubuntu\nVERSION_ID=24.04\n", "2026-01-01T00:00:00Z") == .maintained(until: "2034-03-31"))
        #expect(try end("ID=wolfi\nVERSION_ID=2\n", "2026-01-01T00:00:00Z") == .maintained(until: nil))
        #expect(try end("ID=amzn\nVERSION_ID=2018.03\n", "2026-01-01T00:00:00Z") == .ended("2023-12-31"))
    }

    @Test func `a list leaves out what it names, until a day`() throws {
        let list = try IgnoreList(
            Array("# why\nCVE-1\n\nCVE-2 exp:2026-02-01 # soon\nRHSA-1\r\n".utf8), name: "list")
        let day = try #require(Moment(parsing: "2026-01-31T12:00:00Z"))
        let later = try #require(Moment(parsing: "2026-02-01T00:00:00Z"))
        func ignores(_ id: String, _ vendor: [String] = [], _ now: Moment) -> Bool {
            var finding = VulnerabilityFinding(id, installed: [], fixed: "", status: .unknown)
            finding.vendorIDs = vendor
            return list.entry(for: finding, in: PackageURL(type: "deb", name: []), at: [], now: now) != nil
        }
        #expect(ignores("CVE-1", [], later))
        #expect(ignores("CVE-2", [], day))
        #expect(!ignores("CVE-2", [], later))
        #expect(ignores("CVE-3", ["RHSA-1"], later))
        #expect(!ignores("CVE-3", [], later))
        let error = #expect(throws: AdvisoryError.self) {
            try IgnoreList(Array("a\nCVE-1 exp:soon\n".utf8), name: "list")
        }
        #expect(error?.description == "list: line 2: \"soon\" is no day as 2026-01-31")
    }

    @Test func `a list in YAML may name paths and packages`() throws {
        let text = """
            vulnerabilities:
              - id: CVE-1
                paths: ["usr/**/b.jar", "/opt/*"]
                statement: not reached
              - id: CVE-2
                purls: [pkg:npm/a@1.0.0, "pkg:npm/%40s/b"]
                expired_at: 2026-02-01
            misconfigurations: [{id: AVD-1}]
            """
        let list = try IgnoreList(yaml: Array(text.utf8), name: "l.yaml")
        func reason(_ id: String, _ url: String, _ path: String, _ day: String = "2026-01-01") throws -> String? {
            let finding = VulnerabilityFinding(id, installed: [], fixed: "", status: .unknown)
            let url = try #require(PackageURL(parsing: Array(url.utf8)))
            let now = try #require(Moment(parsing: "\(day)T00:00:00Z"))
            return list.entry(for: finding, in: url, at: Array(path.utf8), now: now)?.statement
        }
        #expect(try reason("CVE-1", "pkg:maven/x/b@1", "/usr/share/java/b.jar") == "not reached")
        #expect(try reason("CVE-1", "pkg:maven/x/b@1", "/usr/b.jar") == "not reached")
        #expect(try reason("CVE-1", "pkg:maven/x/b@1", "/usr/bb.jar") == nil)
        #expect(try reason("CVE-1", "pkg:maven/x/b@1", "/opt/x") == "not reached")
        #expect(try reason("CVE-1", "pkg:maven/x/b@1", "/opt/x/y") == nil)
        #expect(try reason("CVE-2", "pkg:npm/a@1.0.0", "/x") == "")
        #expect(try reason("CVE-2", "pkg:npm/a@1.0.1", "/x") == nil)
        #expect(try reason("CVE-2", "pkg:npm/%40s/b@7", "/x") == "")
        #expect(try reason("CVE-2", "pkg:npm/%40s/b@7", "/x", "2026-02-01") == nil)
        for (text, problem) in [
            ("vulnerabilities: [{paths: [a]}]", "entry 1: has no id"),
            ("vulnerabilities: [{id: a, path: x}]", "entry 1: \"path\": not one of"),
            ("vulnerabilities: [{id: a, purls: [npm/a]}]", "\"npm/a\" is no package URL"),
            ("vulnerabilities: [{id: a, expired_at: soon}]", "\"soon\" is no day"), ("- a", "is not a mapping"),
            ("vulnerabilities: {a: b}", "is not a list"), ("vulnerabilities: [{id: [a]}]", "id: is not a text"),
        ] {
            let error = #expect(throws: AdvisoryError.self) { try IgnoreList(yaml: Array(text.utf8), name: "l") }
            #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
        }
    }

    @Test func `a pattern of many stars costs little`() {
        let pattern = Array(String(repeating: "**a*", count: 200).utf8)
        #expect(!PathPattern.matches(Array(String(repeating: "a", count: 1000).utf8) + [0x62], pattern + [0x63]))
        #expect(PathPattern.matches(Array("a/b/c".utf8), Array("**".utf8)))
        #expect(PathPattern.matches(Array("a/b/c".utf8), Array("a/**/c".utf8)))
        #expect(PathPattern.matches(Array("a/c".utf8), Array("a/**/c".utf8)))
        #expect(!PathPattern.matches(Array("a/b/c".utf8), Array("a/*".utf8)))
    }

    @Test func `the last statement about a product decides`() throws {
        var statements = ExploitStatements()
        try statements.add(
            Array(
                #"""
                {"@context":"https://openvex.dev/ns/v0.2.0","statements":[
                {"vulnerability":{"name":"CVE-1"},"products":[{"@id":"pkg:apk/alpine/a"}],"status":"not_affected",
                 "justification":"vulnerable_code_not_present"},
                {"vulnerability":"CVE-2","products":["pkg:apk/alpine/a@1"],"status":"fixed"},
                {"vulnerability":{"name":"CVE-3"},"products":[{"@id":"pkg:oci/app@sha256%3Aab",
                 "subcomponents":[{"@id":"pkg:apk/alpine/a"}]}],"status":"not_affected"},
                {"vulnerability":{"@id":"https://x/CVE-4"},"products":[{"@id":"pkg:apk/alpine/a"}],"status":"not_affected"},
                {"vulnerability":{"name":"CVE-4"},"products":[{"@id":"pkg:apk/alpine/a"}],"status":"affected"}]}
                """#.utf8), name: "vex")
        try statements.add(
            Array(
                #"""
                {"bomFormat":"CycloneDX","specVersion":"1.6","vulnerabilities":[
                {"id":"CVE-5","analysis":{"state":"false_positive","detail":"no"},
                 "affects":[{"ref":"urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:apk/alpine/a@1"}]},
                {"id":"CVE-6","analysis":{"state":"exploitable"},"affects":[{"ref":"pkg:apk/alpine/a@1"}]}]}
                """#.utf8), name: "cdx")
        func status(_ id: String, _ url: String = "pkg:apk/alpine/a@1?arch=x86_64") throws -> [String]? {
            let finding = VulnerabilityFinding(id, installed: [], fixed: "", status: .unknown)
            let object = PackageURL(parsing: Array("pkg:oci/app@sha256%3Aab?arch=amd64".utf8))
            return statements.exclusion(
                of: finding, in: try #require(PackageURL(parsing: Array(url.utf8))), object: object
            ).map { [$0.status, $0.reason] }
        }
        #expect(try status("CVE-1") == ["not_affected", "vulnerable_code_not_present"])
        #expect(try status("CVE-1", "pkg:apk/alpine/b@1") == nil)
        #expect(try status("CVE-2") == ["fixed", ""])
        #expect(try status("CVE-2", "pkg:apk/alpine/a@2") == nil)
        #expect(try status("CVE-3") == ["not_affected", ""])
        #expect(try status("CVE-3", "pkg:apk/alpine/b@1") == nil)
        #expect(try status("CVE-4") == nil)
        #expect(try status("CVE-5") == ["not_affected", "no"])
        #expect(try status("CVE-6") == nil)
        for text in ["{}", "[]", "", #"{"bomFormat":"CycloneDX"}"#] {
            #expect(throws: AdvisoryError.self) { try statements.add(Array(text.utf8), name: "x") }
        }
    }

    @Test func `what is damaged or no database says so`() throws {
        func error(_ body: () throws -> Void) -> String? {
            do {
                try body()
                return nil
            } catch {
                return "\(error)"
            }
        }
        #expect(
            error { _ = try AdvisoryDatabase(Sample.file([1, 2, 3]), object: "db") }
                == "db: is no bbolt database, or both its metas are damaged")
        #expect(
            error { _ = try AdvisoryDatabase(Sample.file(BoltWriter.database(["x": .bucket([:])])), object: "db") }
                == "db: is a bbolt database, but not one of advisories")
        let damaged = try Sample.database(["alpine 3.20": Sample.advisories("a", ["CVE-1": "{", "CVE-2": "{}"])])
        #expect(
            error {
                _ = try Sample.findings(damaged, "ID=alpine\nVERSION_ID=3.20.1\n", Sample.package(.apk, "a", "1"))
            }?.hasPrefix("db: alpine 3.20: CVE-1: ") == true)
        #expect(
            error { _ = try AdvisoryMetadata(Array(#"{"Version":3}"#.utf8), name: "m") }
                == "m: the database has schema 3; only schema 2 is read")
        #expect(try damaged.names() == ["alpine 3.20"])
        let long = [UInt8](repeating: 0x61, count: 100_000)
        #expect(try damaged.advisories(of: long, in: "alpine 3.20").isEmpty)
    }

    @Test func `a database of many pages is searched in all of them`() throws {
        let packages = Dictionary(
            uniqueKeysWithValues: (0..<3000).map { number in
                ("package-\(number)", BoltWriter.Value.bucket(["CVE-\(number)": .text(#"{"FixedVersion":"2-r0"}"#)]))
            })
        let long = String(repeating: "x", count: 20_000)
        let database = try Sample.database([
            "alpine 3.20": .bucket(packages),
            "vulnerability": .bucket(["CVE-7": .text("{\"Description\":\"\(long)\"}")]),
        ])
        for number in [0, 7, 999, 1500, 2999] {
            #expect(
                try database.advisories(of: Array("package-\(number)".utf8), in: "alpine 3.20").map(\.id)
                    == ["CVE-\(number)"])
        }
        #expect(try database.advisories(of: Array("package-3000".utf8), in: "alpine 3.20").isEmpty)
        #expect(try database.details(of: "CVE-7")?.text.count == 20_000)
        #expect(try database.details(of: "CVE-8") == nil)
    }
}
