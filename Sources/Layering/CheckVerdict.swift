// SPDX-License-Identifier: Apache-2.0

import FileTree
package import OCI

/// What rules say of an image.
package struct CheckVerdict: Sendable {
    /// An image as rules see it.
    package struct Subject: Sendable {
        /// Its manifest's digest.
        package let digest: Digest
        /// What its layers cost.
        package let costs: LayerCosts
        /// dive's figures of it.
        package let figures: DiveFigures
        /// Names that its layers have, deleted ones included, that match a pattern of `blocked-paths`.
        package var blocked: [String: [[UInt8]]] = [:]

        /// Puts facts together.
        package init(digest: Digest, costs: LayerCosts, figures: DiveFigures, blocked: [String: [[UInt8]]] = [:]) {
            self.digest = digest
            self.costs = costs
            self.figures = figures
            self.blocked = blocked
        }
    }

    /// The image that it replaces.
    package struct Older: Sendable {
        /// Its manifest's digest.
        package let digest: Digest
        /// What its layers cost.
        package let costs: LayerCosts

        /// Puts facts together.
        package init(digest: Digest, costs: LayerCosts) { (self.digest, self.costs) = (digest, costs) }
    }

    /// What became of a rule.
    package enum Status: String, Sendable {
        /// It is kept.
        case pass = "PASS"
        /// It is broken.
        case fail = "FAIL"
        /// It is off, or there is no older image that it could be asked of.
        case skip = "SKIP"
    }

    /// A rule with what became of it.
    package struct Line: Sendable {
        /// The rule.
        package let rule: CheckRule
        /// What became of it.
        package let status: Status
        /// Why: `0.87 < 0.9`.
        package let reason: String

        /// Whether nobody asks for it.
        package var isOff: Bool { status == .skip && reason == Self.off }

        /// The reason of a rule that is off.
        static let off = "disabled"
    }

    /// All rules in their order.
    package private(set) var lines: [Line] = []
    /// The digest that both images have, where an older one was given and is the same.
    package private(set) var unchanged: Digest?
    private let hasOlder: Bool

    /// Judges an image.
    ///
    /// - Parameters:
    ///   - subject: the image.
    ///   - older: the image that it replaces; nil for none, and rules that compare are skipped.
    ///   - rules: the rules with their thresholds.
    ///   - matches: whether a path matches a pattern.
    package init(
        _ subject: Subject, older: Older? = nil, rules: CheckRules,
        matches: (_ pattern: String, _ path: [UInt8]) -> Bool
    ) {
        hasOlder = older != nil
        if let older, older.digest == subject.digest { unchanged = subject.digest }
        for rule in CheckRule.allCases {
            guard let threshold = rules[rule] else {
                lines.append(Line(rule: rule, status: .skip, reason: Line.off))
                continue
            }
            if rule.needsOlderImage, older == nil {
                lines.append(Line(rule: rule, status: .skip, reason: "no older image to compare with"))
                continue
            }
            lines.append(Self.judge(rule, threshold, rules.text(of: rule), subject, older, matches))
        }
    }

    /// Whether every rule is kept.
    package var isPassed: Bool { lines.allSatisfy { $0.status != .fail } }

    /// How many rules have a status.
    package func count(_ status: Status) -> Int { lines.count { $0.status == status } }

    /// The whole in a line: `verdict: regression reason=highest-dead-growth [pass:2 fail:1 skip:8]`.
    package var summary: String {
        let failed = lines.filter { $0.status == .fail }.map(\.rule)
        let tally = "[pass:\(count(.pass)) fail:\(count(.fail)) skip:\(count(.skip))]"
        guard failed.isEmpty else {
            let isRegression = failed.contains(where: \.needsOlderImage)
            let reasons = failed.map(\.rawValue).joined(separator: ",")
            return "verdict: \(isRegression ? "regression" : "fail") reason=\(reasons) \(tally)"
        }
        if let unchanged { return "verdict: noop digest=\(unchanged) \(tally)" }
        return "verdict: ok \(tally)"
    }

    private static func judge(
        _ rule: CheckRule, _ threshold: CheckRules.Threshold, _ text: String, _ subject: Subject, _ older: Older?,
        _ matches: (String, [UInt8]) -> Bool
    ) -> Line {
        let total = subject.costs.total()
        func line(_ isKept: Bool, _ value: String, _ kept: String, _ broken: String) -> Line {
            Line(
                rule: rule, status: isKept ? .pass : .fail, reason: "\(value) \(isKept ? kept : broken) \(text)")
        }
        func part(_ value: Double, _ isKept: Bool, _ kept: String, _ broken: String) -> Line {
            line(isKept, text.hasSuffix("%") ? percent(value) : share(value), kept, broken)
        }
        func atMost(_ value: UInt64, _ limit: UInt64) -> Line { line(value <= limit, "\(value)", "<=", ">") }
        func growth(_ value: UInt64, _ before: UInt64, _ limit: UInt64) -> Line {
            value >= before ? atMost(value - before, limit) : line(true, "-\(before - value)", "<=", ">")
        }
        switch (rule, threshold) {
        case (.lowestEfficiency, .share(let limit)):
            return part(subject.figures.efficiency, !(subject.figures.efficiency < limit), ">=", "<")
        case (.highestUserWastedPercent, .share(let limit)):
            return part(subject.figures.userWastedShare, !(subject.figures.userWastedShare > limit), "<=", ">")
        case (.highestDeadPercent, .share(let limit)):
            let value = 1 - total.visibleShare
            return part(value, value <= limit, "<=", ">")
        case (.highestWastedBytes, .count(let limit)): return atMost(subject.figures.wastedByteCount, limit)
        case (.highestDeadBytes, .count(let limit)): return atMost(total.allDead, limit)
        case (.highestLayerCount, .count(let limit)): return atMost(UInt64(subject.costs.layers.count), limit)
        case (.highestSize, .count(let limit)): return atMost(total.payload, limit)
        case (.highestGrowth, .count(let limit)):
            return growth(total.payload, older?.costs.total().payload ?? 0, limit)
        case (.highestDeadGrowth, .count(let limit)):
            return growth(total.allDead, older?.costs.total().allDead ?? 0, limit)
        case (.blockedPaths, .patterns(let patterns)):
            return found(rule, patterns.flatMap { subject.blocked[$0] ?? [] })
        case (.blockedWaste, .patterns(let patterns)):
            let dead = subject.costs.deadFiles.map(\.path)
            return found(rule, dead.filter { path in patterns.contains { matches($0, path) } })
        default: return Line(rule: rule, status: .skip, reason: Line.off)
        }
    }

    private static func found(_ rule: CheckRule, _ paths: [[UInt8]]) -> Line {
        guard let first = paths.first else { return Line(rule: rule, status: .pass, reason: "none is there") }
        let more = paths.count > 1 ? " and \(paths.count - 1) more" : ""
        return Line(rule: rule, status: .fail, reason: "\"\(Bytes.escaped(first))\"\(more)")
    }

    /// The same as a percentage: `2.62%`.
    private static func percent(_ value: Double) -> String {
        guard value.isFinite, value < largest else { return "\(value * 100)%" }
        return decimal(Int(value * 10_000), places: 2) + "%"
    }

    /// A part of a whole with four digits, cut: what is shown as 1 is 1.
    package static func share(_ value: Double) -> String {
        guard value.isFinite, value < largest else { return "\(value)" }
        return decimal(Int(value * 10_000), places: 4)
    }

    /// From here on four digits say nothing, and would not fit into a number.
    private static let largest = 1e12

    private static func decimal(_ number: Int, places: Int) -> String {
        let digits = String(number)
        let all = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return "\(all.dropLast(places)).\(all.suffix(places))"
    }
}
