// SPDX-License-Identifier: Apache-2.0

/// How much a finding matters.
package enum LintSeverity: String, CaseIterable, Comparable, Sendable {
    /// Worth knowing.
    case info
    /// Attributes differ between engines, or something could be better.
    case warning
    /// Some engine refuses the image or shows other content, or something is wrong.
    case error

    package static func < (left: LintSeverity, right: LintSeverity) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .info: 0
        case .warning: 1
        case .error: 2
        }
    }
}

/// Something that a rule has found.
package struct LintFinding: Sendable, Hashable {
    /// The rule.
    package var rule: LintRule
    /// The layer: 0 is the base; nil for what is in no layer.
    package var layer: Int?
    /// Which entry of the layer it is, counted from 0; nil for what is no entry.
    package var entry: Int?
    /// The path, with a slash at its start, or the name of a member of the configuration; may be empty.
    package var path: [UInt8]
    /// What there is to say beyond that; may be empty.
    package var detail: String

    /// Makes a finding.
    package init(
        _ rule: LintRule, layer: Int? = nil, entry: Int? = nil, path: [UInt8] = [], detail: String = ""
    ) {
        self.rule = rule
        self.layer = layer
        self.entry = entry
        self.path = path
        self.detail = detail
    }
}

/// What is known of a rule.
package struct LintFacts: Sendable {
    /// What severity its findings have.
    package let severity: LintSeverity
    /// What it finds, in a line.
    package let summary: String
    /// What engines show: names of engines, and what.
    package let engines: [(names: String, shown: String)]
    /// What to do.
    package let remedy: String
    /// How other tools call it.
    package let aliases: [String]

    init(
        _ severity: LintSeverity, _ summary: String, _ engines: [(names: String, shown: String)] = [],
        remedy: String, aliases: [String] = []
    ) {
        self.severity = severity
        self.summary = summary
        self.engines = engines
        self.remedy = remedy
        self.aliases = aliases
    }
}
