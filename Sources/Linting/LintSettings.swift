// SPDX-License-Identifier: Apache-2.0

import OCI
import YAML

/// Why settings of rules cannot be used.
package struct LintSettingsError: Error, Equatable, CustomStringConvertible {
    /// The file, the place and what is wrong.
    package let description: String
}

/// Which findings count, and how much: `.cimg-lint.yaml` and `.dockleignore`.
package struct LintSettings: Sendable {
    /// Findings that are not told.
    private struct Ignored: Sendable {
        let rules: Set<LintRule>
        /// A pattern of the path; nil for every path.
        let pattern: String?
    }

    private var ignored: [Ignored] = []
    private var severities: [LintRule: LintSeverity] = [:]
    /// Labels that an image must have.
    package private(set) var requiredLabels: [String] = []

    /// Everything counts as it is.
    package init() {}

    /// The severity of a rule.
    package func severity(of rule: LintRule) -> LintSeverity { severities[rule] ?? rule.facts.severity }

    /// Whether a finding is not told.
    ///
    /// - Parameters:
    ///   - finding: what a rule found, with its path.
    ///   - matches: whether a path matches a pattern.
    package func ignores(_ finding: LintFinding, matches: (_ pattern: String, _ path: [UInt8]) -> Bool) -> Bool {
        ignored.contains { entry in
            entry.rules.contains(finding.rule) && entry.pattern.map { matches($0, finding.path) } ?? true
        }
    }

    /// The patterns that are asked for.
    package var patterns: [String] { ignored.compactMap(\.pattern) }

    /// Leaves out a rule, by its name or another tool's.
    ///
    /// - Throws: `LintSettingsError` that begins with `name`, for a rule that there is not.
    package mutating func ignore(_ rule: String, path: String? = nil, name: String) throws(LintSettingsError) {
        let rules = LintRule.named(rule)
        guard !rules.isEmpty else {
            throw LintSettingsError(description: "\(name): \"\(rule.printable)\": no such rule")
        }
        ignored.append(Ignored(rules: Set(rules), pattern: path))
    }

    /// Adds a file of dockle: a rule in each line, comments after `#`; rules that are not judged here are passed by.
    package mutating func add(dockleIgnore bytes: [UInt8]) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let text = String(decoding: line.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self)
            let word = text.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
            let rules = LintRule.named(word)
            if !rules.isEmpty { ignored.append(Ignored(rules: Set(rules), pattern: nil)) }
        }
    }

    /// Adds a file of settings.
    ///
    /// - Parameters:
    ///   - bytes: its YAML, up to `YAMLValue.byteLimit`.
    ///   - name: the file, for messages.
    /// - Throws: `LintSettingsError`.
    package mutating func add(_ bytes: [UInt8], name: String) throws(LintSettingsError) {
        func problem(_ reason: String) -> LintSettingsError { LintSettingsError(description: "\(name): \(reason)") }
        let document: YAMLValue
        do {
            document = try YAMLValue(bytes, name: name)
        } catch {
            throw LintSettingsError(description: error.description)
        }
        guard case .mapping(let top) = document else { throw problem("is not a mapping") }
        for (key, value) in top.sorted(by: { $0.key < $1.key }) where !value.isNull {
            switch (key, value) {
            case ("ignore", .list(let entries)):
                for entry in entries { try addIgnored(entry, name) }
            case ("severity", .mapping(let members)):
                for (rule, value) in members { try setSeverity(rule, value, name) }
            case ("labels", .mapping(let members)):
                guard case .list(let labels)? = members["required"], members.count == 1 else {
                    throw problem("labels: has more or other than the list \"required\"")
                }
                for label in labels {
                    guard case .scalar(let text, _) = label else {
                        throw problem("labels: required: is no list of texts")
                    }
                    requiredLabels.append(text)
                }
            case ("ignore", _), ("severity", _), ("labels", _):
                throw problem("\(key): has not the form that it should have")
            default: throw problem("\(key.printable): there are ignore, severity and labels")
            }
        }
    }

    private mutating func addIgnored(_ entry: YAMLValue, _ name: String) throws(LintSettingsError) {
        func problem(_ reason: String) -> LintSettingsError {
            LintSettingsError(description: "\(name): ignore: \(reason)")
        }
        if case .scalar(let rule, _) = entry { return try ignore(rule, name: "\(name): ignore") }
        guard case .mapping(let members) = entry else { throw problem("an entry is neither a rule nor a mapping") }
        var texts: [String: String] = [:]
        for (key, value) in members {
            guard ["rule", "path", "reason"].contains(key), case .scalar(let text, _) = value else {
                throw problem("\(key.printable): there are rule, path and reason, each a text")
            }
            texts[key] = text
        }
        guard let rule = texts["rule"] else { throw problem("an entry names no rule") }
        guard texts["reason"]?.isEmpty == false else { throw problem("\(rule.printable): says no reason") }
        try ignore(rule, path: texts["path"], name: "\(name): ignore")
    }

    private mutating func setSeverity(
        _ rule: String, _ value: YAMLValue, _ name: String
    ) throws(LintSettingsError) {
        let rules = LintRule.named(rule)
        guard !rules.isEmpty, case .scalar(let text, _) = value else {
            throw LintSettingsError(description: "\(name): severity: \"\(rule.printable)\": no such rule")
        }
        guard let severity = LintSeverity(rawValue: text) else {
            throw LintSettingsError(
                description:
                    "\(name): severity: \(rule.printable): \"\(text.printable)\" is none of info, warning, error")
        }
        for rule in rules { severities[rule] = severity }
    }
}
