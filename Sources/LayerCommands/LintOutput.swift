// SPDX-License-Identifier: Apache-2.0

import Console
import FileTree
import Linting
import OCI

/// Findings of rules as text, JSON, SARIF and annotations of GitHub.
struct LintOutput {
    let image: String
    let digest: String
    let report: LintReport
    let limit: Int

    func text(_ form: LintForm) -> String {
        switch form {
        case .text: lines
        case .json: json
        case .sarif: sarif
        case .github: annotations
        }
    }

    private func severity(_ finding: LintFinding) -> LintSeverity { report.settings.severity(of: finding.rule) }

    /// Where something is, and what it is.
    private static func place(_ finding: LintFinding) -> String {
        var words: [String] = []
        if let layer = finding.layer { words.append("layer \(layer)") }
        if let entry = finding.entry { words.append("entry \(entry)") }
        let path = Bytes.escaped(finding.path)
        let place = words.joined(separator: " ")
        return (place.isEmpty ? "" : place + ": ") + path + (finding.detail.isEmpty ? "" : ": \(finding.detail)")
    }

    private var lines: String {
        var text = ""
        var rest = report.findings[...]
        while let first = rest.first {
            let same = rest.prefix { $0.rule == first.rule }
            rest = rest.dropFirst(same.count)
            let names = ([first.rule.rawValue] + first.rule.facts.aliases).joined(separator: " ")
            text += "\(severity(first).rawValue): \(first.rule.facts.summary) (\(names))\n"
            let shown = limit == 0 ? same : same.prefix(limit)
            for finding in shown { text += "  \(Self.place(finding))\n" }
            if shown.count < same.count { text += "  … and \(same.count - shown.count) more\n" }
        }
        let counts = LintSeverity.allCases.reversed().map { counted(report.count($0), Self.noun($0)) }
        let ignored = report.ignoredCount > 0 ? ", \(report.ignoredCount) left out by settings" : ""
        return text + "\(image.printable): \(counts.joined(separator: ", "))\(ignored)\n"
    }

    private static func noun(_ severity: LintSeverity) -> String { severity == .info ? "remark" : severity.rawValue }

    private var json: String {
        var text = JSONText()
        text.beginObject()
        text.key("image")
        text.string(RawArguments.bytes(of: image))
        text.key("digest")
        text.string(digest)
        text.key("counts")
        text.beginObject()
        for severity in LintSeverity.allCases {
            text.key(severity.rawValue)
            text.number(report.count(severity))
        }
        text.key("ignored")
        text.number(report.ignoredCount)
        text.endObject()
        text.key("findings")
        text.beginArray()
        for finding in report.findings {
            text.beginObject()
            text.key("rule")
            text.string(finding.rule.rawValue)
            text.key("severity")
            text.string(severity(finding).rawValue)
            text.key("aliases")
            Self.write(finding.rule.facts.aliases, to: &text)
            text.key("message")
            text.string(finding.rule.facts.summary)
            if let layer = finding.layer {
                text.key("layer")
                text.number(layer)
            }
            if let entry = finding.entry {
                text.key("entry")
                text.number(entry)
            }
            text.key("path")
            text.string(finding.path)
            if !finding.detail.isEmpty {
                text.key("detail")
                text.string(finding.detail)
            }
            Self.writeEngines(finding.rule, to: &text)
            text.endObject()
        }
        text.endArray()
        text.endObject()
        return String(decoding: text.bytes, as: UTF8.self)
    }

    private static func write(_ words: [String], to text: inout JSONText) {
        text.beginArray()
        for word in words { text.string(word) }
        text.endArray()
    }

    private static func writeEngines(_ rule: LintRule, to text: inout JSONText) {
        guard !rule.facts.engines.isEmpty else { return }
        text.key("engines")
        text.beginObject()
        for (names, shown) in rule.facts.engines {
            text.key(names)
            text.string(shown)
        }
        text.endObject()
    }

    /// SARIF 2.1.0, as code hosting services show it.
    private var sarif: String {
        var text = JSONText()
        func member(_ key: String, _ value: String) {
            text.key(key)
            text.string(value)
        }
        text.beginObject()
        member("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
        member("version", "2.1.0")
        text.key("runs")
        text.beginArray()
        text.beginObject()
        text.key("tool")
        text.beginObject()
        text.key("driver")
        text.beginObject()
        member("name", "cimg lint")
        text.key("rules")
        text.beginArray()
        let rules = Set(report.findings.map(\.rule)).sorted { $0.rawValue < $1.rawValue }
        for rule in rules {
            text.beginObject()
            member("id", rule.rawValue)
            for (key, value) in [("shortDescription", rule.facts.summary), ("help", rule.facts.remedy)] {
                text.key(key)
                text.beginObject()
                member("text", value)
                text.endObject()
            }
            text.endObject()
        }
        text.endArray()
        text.endObject()
        text.endObject()
        text.key("results")
        text.beginArray()
        for finding in report.findings {
            text.beginObject()
            member("ruleId", finding.rule.rawValue)
            member("level", severity(finding) == .info ? "note" : severity(finding).rawValue)
            text.key("message")
            text.beginObject()
            member("text", "\(finding.rule.facts.summary): \(Self.place(finding))")
            text.endObject()
            text.key("locations")
            text.beginArray()
            text.beginObject()
            text.key("physicalLocation")
            text.beginObject()
            text.key("artifactLocation")
            text.beginObject()
            member("uri", Self.address(finding.path, image))
            text.endObject()
            text.endObject()
            text.endObject()
            text.endArray()
            text.endObject()
        }
        text.endArray()
        text.endObject()
        text.endArray()
        text.endObject()
        return String(decoding: text.bytes, as: UTF8.self)
    }

    /// A path as a relative address, its bytes percent-encoded; the image's name for what has no path.
    private static func address(_ path: [UInt8], _ image: String) -> String {
        let bytes = path.isEmpty ? Array(image.utf8) : path
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in bytes.drop(while: { $0 == UInt8(ascii: "/") }) {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-._~/".utf8.contains(byte)
            result += isPlain ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Workflow commands of GitHub.
    private var annotations: String {
        report.findings.map { finding in
            let level = severity(finding) == .info ? "notice" : severity(finding).rawValue
            func escaped(_ text: String) -> String {
                text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
            }
            return "::\(level) title=\(finding.rule.rawValue)::"
                + escaped("\(image.printable): \(finding.rule.facts.summary): \(Self.place(finding))") + "\n"
        }.joined()
    }
}

/// What a rule is, for people.
enum LintExplanation {
    /// The text of a rule; of `all` a line for each.
    static func text(_ name: String) throws -> String {
        if name == "all" {
            return TextTable.text(
                LintRule.allCases.map { rule in
                    [rule.rawValue, rule.facts.severity.rawValue, rule.facts.summary]
                })
        }
        let rules = LintRule.named(name)
        guard !rules.isEmpty else {
            throw CommandError("--explain \"\(name.printable)\": no such rule; \"--explain all\" lists them")
        }
        return rules.map { rule in
            let facts = rule.facts
            var lines = ["\(rule.rawValue) (\(facts.severity.rawValue)): \(facts.summary)"]
            lines += facts.engines.map { "  \($0.names): \($0.shown)" }
            lines.append("  what to do: \(facts.remedy)")
            if !facts.aliases.isEmpty { lines.append("  also called: \(facts.aliases.joined(separator: ", "))") }
            return lines.joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }
}
