// SPDX-License-Identifier: Apache-2.0

import OCI

/// What an image may be required to be.
package enum CheckRule: String, CaseIterable, Sendable {
    /// dive's efficiency.
    case lowestEfficiency = "lowest-efficiency"
    /// dive's wasted bytes.
    case highestWastedBytes = "highest-wasted-bytes"
    /// dive's wasted bytes as a part of what was added to the base.
    case highestUserWastedPercent = "highest-user-wasted-percent"
    /// Bytes of files that the tree does not show.
    case highestDeadBytes = "highest-dead-bytes"
    /// The same as a part of all bytes of files.
    case highestDeadPercent = "highest-dead-percent"
    /// Layers.
    case highestLayerCount = "highest-layer-count"
    /// Bytes of files in all layers.
    case highestSize = "highest-size"
    /// More bytes of files than the older image has.
    case highestGrowth = "highest-growth"
    /// More dead bytes than the older image has.
    case highestDeadGrowth = "highest-dead-growth"
    /// Paths that no layer may have, even if a later one takes them away.
    case blockedPaths = "blocked-paths"
    /// Paths that must not be among the dead files.
    case blockedWaste = "blocked-waste"

    /// How dive's older files spell it.
    var olderName: String? {
        switch self {
        case .lowestEfficiency: "lowestEfficiency"
        case .highestWastedBytes: "highestWastedBytes"
        case .highestUserWastedPercent: "highestUserWastedPercent"
        default: nil
        }
    }

    /// What it is where no file says anything; dive's own rules are as dive has them.
    var defaultText: String {
        switch self {
        case .lowestEfficiency: "0.9"
        case .highestUserWastedPercent: "0.1"
        case .highestDeadGrowth: "1MB"
        default: "disabled"
        }
    }

    /// A value, for messages.
    fileprivate var exampleText: String {
        switch self {
        case .lowestEfficiency: "0.9"
        case .highestUserWastedPercent, .highestDeadPercent: "5%"
        case .highestLayerCount: "20"
        case .blockedPaths, .blockedWaste: "'*/.git/*'"
        default: "20MB"
        }
    }

    /// Whether it says something of two images only.
    package var needsOlderImage: Bool { self == .highestGrowth || self == .highestDeadGrowth }

    /// What a text makes of it.
    fileprivate func threshold(_ text: String) -> CheckRules.Threshold? {
        switch self {
        case .lowestEfficiency, .highestUserWastedPercent, .highestDeadPercent:
            share(text.trimmed).flatMap { (0...1).contains($0) ? .share($0) : nil }
        case .highestLayerCount: UInt64(text.trimmed).map { .count($0) }
        case .blockedPaths, .blockedWaste: nil
        default: ByteCountText.parse(text.trimmed).map { .count($0) }
        }
    }

    /// A number, or a percentage: `5%` is 0.05.
    private func share(_ text: String) -> Double? {
        text.hasSuffix("%") ? Double(String(text.dropLast()).trimmed).map { $0 / 100 } : Double(text)
    }

    /// What a text must be that it does not understand.
    fileprivate var refusal: String {
        switch self {
        case .lowestEfficiency, .highestUserWastedPercent, .highestDeadPercent:
            "neither a number from 0 to 1 nor a percentage as 5%"
        case .highestLayerCount: "not a number"
        case .blockedPaths, .blockedWaste: "not a list of patterns"
        default: "not a size such as 20MB"
        }
    }
}

/// Why rules cannot be used.
package struct CheckRulesError: Error, Equatable, CustomStringConvertible {
    /// The file, the rule and what is wrong.
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Rules for an image with their thresholds: those of dive's `.dive-ci`, and more of the kind.
package struct CheckRules: Sendable {
    /// Where a rule draws the line.
    package enum Threshold: Hashable, Sendable {
        /// A part of a whole, 0…1.
        case share(Double)
        /// Bytes, or layers.
        case count(UInt64)
        /// Patterns of paths.
        case patterns([String])
    }

    /// The thresholds with the text of each; a rule that is off has none.
    private(set) var thresholds: [CheckRule: (value: Threshold, text: String)] = [:]

    /// The rules where no file says anything: dive's three with its defaults.
    package init() {
        for rule in CheckRule.allCases { set(rule, rule.defaultText) }
    }

    /// The threshold of a rule; nil where it is off.
    package subscript(rule: CheckRule) -> Threshold? { thresholds[rule]?.value }

    /// How the threshold was written.
    package func text(of rule: CheckRule) -> String { thresholds[rule]?.text ?? "disabled" }

    /// Whether a text switches a rule off.
    private static func isOff(_ text: String) -> Bool {
        ["", "disabled", "off", "false"].contains(text.trimmed.lowercased())
    }

    /// Sets a threshold by its text.
    ///
    /// - Returns: whether it can be understood.
    @discardableResult
    private mutating func set(_ rule: CheckRule, _ text: String) -> Bool {
        guard !Self.isOff(text) else {
            thresholds[rule] = nil
            return true
        }
        guard let value = rule.threshold(text) else { return false }
        thresholds[rule] = (value, text.trimmed)
        return true
    }

    /// Sets a rule as a command line does: `highest-dead-bytes=20MB`.
    ///
    /// - Parameters:
    ///   - key: the rule's name, or the older one that dive has for it.
    ///   - text: its threshold, or a word that switches it off; of patterns one, which is added.
    ///   - name: where that is said, for messages.
    /// - Throws: `CheckRulesError` that begins with `name`.
    package mutating func set(_ key: String, to text: String, name: String) throws(CheckRulesError) {
        let rule = try Self.rule(key, name)
        if rule == .blockedPaths || rule == .blockedWaste {
            var patterns: [String] = []
            if case .patterns(let known)? = thresholds[rule]?.value { patterns = known }
            return set(rule, patterns: patterns + [text])
        }
        guard set(rule, text) else {
            throw CheckRulesError("\(name): \(key): \"\(text.printable)\" is \(rule.refusal)")
        }
    }

    /// Sets a rule to what it is where nothing is said.
    ///
    /// - Throws: `CheckRulesError` that begins with `name`, also for a rule that needs a value.
    package mutating func setDefault(_ key: String, name: String) throws(CheckRulesError) {
        let rule = try Self.rule(key, name)
        guard !Self.isOff(rule.defaultText) else {
            throw CheckRulesError("\(name) \(key): needs a value: \(key)=\(rule.exampleText)")
        }
        set(rule, rule.defaultText)
    }

    /// Sets the patterns of a rule.
    mutating func set(_ rule: CheckRule, patterns: [String]) {
        thresholds[rule] = patterns.isEmpty ? nil : (.patterns(patterns), patterns.joined(separator: " "))
    }

    static func rule(_ key: String, _ name: String) throws(CheckRulesError) -> CheckRule {
        guard let rule = CheckRule.allCases.first(where: { $0.rawValue == key || $0.olderName == key }) else {
            let known = CheckRule.allCases.map(\.rawValue).joined(separator: ", ")
            throw CheckRulesError("\(name): \(key.printable): no such rule; there are \(known)")
        }
        return rule
    }
}
