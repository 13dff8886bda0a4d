// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Packages

/// Which of two versions is the greater one, by the tables of the tools' own tests and by hand.
@Suite(.timeLimit(.minutes(15))) struct VersionOrderTests {
    private func relation(_ order: VersionOrder, _ left: String, _ right: String) -> VersionRelation? {
        order.compare(Array(left.utf8), Array(right.utf8))
    }

    /// Every version of a list is less than all that come after it.
    private func expectAscending(_ order: VersionOrder, _ versions: [String]) {
        for (place, low) in versions.enumerated() {
            #expect(relation(order, low, low) == .equal, "\(low)")
            for high in versions[(place + 1)...] {
                #expect(relation(order, low, high) == .less, "\(low) < \(high)")
                #expect(relation(order, high, low) == .greater, "\(high) > \(low)")
            }
        }
    }

    private func expectEqual(_ order: VersionOrder, _ pairs: [(String, String)]) {
        for (left, right) in pairs {
            #expect(relation(order, left, right) == .equal, "\(left) = \(right)")
            #expect(relation(order, right, left) == .equal, "\(right) = \(left)")
        }
    }

    @Test func `apk's own table holds in every line`() throws {
        var count = 0
        for line in try Fixture.lines("versions/apk-version.data") {
            let fields = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let first = fields.first else { continue }
            count += 1
            guard fields.count == 3 else {
                let isWrong = first.hasPrefix("!")
                #expect(APKVersion.isValid(Array(first.utf8.dropFirst(isWrong ? 1 : 0))) != isWrong, "\(line)")
                continue
            }
            let isWrong = fields[1].hasPrefix("!")
            let operation = fields[1].drop { $0 == "!" }
            let found = APKVersion.compare(
                Array(fields[0].utf8), Array(fields[2].utf8), fuzzy: operation.contains("~"))
            let holds =
                (found == .less && operation.contains("<")) || (found == .greater && operation.contains(">"))
                || (found == .equal && (operation.contains("=") || operation.contains("~")))
            #expect(holds != isWrong, "\(line)")
        }
        #expect(count == 785)
    }

    @Test func `rpm's own table holds in every line`() throws {
        var count = 0
        for line in try Fixture.lines("versions/rpmvercmp.at") where line.hasPrefix("RPMVERCMP(") {
            let fields = line.dropFirst(10).prefix { $0 != ")" }.split(separator: ",").map {
                String($0.drop { $0 == " " })
            }
            try #require(fields.count == 3)
            count += 1
            let found = RPMVersion.compareSegments(Array(fields[0].utf8)[...], Array(fields[1].utf8)[...])
            #expect("\(found.rawValue)" == fields[2], "\(line)")
        }
        #expect(count == 91)
    }

    @Test func `rpm compares epochs first and releases last, and a missing release with none`() {
        expectAscending(.rpm, ["1.0-1", "1.0-2", "1.0-10", "1.1-1", "1:0.1-1", "2:0"])
        expectEqual(.rpm, [("1.0", "1.0-5"), ("0:1.0-1", "1.0-1"), ("1.0-1", "1.00-01")])
    }

    @Test func `dpkg's versions of its own tests compare as there`() {
        expectEqual(
            .dpkg,
            [
                ("0", "0:0"), ("0:0", "0:0-0"), ("0:0.0-0.0", "0.0-0.0"), ("0:0-00", "00-0"), ("1:2-3", "1:2-3"),
                (" 0:0-1 ", "0-1"), ("0:0:0-0", "0:0:0"), ("0:09azAZ.-+~:-0", "0:09azAZ.-+~:-0"),
            ])
        expectAscending(.dpkg, ["0-0", "1-1", "1-2", "1:0-0", "2:0"])
        expectAscending(.dpkg, ["0:a-0", "0:b-0"])
        expectAscending(
            .dpkg, ["1.0~~", "1.0~~a", "1.0~", "1.0~rc1", "1.0", "1.0-1", "1.0a", "1.0+b1", "1.0.1", "1.2", "1.10"])
    }

    @Test func `python's list of versions is ascending`() {
        expectAscending(
            .pep440,
            [
                "1.0.dev0", "1.0.dev456", "1.0.dev456+local", "1.0a0", "1.0a0.post0.dev0", "1.0a0.post0", "1.0a1.dev1",
                "1.0a1.dev1+local", "1.0a1", "1.0a1+local", "1.0b0", "1.0b1.dev456", "1.0b2", "1.0b2.post345.dev456",
                "1.0b2.post345", "1.0b2-346", "1.0rc0", "1.0rc1.dev1", "1.0c1", "1.0rc2", "1.0", "1.0.post0.dev0",
                "1.0.post0", "1.0.post456.dev34", "1.0.post456", "1.0.post456+local", "1.0.1.dev1", "1.0.1a1", "1.0.1",
                "1.0.1+local", "1.0.1.post1", "1.1.dev1", "1.2+a", "1.2+abc", "1.2+abcdef", "1.2+def", "1.2+0", "1.2+1",
                "1.2+1.abc", "1.2+1.1", "1.2+1.1.0", "1.2+2", "1.2+123", "1.2+123456", "1.2.r32+123456",
                "1.2.rev33+123456", "1!1.0.dev0", "1!1.0a1", "1!1.0",
            ])
        expectEqual(.pep440, [("v1.0", "1"), ("1.0-alpha-1", "1.0a1"), ("1.0 ", "1.0.0"), ("1.0+A_1", "1.0+a.1")])
        #expect(relation(.pep440, "lolwat", "1.0") == nil)
        #expect(relation(.pep440, "1.0+", "1.0") == nil)
    }

    @Test func `semantic versions are ascending as their standard says`() {
        expectAscending(
            .semantic,
            [
                "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
                "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0",
            ])
        expectAscending(.semantic, ["1.21rc2", "1.21", "1.21.1"])
        expectAscending(.semantic, ["v0.0.0-20170915032832-14c0d48ead0c", "v0.0.0-20180915032832-14c0d48ead0c"])
        expectEqual(.semantic, [("v1.2.3+a", "1.2.3+b"), ("1", "1.0.0")])
        #expect(relation(.semantic, "(devel)", "1.0.0") == nil)
    }

    @Test func `gem's versions of its own tests compare as there`() {
        expectEqual(.gem, [("1.2", "1.2.0"), ("1.2.b1", "1.2.b.1"), ("", "0"), ("1.0", " 1.0 ")])
        expectAscending(.gem, ["1.0.a", "1.0", "1.8.2.a", "1.8.2.a9", "1.8.2.a10", "1.8.2.b", "1.8.2"])
        expectAscending(.gem, ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"])
        #expect(relation(.gem, "junk", "1.0") == nil)
        #expect(relation(.gem, "1.0\n2.0", "1.0") == nil)
    }

    @Test func `maven's qualifiers are ascending`() {
        expectAscending(
            .maven,
            [
                "1-alpha2snapshot", "1-alpha2", "1-alpha-123", "1-beta-2", "1-beta123", "1-m2", "1-m11", "1-rc",
                "1-cr2", "1-rc123", "1-SNAPSHOT", "1", "1-sp", "1-sp2", "1-sp123", "1-abc", "1-def", "1-pom-1",
                "1-1-snapshot", "1-1", "1-2", "1-123",
            ])
        expectAscending(.maven, ["2.0.1", "2.0.1-klm", "2.0.1-lmn", "2.0.1-123"])
        expectAscending(.maven, ["6.1.0rc3", "6.1.0", "6.1H.5-beta"])
        expectAscending(.maven, ["20190126.230843", "1234567890.12345", "12345678901234567890.1H.5-beta"])
        expectEqual(
            .maven,
            [
                ("1", "1.0.0"), ("1", "1-0"), ("1a", "1.0.0-a"), ("1cr", "1rc"), ("1a1", "1-alpha-1"), ("1X", "1x"),
                ("1m3", "1MILESTONE3"), ("1ga", "1"), ("1Final", "1"), ("0000000000000000001", "1"),
            ])
    }

    @Test func `the other tools' versions are ascending`() {
        expectAscending(
            .alpm, ["1.0a", "1.0alpha", "1.0b", "1.0beta", "1.0rc", "1.0", "1.0.a", "1.0.1", "1.1", "1:0.1"])
        expectAscending(
            .portage, ["1.01", "1.1_alpha", "1.1_alpha1", "1.1_rc2", "1.1", "1.1-r1", "1.1_p", "1.1a", "1.1.1", "1.10"])
        expectAscending(.composer, ["1.0.0-dev", "1.0.0-alpha1", "1.0.0-beta2", "1.0.0-RC1", "1.0.0", "1.0.0-pl1"])
        expectAscending(.nuget, ["1.0.0-ALPHA", "1.0.0-beta", "1.0.0", "1.0.0.1"])
    }

    @Test func `a version that is too long is none`() {
        let long = [UInt8](repeating: 0x31, count: VersionOrder.longest + 1)
        for order in VersionOrder.allCases { #expect(order.compare(long, [0x31]) == nil) }
    }
}
