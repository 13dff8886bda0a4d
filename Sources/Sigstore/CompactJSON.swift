// SPDX-License-Identifier: Apache-2.0

package import OCI

extension JSONValue {
    /// The value as JSON without blanks, names in their order (RFC 8785 for what is signed here: no fractions).
    ///
    /// - Parameter escapesHTML: whether `<`, `>`, `&` and line separators are escaped, as programs in Go do.
    package func compactJSON(escapesHTML: Bool = false) -> [UInt8] {
        var text = ""
        write(to: &text, escapesHTML)
        return Array(text.utf8)
    }

    /// Writes the value; what was read is at most `DocumentLimit.depth` deep.
    private func write(to text: inout String, _ escapesHTML: Bool) {
        switch self {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .integer(let number): text += "\(number)"
        case .number(let number): text += "\(number)"
        case .string(let string): Self.write(string, to: &text, escapesHTML)
        case .array(let values):
            text += "["
            for (position, value) in values.enumerated() {
                if position > 0 { text += "," }
                value.write(to: &text, escapesHTML)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (position, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if position > 0 { text += "," }
                Self.write(member.key, to: &text, escapesHTML)
                text += ":"
                member.value.write(to: &text, escapesHTML)
            }
            text += "}"
        }
    }

    private static func write(_ string: String, to text: inout String, _ escapesHTML: Bool) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20,
                _ where escapesHTML && "<>&\u{2028}\u{2029}".unicodeScalars.contains(scalar):
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension StrictObject {
    /// An object that may be there.
    func object(_ key: String) -> JSONValue? {
        guard let value = members[key], value != .null else { return nil }
        return value
    }

    /// The values of an array; none where there is none.
    func array(_ key: String, limit: Int) throws(TrustError) -> [JSONValue] {
        switch members[key] {
        case nil, .null?: return []
        case .array(let values)?:
            guard values.count <= limit else { throw TrustError("\(key): has more than \(limit) entries") }
            return values
        default: throw TrustError("\(key): is not an array")
        }
    }

    /// A whole number, also one that is written as a string; nil where there is none.
    func integer(_ key: String) throws(TrustError) -> Int64? {
        switch members[key] {
        case nil: return nil
        case .integer(let number)?: return number
        case .string(let text)?:
            guard let number = Int64(text), "\(number)" == text else { throw TrustError("\(key): is not a number") }
            return number
        default: throw TrustError("\(key): is not a number")
        }
    }

    /// Bytes in base64 that must be there, written in the one way there is.
    func content(_ key: String) throws(TrustError) -> [UInt8] {
        guard let bytes = base64Bytes(try text(key)) else { throw TrustError("\(key): is not base64") }
        return bytes
    }

    /// Bytes in base64, where they are there.
    func contentIfPresent(_ key: String) throws(TrustError) -> [UInt8]? {
        members[key] == nil ? nil : try content(key)
    }

    /// A member that must be an object with these members at most.
    func inner(
        _ key: String, optional: Set<String>? = [], required: [String] = []
    ) throws(TrustError) -> StrictObject {
        guard let value = members[key] else { throw TrustError("Key \(quoted(key)) missing in a JSON object") }
        return try StrictObject(value, optional: optional, required: required)
    }
}

/// Bytes as hexadecimal digits.
func hexDigits(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// The bytes of lower-case hexadecimal digits; nil for any other text.
func hexBytes(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    guard rest.count % 2 == 0 else { return nil }
    while !rest.isEmpty {
        let pair = rest.prefix(2)
        guard pair.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }),
            let byte = UInt8(String(decoding: pair, as: UTF8.self), radix: 16)
        else { return nil }
        bytes.append(byte)
        rest = rest.dropFirst(2)
    }
    return bytes
}
