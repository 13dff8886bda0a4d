// SPDX-License-Identifier: Apache-2.0

import Packages
import TestSupport
import Testing

@testable import Advisories

/// Which advisories of languages apply: ranges of versions as each language has them.
struct LanguageMatchingTests {
    private typealias Sample = SampleDatabase

    struct Range: Sendable, CustomTestStringConvertible {
        let order: ConstraintOrder
        let range: String
        let inside: [String]
        let outside: [String]

        var testDescription: String { "\(order) \(range)" }
    }

    @Test(arguments: [
        Range(
            order: .npm, range: ">= 1.2.0, < 1.4.1", inside: ["1.2.0", "1.4.0", "1.4.1-rc.1"],
            outside: ["1.4.1", "1.1.9"]),
        Range(
            order: .npm, range: "<0.2.1 || >=1.0.0 <1.2.3", inside: ["0.2.0", "1.2.2"],
            outside: ["0.2.1", "1.2.3", "0.9.0"]),
        Range(order: .npm, range: "^1.2.3", inside: ["1.2.3", "1.99.0"], outside: ["2.0.0", "2.0.0-rc.1", "1.2.2"]),
        Range(order: .npm, range: "^0.2.3", inside: ["0.2.3", "0.2.9"], outside: ["0.3.0", "1.0.0"]),
        Range(order: .npm, range: "^0.0.3", inside: ["0.0.3"], outside: ["0.0.4"]),
        Range(order: .npm, range: "~1.2.3", inside: ["1.2.3", "1.2.9"], outside: ["1.3.0"]),
        Range(order: .npm, range: "~1", inside: ["1.0.0", "1.9.0"], outside: ["2.0.0", "0.9.0"]),
        Range(order: .npm, range: "1.2.x", inside: ["1.2.0", "1.2.7"], outside: ["1.3.0"]),
        Range(order: .npm, range: "1.2", inside: ["1.2.0", "1.2.7"], outside: ["1.3.0"]),
        Range(order: .npm, range: "*", inside: ["0.0.1", "9.9.9"], outside: []),
        Range(order: .npm, range: "1.2.3 - 2.3.4", inside: ["1.2.3", "2.3.4"], outside: ["1.2.2", "2.3.5"]),
        Range(order: .npm, range: ">1.2", inside: ["1.3.0"], outside: ["1.2.9"]),
        Range(order: .npm, range: "<=1.2", inside: ["1.2.9"], outside: ["1.3.0"]),
        Range(
            order: .pep440, range: ">=2.0,<2.2.8", inside: ["2.0", "2.2.7", "2.1rc1"],
            outside: ["2.2.8", "1.9", "2.2.8rc1"]),
        Range(order: .pep440, range: "<2.0", inside: ["1.9.post1"], outside: ["2.0", "2.0.dev1", "2.0a1"]),
        Range(order: .pep440, range: "<2.0a2", inside: ["2.0a1"], outside: ["2.0a2"]),
        Range(order: .pep440, range: ">1.0", inside: ["1.0.1"], outside: ["1.0", "1.0.post1"]),
        Range(order: .pep440, range: "==1.4.*", inside: ["1.4", "1.4.7", "1.4rc1"], outside: ["1.5", "1.3.9"]),
        Range(order: .pep440, range: "!=1.4.*", inside: ["1.5"], outside: ["1.4.1"]),
        Range(order: .pep440, range: "~=1.4.2", inside: ["1.4.2", "1.4.9"], outside: ["1.5", "1.4.1"]),
        Range(order: .pep440, range: "==1.0", inside: ["1.0", "1.0.0", "1.0+local"], outside: ["1.0.1"]),
        Range(order: .pep440, range: "===1.0", inside: ["1.0"], outside: ["1.0.0"]),
        Range(order: .gem, range: "~> 1.2.3", inside: ["1.2.3", "1.2.9"], outside: ["1.3", "1.2.2"]),
        Range(order: .gem, range: "~> 4.2, >= 4.2.5.1", inside: ["4.2.5.1", "4.9"], outside: ["5.0", "4.2.5"]),
        Range(order: .gem, range: "< 1.2.rc1", inside: ["1.2.beta1", "1.1"], outside: ["1.2"]),
        Range(
            order: .maven, range: ">= 2.13.0, < 2.15.0", inside: ["2.13.0", "2.14.1", "2.15.0-rc1"], outside: ["2.15.0"]
        ),
        Range(order: .maven, range: "[1.0,2.0)", inside: ["1.0", "1.9"], outside: ["2.0", "0.9"]),
        Range(order: .maven, range: "(,1.5]", inside: ["0.1", "1.5"], outside: ["1.5.1"]),
        Range(
            order: .generic(.semantic), range: ">= 1.18, < 1.20.5", inside: ["1.18.0", "1.20.4"],
            outside: ["1.20.5", "1.17.9"]),
        Range(order: .generic(.semantic), range: "^1.2", inside: ["1.2.0", "1.9"], outside: ["2.0.0"]),
        Range(order: .generic(.nuget), range: "= 1.0.0", inside: ["1.0.0", "1.0"], outside: ["1.0.1"]),
        Range(order: .generic(.composer), range: ">=1.0,<1.0.5", inside: ["1.0.4"], outside: ["1.0.5"]),
    ])
    func `a range has the versions that its language means`(_ range: Range) {
        for version in range.inside {
            #expect(range.order.matches(Array(version.utf8), [range.range]) == true, "\(version)")
        }
        for version in range.outside {
            #expect(range.order.matches(Array(version.utf8), [range.range]) == false, "\(version)")
        }
    }

    @Test func `what is no range is none, whatever its length`() {
        for text in [">=", "<>1", "=> =<", String(repeating: "^", count: 100_000)] {
            #expect(ConstraintOrder.npm.matches(Array("1.0.0".utf8), [text]) == nil, "\(text.prefix(20))")
        }
        #expect(ConstraintOrder.pep440.matches(Array("no version".utf8), ["<1"]) == nil)
        let many = String(repeating: "1.0.0 ", count: 20_000)
        #expect(ConstraintOrder.npm.matches(Array("1.0.0".utf8), [many]) == nil)
        let large = "^" + String(repeating: "9", count: 4000)
        #expect(ConstraintOrder.npm.matches(Array("1.0.0".utf8), [large]) == false)
    }

    private func findings(_ package: Package, _ buckets: [String: BoltWriter.Value]) throws -> [String] {
        let matching = try LanguageMatching(try Sample.database(buckets), [package.kind])
        return try matching.findings(package).map(Sample.text)
    }

    @Test func `all sources of a language are asked, and one advisory counts once`() throws {
        let buckets = [
            "pip::GitHub Security Advisory Pip": Sample.advisories(
                "django-x",
                [
                    "CVE-1": #"{"VulnerableVersions":[">=1.0, <1.5"],"PatchedVersions":["1.5","2.1"]}"#,
                    "CVE-2": #"{"VulnerableVersions":["<1.2", ">=2, <2.3"]}"#, "CVE-3": #"{"PatchedVersions":[">=3"]}"#,
                    "CVE-4": #"{"VulnerableVersions":[""]}"#, "CVE-5": #"{"UnaffectedVersions":["<2"]}"#,
                    "CVE-6": "{}",
                ]),
            "pip::Another": Sample.advisories("django-x", ["CVE-1": #"{"VulnerableVersions":["<9"]}"#]),
            "npm::Other": Sample.advisories("django-x", ["CVE-7": #"{"VulnerableVersions":["<9"]}"#]),
        ]
        #expect(
            try findings(Sample.package(.python, "Django_X", "1.1"), buckets)
                == [
                    "CVE-1 1.1 -> 1.5, 2.1 fixed UNKNOWN".replacing("1.5, 2.1 fixed", with: " affected"),
                    "CVE-2 1.1 -> 1.2, 2.3 fixed UNKNOWN", "CVE-3 1.1 -> >=3 fixed UNKNOWN",
                    "CVE-4 1.1 ->  affected UNKNOWN",
                ].map { $0.replacing("CVE-1 1.1 ->  affected", with: "CVE-1 1.1 -> 9 fixed") })
    }

    @Test func `names and versions are those of the language`() throws {
        let advisory = ["CVE-1": #"{"VulnerableVersions":["<1.5.0"]}"#]
        for (package, bucket, name) in [
            (Sample.package(.goModule, "github.com/A/b", "v1.4.0+incompatible"), "go::x", "github.com/A/b"),
            (Sample.package(.java, "core", "1.4.0", group: "Org.X"), "maven::x", "org.x:core"),
            (Sample.package(.npm, "@S/n", "1.4.0"), "npm::x", "@s/n"),
            (Sample.package(.gem, "Rack", "1.4.0"), "rubygems::x", "rack"),
            (Sample.package(.rustCrate, "time", "1.4.0"), "cargo::x", "time"),
            (Sample.package(.composer, "A/B", "v1.4.0"), "composer::x", "a/b"),
            (Sample.package(.dotnet, "Json", "1.4.0"), "nuget::x", "json"),
        ] {
            #expect(
                try findings(package, [bucket: Sample.advisories(name, advisory)]).count == 1, "\(bucket) \(name)")
        }
        let devel = Sample.package(.goModule, "m", "(devel)")
        #expect(
            try findings(devel, ["go::x": Sample.advisories("m", ["CVE-1": #"{"VulnerableVersions":[""]}"#])]).isEmpty)
        #expect(LanguageMatching.isCollected(.npm))
        #expect(!LanguageMatching.isCollected(.conda))
    }

    @Test func `a range that cannot be understood is told and finds nothing`() throws {
        let database = try Sample.database([
            "npm::x": Sample.advisories("a", ["CVE-1": #"{"VulnerableVersions":["<<1"]}"#])
        ])
        let matching = try LanguageMatching(database, [.npm])
        var warnings: [String] = []
        #expect(try matching.findings(Sample.package(.npm, "a", "1.0.0")) { warnings.append($0) }.isEmpty)
        #expect(warnings == ["npm::x: CVE-1: its versions cannot be compared with 1.0.0"])
        #expect(matching.hasData(of: .npm))
        #expect(!matching.hasData(of: .gem))
    }
}
