// SPDX-License-Identifier: Apache-2.0

import FileTree

/// What all rules say of an image.
package struct LintReport: Sendable {
    /// The findings that count: the most severe first, then by layer, entry and rule.
    package private(set) var findings: [LintFinding] = []
    /// How many findings the settings leave out.
    package private(set) var ignoredCount = 0
    /// The settings by which severities are told.
    package let settings: LintSettings

    /// Judges an image.
    ///
    /// - Parameters:
    ///   - layers: its layers, base first.
    ///   - configuration: what its configuration and history say.
    ///   - accounts: the bytes of `/etc/passwd`, `/etc/group` and `/etc/shadow`, where the tree has them.
    ///   - settings: what is left out, how severe rules are, and which labels must be there.
    ///   - matches: whether a path matches a pattern of the settings.
    /// - Throws: what reading the entries of layers does.
    package init(
        layers: [LintLayer], configuration: LintConfiguration, accounts: [String: [UInt8]], settings: LintSettings,
        matches: (_ pattern: String, _ path: [UInt8]) -> Bool
    ) throws {
        self.settings = settings
        var lint = LayerLint()
        for (index, layer) in layers.enumerated() { try lint.look(at: layer, index: index) }
        var all = lint.finish()
        all += ConfigurationLint.findings(of: configuration, requiredLabels: settings.requiredLabels)
        for (path, bytes) in accounts.sorted(by: { $0.key < $1.key }) { all += AccountLint.findings(path, bytes) }
        for finding in all {
            if settings.ignores(finding, matches: matches) { ignoredCount += 1 } else { findings.append(finding) }
        }
        findings.sort { first, second in
            let (one, other) = (settings.severity(of: first.rule), settings.severity(of: second.rule))
            if one != other { return one > other }
            if first.rule != second.rule { return first.rule.rawValue < second.rule.rawValue }
            if first.layer != second.layer { return (first.layer ?? -1) < (second.layer ?? -1) }
            if first.entry != second.entry { return (first.entry ?? -1) < (second.entry ?? -1) }
            return Bytes.precedes(first.path, second.path)
        }
    }

    /// How many findings have a severity.
    package func count(_ severity: LintSeverity) -> Int {
        findings.count { settings.severity(of: $0.rule) == severity }
    }
}
