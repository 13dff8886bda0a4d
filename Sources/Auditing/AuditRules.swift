// SPDX-License-Identifier: Apache-2.0

import OCI
import YAML

/// Why a file of rules cannot be used.
package struct AuditRulesError: Error, Equatable, CustomStringConvertible {
    /// The file, the place and what is wrong.
    package let description: String
}

/// The rules of a file.
package struct AuditRules: Sendable {
    /// The rules in the file's order.
    package private(set) var rules: [AuditRule] = []

    /// Rules of a file.
    private static let limit = 10_000

    /// Reads a file: `rules`, a list of mappings.
    ///
    /// What is not understood is an error: a rule that is not asked would be one that holds.
    package init(_ bytes: [UInt8], name: String) throws(AuditRulesError) {
        let document: YAMLValue
        do throws(YAMLError) {
            document = try YAMLValue(bytes, name: name)
        } catch {
            throw AuditRulesError(description: error.description)
        }
        let top = try Fields(document, place: name)
        try top.refuseOthers(than: ["rules"])
        guard case .list(let items)? = top.members["rules"] else {
            throw AuditRulesError(description: "\(name): has no list of rules")
        }
        guard !items.isEmpty, items.count <= Self.limit else {
            throw AuditRulesError(
                description: "\(name): rules: has \(items.isEmpty ? "none" : "more than \(Self.limit)")")
        }
        var ids: Set<String> = []
        for (number, item) in items.enumerated() {
            let rule = try Self.rule(try Fields(item, place: "\(name): rule \(number + 1)"))
            guard ids.insert(rule.id).inserted else {
                throw AuditRulesError(
                    description: "\(name): rule \(number + 1): \"\(rule.id.printable)\" is another's id")
            }
            rules.append(rule)
        }
    }

    private static let subjects = ["files", "find", "packages", "config", "vulnerabilities", "signatures"]

    private static func rule(_ fields: Fields) throws(AuditRulesError) -> AuditRule {
        try fields.refuseOthers(than: ["id", "severity", "reason"] + subjects)
        guard let id = try fields.text("id"), !id.isEmpty else { throw fields.problem("has no id") }
        let word = try fields.text("severity") ?? "medium"
        guard let severity = AuditSeverity(rawValue: word.lowercased()) else {
            let known = AuditSeverity.allCases.map(\.rawValue).joined(separator: ", ")
            throw fields.problem("severity: \"\(word.printable)\": none of \(known)")
        }
        let asked = subjects.filter { fields.members[$0] != nil }
        guard asked.count == 1, let subject = asked.first, let value = fields.members[subject] else {
            throw fields.problem("has \(asked.isEmpty ? "none" : "several") of \(subjects.joined(separator: ", "))")
        }
        if subject == "signatures" {
            guard case .scalar("required", _) = value else {
                throw fields.problem("signatures: must be written \"signatures: required\"")
            }
        }
        return AuditRule(
            id: id, severity: severity, reason: try fields.text("reason") ?? "",
            subject: try self.subject(subject, value, "\(fields.place): \(subject)"))
    }

    private static func subject(
        _ name: String, _ value: YAMLValue, _ place: String
    ) throws(AuditRulesError) -> AuditRule.Subject {
        if name == "signatures" { return .signatures }
        let fields = try Fields(value, place: place)
        switch name {
        case "files": return .files(try files(fields))
        case "find": return .find(try find(fields))
        case "packages": return .packages(try packages(fields))
        case "config": return .configuration(try configuration(fields))
        default: return .vulnerabilities(try vulnerabilities(fields))
        }
    }

    private static func files(_ fields: Fields) throws(AuditRulesError) -> AuditRule.FileRule {
        try fields.refuseOthers(than: [
            "path", "exists", "type", "mode", "max-mode", "owner", "group", "sha256", "target", "contains", "lacks",
        ])
        var rule = AuditRule.FileRule()
        rule.paths = try fields.texts("path")
        guard !rule.paths.isEmpty, rule.paths.allSatisfy({ $0.hasPrefix("/") }) else {
            throw fields.problem("path: must be absolute paths")
        }
        rule.exists = try fields.flag("exists") ?? true
        rule.type = try fields.text("type")
        rule.mode = try fields.mode("mode")
        rule.maximumMode = try fields.mode("max-mode")
        rule.owner = try fields.text("owner")
        rule.group = try fields.text("group")
        for text in try fields.texts("sha256") {
            guard let digest = Digest(hex: text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]) else {
                throw fields.problem("sha256: \"\(text.printable)\" is no digest")
            }
            rule.digests.append(digest.hex)
        }
        rule.target = try fields.text("target")
        rule.contains = try fields.texts("contains")
        rule.lacks = try fields.texts("lacks")
        if !rule.exists, fields.members.keys.contains(where: { $0 != "path" && $0 != "exists" }) {
            throw fields.problem("asks more of what must not be there")
        }
        return rule
    }

    private static func find(_ fields: Fields) throws(AuditRulesError) -> AuditRule.FindRule {
        try fields.refuseOthers(than: ["expression", "path", "except"])
        var rule = AuditRule.FindRule()
        guard let expression = try fields.text("expression") else { throw fields.problem("has no expression") }
        rule.expression = try words(expression, fields)
        let paths = try fields.texts("path")
        if !paths.isEmpty { rule.paths = paths }
        rule.except = try fields.texts("except")
        return rule
    }

    /// Words between blanks; quotation marks hold one together.
    private static func words(_ text: String, _ fields: Fields) throws(AuditRulesError) -> [String] {
        var words: [String] = []
        var word: String?
        var mark: Character?
        for character in text {
            if let end = mark {
                if character == end { mark = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                (mark, word) = (character, word ?? "")
            } else if character.isWhitespace {
                if let whole = word { words.append(whole) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard mark == nil else { throw fields.problem("expression: a quotation mark is not closed") }
        return words + [word].compactMap { $0 }
    }

    private static func packages(_ fields: Fields) throws(AuditRulesError) -> AuditRule.PackageRule {
        try fields.refuseOthers(than: ["forbidden", "required", "forbidden-licences", "verified", "owned"])
        var rule = AuditRule.PackageRule()
        rule.forbidden = try fields.texts("forbidden")
        rule.required = try fields.texts("required")
        rule.forbiddenLicences = try fields.texts("forbidden-licences")
        rule.isVerified = try fields.flag("verified") ?? false
        rule.isOwned = try fields.flag("owned") ?? false
        return rule
    }

    private static func configuration(_ fields: Fields) throws(AuditRulesError) -> AuditRule.ConfigurationRule {
        try fields.refuseOthers(than: ["equals", "matches", "present", "absent"])
        var rule = AuditRule.ConfigurationRule()
        rule.equals = try fields.table("equals")
        rule.matches = try fields.table("matches")
        rule.present = try fields.texts("present")
        rule.absent = try fields.texts("absent")
        return rule
    }

    private static func vulnerabilities(_ fields: Fields) throws(AuditRulesError) -> AuditRule.VulnerabilityRule {
        try fields.refuseOthers(than: ["severity", "fixable", "except", "max"])
        var rule = AuditRule.VulnerabilityRule()
        if let word = try fields.text("severity") {
            rule.severity = word.uppercased()
            guard ["UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"].contains(rule.severity) else {
                throw fields.problem("severity: \"\(word.printable)\": none of unknown, low, medium, high, critical")
            }
        }
        rule.isFixable = try fields.flag("fixable") ?? false
        rule.except = try fields.texts("except")
        if let text = try fields.text("max") {
            guard let count = Int(text), count >= 0 else { throw fields.problem("max: is no count") }
            rule.maximum = count
        }
        return rule
    }
}

/// The members of a mapping, with the place that messages name.
private struct Fields {
    let members: [String: YAMLValue]
    let place: String

    init(_ value: YAMLValue, place: String) throws(AuditRulesError) {
        guard case .mapping(let members) = value else {
            throw AuditRulesError(description: "\(place): is not a mapping")
        }
        self.members = members
        self.place = place
    }

    func problem(_ text: String) -> AuditRulesError { AuditRulesError(description: "\(place): \(text)") }

    func refuseOthers(than known: [String]) throws(AuditRulesError) {
        guard let other = members.keys.filter({ !known.contains($0) }).min() else { return }
        throw problem("\"\(other.printable)\": none of \(known.joined(separator: ", "))")
    }

    func text(_ key: String) throws(AuditRulesError) -> String? {
        guard let value = members[key], !value.isNull else { return nil }
        guard case .scalar(let text, _) = value else { throw problem("\(key): is not a text") }
        return text
    }

    /// A text, or a list of texts.
    func texts(_ key: String) throws(AuditRulesError) -> [String] {
        guard let value = members[key], !value.isNull else { return [] }
        guard case .list(let values) = value else { return [try text(key)].compactMap { $0 } }
        var texts: [String] = []
        for value in values {
            guard case .scalar(let text, _) = value else { throw problem("\(key): has what is no text") }
            texts.append(text)
        }
        return texts
    }

    func table(_ key: String) throws(AuditRulesError) -> [String: String] {
        guard let value = members[key], !value.isNull else { return [:] }
        let inner = try Fields(value, place: "\(place): \(key)")
        var table: [String: String] = [:]
        for name in inner.members.keys { table[name] = try inner.text(name) ?? "" }
        return table
    }

    func flag(_ key: String) throws(AuditRulesError) -> Bool? {
        switch try text(key) {
        case nil: return nil
        case "true": return true
        case "false": return false
        default: throw problem("\(key): is neither true nor false")
        }
    }

    func mode(_ key: String) throws(AuditRulesError) -> UInt16? {
        guard let text = try text(key) else { return nil }
        let digits = text.hasPrefix("0o") ? text.dropFirst(2) : text[...]
        guard let mode = UInt16(digits, radix: 8), mode <= 0o7777 else {
            throw problem("\(key): \"\(text.printable)\" is no mode as 0755")
        }
        return mode
    }
}
