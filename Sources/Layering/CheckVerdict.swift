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
    }

    /// All rules in their order.
    package private(set) var lines: [Line] = []
    /// The digest that both images have, where an older one was given and is the same.
    package private(set) var unchanged: Digest?
    private let hasOlder: Bool

    /// Judges an image.
    ///
    /// - Parameters:
    ///   - older: the image that it replaces.
    ///   - matches: whether a path matches a pattern.
    package init(
        _ subject: Subject, older: Subject? = nil, rules: CheckRules,
        matches: (_ pattern: String, _ path: [UInt8]) -> Bool
    ) {
        hasOlder = older != nil
        if let older, older.digest == subject.digest { unchanged = subject.digest }
        for rule in CheckRule.allCases {
            guard let threshold = rules[rule] else {
                lines.append(Line(rule: rule, status: .skip, reason: "disabled"))
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
        _ rule: CheckRule, _ threshold: CheckRules.Threshold, _ text: String, _ subject: Subject, _ older: Subject?,
        _ matches: (String, [UInt8]) -> Bool
    ) -> Line {
        let total = subject.costs.total()
        func line(_ isKept: Bool, _ value: String, _ kept: String, _ broken: String) -> Line {
            Line(
                rule: rule, status: isKept ? .pass : .fail, reason: "\(value) \(isKept ? kept : broken) \(text)")
        }
        func atMost(_ value: UInt64, _ limit: UInt64) -> Line { line(value <= limit, "\(value)", "<=", ">") }
        func growth(_ value: UInt64, _ before: UInt64, _ limit: UInt64) -> Line {
            value >= before ? atMost(value - before, limit) : line(true, "-\(before - value)", "<=", ">")
        }
        switch (rule, threshold) {
        case (.lowestEfficiency, .share(let limit)):
            return line(!(subject.figures.efficiency < limit), share(subject.figures.efficiency), ">=", "<")
        case (.highestUserWastedPercent, .share(let limit)):
            return line(!(subject.figures.userWastedShare > limit), share(subject.figures.userWastedShare), "<=", ">")
        case (.highestDeadPercent, .share(let limit)):
            let value = 1 - total.visibleShare
            return line(value <= limit, share(value), "<=", ">")
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
        default: return Line(rule: rule, status: .skip, reason: "disabled")
        }
    }

    private static func found(_ rule: CheckRule, _ paths: [[UInt8]]) -> Line {
        guard let first = paths.first else { return Line(rule: rule, status: .pass, reason: "none is there") }
        let more = paths.count > 1 ? " and \(paths.count - 1) more" : ""
        return Line(rule: rule, status: .fail, reason: "\"\(Bytes.escaped(first))\"\(more)")
    }

    /// A part of a whole with four digits, cut: what is shown as 1 is 1.
    package static func share(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        let tenThousandths = Int(value * 10_000)
        let digits = String(tenThousandths % 10_000)
        return "\(tenThousandths / 10_000)." + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
