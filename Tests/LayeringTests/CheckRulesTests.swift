// SPDX-License-Identifier: Apache-2.0

import FileTree
import Layering
import OCI
import TestSupport
import Testing

/// Rules for images: how they are written, and what they say.
@Suite(.timeLimit(.minutes(15))) struct CheckRulesTests {
    @Test(
        arguments: [
            ("20MB", 20_000_000), ("20 MiB", 20_971_520), ("1.5k", 1500), ("1,024", 1024), ("7", 7),
            ("3 GB", 3_000_000_000),
            ("2Ki", 2048), ("0b", 0),
        ] as [(String, UInt64)])
    func `sizes are read`(text: String, expected: UInt64) {
        #expect(ByteCountText.parse(text) == expected)
    }

    @Test(arguments: ["", "MB", "-1", "1 XB", "1e3", "99999999 EB", "nan", "0x10"])
    func `what is no size is refused`(text: String) {
        #expect(ByteCountText.parse(text) == nil)
    }

    private static func rules(_ yaml: String) throws -> CheckRules {
        var rules = CheckRules()
        try rules.add(Array(yaml.utf8), name: "f")
        return rules
    }

    @Test func `a file of dive is read in its older and newer spelling`() throws {
        let rules = try Self.rules(
            "rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20MB\n  highestUserWastedPercent: disabled\n")
        #expect(rules[.lowestEfficiency] == .share(0.95))
        #expect(rules[.highestWastedBytes] == .count(20_000_000))
        #expect(rules[.highestUserWastedPercent] == nil)
        #expect(try Self.rules("rules:\n  lowest-efficiency: 'off'\n")[.lowestEfficiency] == nil)
        #expect(try Self.rules("")[.lowestEfficiency] == .share(0.9))
        #expect(
            try Self.rules("rules:\n  blocked-paths: ['*/.git/*', /x]\n")[.blockedPaths]
                == .patterns(["*/.git/*", "/x"]))
    }

    @Test(arguments: [
        ("[]", "f: is not a mapping"), ("rules: []", "f: rules: is not a mapping"),
        (
            "rules:\n  lowestEfficiency: 1.1",
            "f: lowestEfficiency: \"1.1\" is neither a number from 0 to 1 nor a percentage as 5%"
        ),
        ("rules:\n  highest-size: many", "f: highest-size: \"many\" is not a size such as 20MB"),
        (
            "rules:\n  lowestEfficiency: 1\n  lowest-efficiency: 1",
            "f: rules: lowest-efficiency and lowestEfficiency are the same rule"
        ),
        ("rules:\n  highest-layer-count: [1]", "f: rules: highest-layer-count: is neither a text nor a number"),
    ])
    func `what is wrong with a file is told with its place`(yaml: String, expected: String) {
        let error = #expect(throws: CheckRulesError.self) { try Self.rules(yaml) }
        #expect(error?.description == expected)
    }

    @Test(
        arguments: [
            ("5%", 0.05), ("100 %", 1), ("0%", 0), ("0.05", 0.05), ("12.5%", 0.125),
        ] as [(String, Double)])
    func `a share is a number or a percentage`(text: String, expected: Double) throws {
        #expect(try Self.rules("rules:\n  highest-dead-percent: \(text)\n")[.highestDeadPercent] == .share(expected))
    }

    @Test(arguments: ["5", "%", "101%", "-1%", "5%%", "nan%", "inf%", "5% x"])
    func `what is no share is refused`(text: String) {
        var rules = CheckRules()
        let error = #expect(throws: CheckRulesError.self) {
            try rules.set("highest-dead-percent", to: text, name: "--rule")
        }
        #expect(
            error?.description
                == "--rule: highest-dead-percent: \"\(text)\" is neither a number from 0 to 1 nor a "
                + "percentage as 5%")
    }

    @Test func `an unknown rule is an error that lists those that are`() {
        let error = #expect(throws: CheckRulesError.self) { try Self.rules("rules:\n  lowestEficiency: 1\n") }
        #expect(error?.description.hasPrefix("f: lowestEficiency: no such rule; there are lowest-efficiency, ") == true)
    }

    private static func subject(_ layers: [[LayerItem]], digest: String = "1") throws -> CheckVerdict.Subject {
        let counted = LayerCostsTests.layers(layers)
        return CheckVerdict.Subject(
            digest: Digest(of: Array(digest.utf8)), costs: try LayerCosts(counted),
            figures: try DiveFigures(counted.map(\.entries), isCompatible: false))
    }

    @Test func `rules are judged one by one, and the verdict is a line`() throws {
        var rules = CheckRules()
        try rules.set("highest-dead-bytes", to: "4", name: "")
        try rules.set("highest-dead-percent", to: "50%", name: "")
        try rules.set("highest-layer-count", to: "2", name: "")
        try rules.set("blocked-waste", to: "/a", name: "")
        let subject = try Self.subject([[.file("a", "12345"), .file("b", "1")], [.file("a", "12345", mode: 0o600)]])
        let verdict = CheckVerdict(subject, rules: rules) { $0 == String(decoding: $1, as: UTF8.self) }
        #expect(
            verdict.lines.filter { $0.status != .skip }.map { "\($0.status.rawValue) \($0.rule.rawValue) \($0.reason)" }
                == [
                    "FAIL lowest-efficiency 0.5454 < 0.9", "FAIL highest-user-wasted-percent 2.0000 > 0.1",
                    "FAIL highest-dead-bytes 5 > 4", "PASS highest-dead-percent 45.45% <= 50%",
                    "PASS highest-layer-count 2 <= 2", "FAIL blocked-waste \"/a\"",
                ])
        #expect(
            verdict.summary == "verdict: fail reason=lowest-efficiency,highest-user-wasted-percent,highest-dead-bytes,"
                + "blocked-waste [pass:2 fail:4 skip:5]")
        #expect(!verdict.isPassed)
    }

    @Test(
        arguments: [
            (0, "0.0000"), (0.02629, "0.0262"), (1, "1.0000"), (12.5, "12.5000"), (1e20, "1e+20"), (.nan, "nan"),
        ] as [(Double, String)])
    func `shares have four digits, however large they are`(share: Double, expected: String) {
        #expect(CheckVerdict.share(share) == expected)
    }

    @Test func `an older image is what growth is measured by`() throws {
        var rules = CheckRules()
        try rules.set("highest-growth", to: "1", name: "")
        try rules.set("highest-dead-growth", to: "0", name: "")
        let (older, newer) = (
            try Self.subject([[.file("a", "123")]]), try Self.subject([[.file("a", "12345")]], digest: "2")
        )
        func replaced(_ image: CheckVerdict.Subject) -> CheckVerdict.Older {
            .init(digest: image.digest, costs: image.costs)
        }
        let grown = CheckVerdict(newer, older: replaced(older), rules: rules) { _, _ in false }
        #expect(grown.summary == "verdict: regression reason=highest-growth [pass:3 fail:1 skip:7]")
        let shrunk = CheckVerdict(older, older: replaced(newer), rules: rules) { _, _ in false }
        #expect(shrunk.summary == "verdict: ok [pass:4 fail:0 skip:7]")
        #expect(shrunk.lines.first { $0.rule == .highestGrowth }?.reason == "-2 <= 1")
        let same = CheckVerdict(older, older: replaced(older), rules: rules) { _, _ in false }
        #expect(same.summary == "verdict: noop digest=\(older.digest) [pass:4 fail:0 skip:7]")
    }
}
