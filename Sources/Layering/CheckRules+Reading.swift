// SPDX-License-Identifier: Apache-2.0

import OCI
import YAML

extension CheckRules {
    /// Adds what a file says: dive's `.dive-ci` or `.dive.yaml`, or a file of the same form with more rules.
    ///
    /// - Parameters:
    ///   - bytes: its YAML, up to `YAMLValue.byteLimit`.
    ///   - name: the file, for messages.
    /// - Throws: `CheckRulesError`.
    package mutating func add(_ bytes: [UInt8], name: String) throws(CheckRulesError) {
        let document: YAMLValue
        do {
            document = try YAMLValue(bytes, name: name)
        } catch {
            throw CheckRulesError(error.description)
        }
        guard case .mapping(let top) = document else { throw CheckRulesError("\(name): is not a mapping") }
        guard let section = top["rules"], !section.isNull else { return }
        guard case .mapping(let rules) = section else { throw CheckRulesError("\(name): rules: is not a mapping") }
        var seen: [CheckRule: String] = [:]
        for (key, value) in rules.sorted(by: { $0.key < $1.key }) {
            let rule = try Self.rule(key, name)
            if let other = seen.updateValue(key, forKey: rule) {
                throw CheckRulesError("\(name): rules: \(other) and \(key) are the same rule")
            }
            switch value {
            case .scalar(let text, _):
                let isPattern = rule == .blockedPaths || rule == .blockedWaste
                if isPattern {
                    set(rule, patterns: value.isNull ? [] : [text])
                } else {
                    try set(key, to: value.isNull ? "" : text, name: name)
                }
            case .list(let items) where rule == .blockedPaths || rule == .blockedWaste:
                var patterns: [String] = []
                for item in items {
                    guard case .scalar(let text, _) = item else {
                        throw CheckRulesError("\(name): rules: \(key): is not a list of patterns")
                    }
                    patterns.append(text)
                }
                set(rule, patterns: patterns)
            default: throw CheckRulesError("\(name): rules: \(key): is neither a text nor a number")
            }
        }
    }
}
