// SPDX-License-Identifier: Apache-2.0

import Bolt
import OCI
import Packages
import Testing

@testable import Advisories
@testable import AdvisoryFeeds

/// Advisories of collectors: read, written as a database, and judged by as those of any other.
@Suite(.timeLimit(.minutes(15))) struct FeedTests {
    private func database(_ collection: AdvisoryCollection) throws -> AdvisoryDatabase {
        var pages: [UInt8] = []
        let head = try withExtendedLifetime(pages) {
            let sink = Sink()
            let head = try collection.write { sink.bytes += $0 }
            pages = sink.bytes
            return head
        }
        let bytes = head + pages
        let file = BoltFile(object: "feed") { (offset, count) throws(BoltError) in
            Array(bytes.dropFirst(Int(offset)).prefix(count))
        }
        return try AdvisoryDatabase(file, object: "feed")
    }

    private final class Sink {
        var bytes: [UInt8] = []
    }

    private func collection(_ documents: String...) throws -> AdvisoryCollection {
        var collection = AdvisoryCollection()
        for (number, document) in documents.enumerated() {
            try collection.add(Array(document.utf8), name: "d\(number)")
        }
        return collection
    }

    private func findings(
        _ collection: AdvisoryCollection, _ kind: PackageKind, _ name: String, _ version: String
    ) throws -> [VulnerabilityFinding] {
        let matching = try LanguageMatching(try database(collection), [kind])
        return try matching.findings(Package(kind, name: Array(name.utf8), version: Array(version.utf8)))
    }

    private func system(
        _ collection: AdvisoryCollection, _ release: String, _ kind: PackageKind, _ name: String, _ version: String
    ) throws -> [VulnerabilityFinding] {
        let distribution = Distribution(OSRelease(Array(release.utf8)), files: [:])
        let (matching, judgement) = try SystemMatching.make(
            try database(collection), distribution, content: RedHatContent())
        #expect(judgement == .judged)
        return try #require(matching).findings(Package(kind, name: Array(name.utf8), version: Array(version.utf8)))
    }

    private let python = """
        {"id":"GHSA-1","aliases":["CVE-2026-1","PYSEC-1"],"summary":"a hole","details":"A \\"hole\\"\\n\\u0001.",
         "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
         "references":[{"type":"WEB","url":"https://r"}],
         "affected":[{"package":{"ecosystem":"PyPI","name":"My_Lib"},"versions":["1.0","1.1","0.5b"],
          "ranges":[{"type":"GIT","events":[{"introduced":"0"}]},
           {"type":"ECOSYSTEM","events":[{"introduced":"1.0"},{"fixed":"1.2"},{"introduced":"2.0"},{"last_affected":"2.1"}]}]},
          {"package":{"ecosystem":"Hex","name":"x"},"versions":["1"]}]}
        """

    @Test func `records of OSV judge packages of languages`() throws {
        let collection = try collection(
            python,
            """
            {"id":"PYSEC-1","aliases":["CVE-2026-1"],"affected":[{"package":{"ecosystem":"PyPI","name":"my-lib"},
             "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"3"}]}]}]}
            """,
            #"{"id":"GHSA-2","withdrawn":"2026-01-01T00:00:00Z","affected":[]}"#)
        #expect(collection.count == 1)
        #expect(collection.leftOut == ["ecosystem \"Hex\"": 1, "withdrawn": 1])
        for (version, isFound) in [
            ("0.9", false), ("1.0", true), ("1.1.9", true), ("1.2", false), ("2.1", true), ("2.2", false),
            ("0.5b0", true), ("3.1", true),
        ] { #expect(try findings(collection, .python, "my-lib", version).isEmpty != isFound, "\(version)") }
        let found = try #require(try findings(collection, .python, "my_lib", "1.1").first)
        #expect(found.id == "CVE-2026-1")
        #expect(found.vendorIDs == ["GHSA-1", "PYSEC-1"])
        #expect(found.fixed == "1.2")
        #expect(found.severity == .critical)
        #expect(found.details?.title == "a hole")
        #expect(found.details?.text == "A \"hole\"\n\u{1}.")
        #expect(found.details?.score == 9.8)
        #expect(found.details?.references == ["https://r"])
    }

    @Test func `records of OSV judge packages of distributions`() throws {
        let collection = try collection(
            """
            {"id":"DSA-1","upstream":["CVE-2026-1","CVE-2026-2"],"affected":[{"package":{"ecosystem":"Debian:12",
             "name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.0.11-1"}]}]}]}
            """,
            """
            {"id":"ALPINE-CVE-2026-3","upstream":["CVE-2026-3"],"affected":[{"package":{"ecosystem":"Alpine:v3.17",
             "name":"musl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"1.2.0"},{"fixed":"1.2.4-r0"}]}]}]}
            """)
        let debian = "ID=debian\nVERSION_ID=12\n"
        #expect(try system(collection, debian, .deb, "openssl", "3.0.10-1").map(\.id) == ["CVE-2026-1", "CVE-2026-2"])
        #expect(try system(collection, debian, .deb, "openssl", "3.0.11-1").isEmpty)
        let alpine = "ID=alpine\nVERSION_ID=3.17.2\n"
        #expect(try system(collection, alpine, .apk, "musl", "1.2.3-r0").map(\.fixed) == ["1.2.4-r0"])
        #expect(try system(collection, alpine, .apk, "musl", "1.1.0-r0").isEmpty)
    }

    @Test func `lists of Alpine and Debian are read`() throws {
        let alpine = try collection(
            """
            {"distroversion":"v3.19","reponame":"main","urlprefix":"https://dl-cdn.alpinelinux.org/alpine","packages":[
             {"pkg":{"name":"xz","secfixes":{"5.6.1-r2":["CVE-2024-1 CVE_2024-2 (GHSA-1)"],"0":["CVE-2024-3"]}}},
             {"pkg":{"name":"none","secfixes":null}}]}
            """)
        let release = "ID=alpine\nVERSION_ID=3.19.0\n"
        #expect(try system(alpine, release, .apk, "xz", "5.6.0-r0").map(\.id) == ["CVE-2024-1", "CVE-2024-2"])
        let debian = try collection(
            """
            {"zlib":{"CVE-2024-1":{"description":"zlib: a hole","releases":{
              "bookworm":{"status":"open","urgency":"low**","fixed_version":""},
              "trixie":{"status":"resolved","fixed_version":"1:1.3","urgency":"high"},
              "bullseye":{"status":"resolved","fixed_version":"0","urgency":"unimportant"},
              "sid":{"status":"resolved","fixed_version":"1:1.3"}}},
             "CVE-2024-2":{"releases":{"bookworm":{"status":"undetermined","urgency":"not yet assigned"}}}}}
            """)
        let found = try system(debian, "ID=debian\nVERSION_ID=12\n", .deb, "zlib", "1:1.2")
        #expect(found.map(\.id) == ["CVE-2024-1"])
        #expect(found.first?.severity == .low)
        #expect(found.first?.fixed == "")
        #expect(found.first?.details?.title == "zlib: a hole")
        #expect(try system(debian, "ID=debian\nVERSION_ID=13\n", .deb, "zlib", "1:1.3").isEmpty)
        #expect(debian.leftOut == ["release \"sid\"": 1])
    }

    @Test func `many advisories make a database of many pages`() throws {
        var collection = AdvisoryCollection()
        for number in 0..<3000 {
            try collection.add(
                Array(
                    """
                    {"id":"CVE-\(number)","details":"\(String(repeating: "x", count: number % 7 * 1500))",
                     "affected":[{"package":{"ecosystem":"npm","name":"p\(number % 1500)"},
                     "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.0"}]}]}]}
                    """.utf8), name: "d")
        }
        let database = try database(collection)
        let matching = try LanguageMatching(database, [.npm])
        for number in [0, 1, 749, 1499] {
            let name = Array("p\(number)".utf8)
            let found = try matching.findings(Package(.npm, name: name, version: Array("0.1.0".utf8)))
            #expect(Set(found.map(\.id)) == ["CVE-\(number)", "CVE-\(number + 1500)"])
        }
        #expect(try database.details(of: "CVE-6")?.text.count == 9000)
        #expect(try database.names() == ["npm::OSV"])
    }

    @Test(arguments: [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8), ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8), ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0), ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:L", 3.7),
    ])
    func `scores are those of the specification`(_ vector: String, _ score: Double) {
        #expect(SeverityScore.base(vector) == score)
    }

    @Test func `what a record can cost is bounded`() throws {
        func record(aliases: Int, affected: Int = 1, events: Int = 0, versions: [String] = []) -> String {
            let names = (0..<aliases).map { "\"CVE-\($0)\"" }.joined(separator: ",")
            let range = (0..<events).map { "{\"introduced\":\"\($0 * 2)\"},{\"fixed\":\"\($0 * 2 + 1)\"}" }
            let package = """
                {"package":{"ecosystem":"PyPI","name":"a"},"versions":[\(versions.map { "\"\($0)\"" }.joined(separator: ","))],
                 "ranges":[{"type":"ECOSYSTEM","events":[\(range.joined(separator: ","))]}]}
                """
            return """
                {"id":"G","aliases":[\(names)],"affected":[\(Array(repeating: package, count: affected).joined(separator: ","))]}
                """
        }
        var collection = AdvisoryCollection()
        #expect(throws: FormatError("d", "tells of more than 1000 vulnerabilities")) {
            try collection.add(Array(record(aliases: 1001, versions: ["1"]).utf8), name: "d")
        }
        #expect(throws: FormatError("d", "says more than 250000 times that a package has a vulnerability")) {
            try collection.add(Array(record(aliases: 1000, affected: 251, versions: ["1"]).utf8), name: "d")
        }
        #expect(collection.count == 0)
        // So many that each is not compared with each; what stands twice is there once.
        let versions = (0..<2000).map { "\($0 * 2 + 1)" }
        for _ in 0..<2 {
            try collection.add(Array(record(aliases: 1, events: 2000, versions: versions).utf8), name: "d")
        }
        #expect(collection.count == 1)
        #expect(try findings(collection, .python, "a", "7").map(\.id) == ["CVE-0"])
        #expect(try findings(collection, .python, "a", "3999.5").isEmpty)
    }

    @Test func `damaged documents are refused or bounded`() throws {
        #expect(SeverityScore.base("CVSS:4.0/AV:N") == nil)
        #expect(SeverityScore.base("CVSS:3.1/AV:N/AC") == nil)
        for document in [
            "", "[]", #"{"id":1}"#, #"{"id":"a","affected":{}}"#, #"{"distroversion":"3.1"}"#,
            #"{"urlprefix":"https://x"}"#,
            #"{"zlib":{"CVE-1":{"releases":[]}}}"#, String(repeating: "[", count: 100_000),
        ] {
            var collection = AdvisoryCollection()
            #expect(throws: FormatError.self, "\(document.prefix(40))") {
                try collection.add(Array(document.utf8), name: "d")
            }
        }
        let whole = Array(python.utf8)
        for place in stride(from: 0, to: whole.count, by: 3) {
            for byte in [0, UInt8(ascii: "\""), 0xFF] as [UInt8] {
                var damaged = whole
                damaged[place] = byte
                var collection = AdvisoryCollection()
                // Whether it can be read does not matter here.
                _ = try? collection.add(damaged, name: "d")
                _ = try database(collection)
            }
        }
    }
}
