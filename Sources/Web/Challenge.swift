// SPDX-License-Identifier: Apache-2.0

/// What a registry demands before it answers: a `WWW-Authenticate` field (RFC 9110, section 11.6.1).
package enum Challenge: Equatable, Sendable {
    /// A name and a password (RFC 7617).
    case basic
    /// A token of a token server (RFC 6750, and the distribution project's "Token Authentication Specification").
    case bearer(realm: WebAddress, service: String?, scope: String?)

    /// The strongest challenge among the values of the fields that can be met; nil if there is none.
    package static func strongest(in fields: [String]) -> Challenge? {
        let challenges = fields.flatMap { parse($0) }
        return challenges.first { $0 != .basic } ?? challenges.first
    }

    /// The challenges of a field that are known, in its order.
    package static func parse(_ field: String) -> [Challenge] {
        guard field.utf8.count <= 8 << 10 else { return [] }
        var rest = field[...]
        var schemes: [(name: String, parameters: [String: String])] = []
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
            let word = rest.prefix(while: Self.isToken)
            guard !word.isEmpty else { break }
            rest = rest.dropFirst(word.count)
            let after = rest.drop { $0 == " " || $0 == "\t" }
            guard after.first == "=", var last = schemes.popLast() else {
                schemes.append((word.lowercased(), [:]))
                continue
            }
            rest = after.dropFirst().drop { $0 == " " || $0 == "\t" }
            guard let value = Self.takeValue(&rest) else { break }
            last.parameters[word.lowercased()] = value
            schemes.append(last)
        }
        return schemes.compactMap { scheme in
            switch scheme.name {
            case "basic": return .basic
            case "bearer":
                guard let realm = scheme.parameters["realm"].flatMap({ WebAddress(parsing: $0) }) else { return nil }
                return .bearer(
                    realm: realm, service: scheme.parameters["service"], scope: scheme.parameters["scope"])
            default: return nil
            }
        }
    }

    private static func takeValue(_ rest: inout Substring) -> String? {
        guard rest.first == "\"" else {
            let word = rest.prefix(while: isToken)
            rest = rest.dropFirst(word.count)
            return word.isEmpty ? nil : String(word)
        }
        rest.removeFirst()
        var value = ""
        while let character = rest.popFirst() {
            if character == "\"" { return value }
            guard character == "\\" else {
                value.append(character)
                continue
            }
            guard let escaped = rest.popFirst() else { return nil }
            value.append(escaped)
        }
        return nil
    }

    private static func isToken(_ character: Character) -> Bool {
        !character.isWhitespace && !"()<>@,;\\\"[]?={}".contains(character)
    }
}
