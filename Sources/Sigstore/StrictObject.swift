// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import OCI

/// A JSON object all of whose members are known; the smallest surprise refuses it.
///
/// Spelling counts, other than where engines read manifests: nobody takes `Type` for `type` here.
package struct StrictObject {
    /// The members.
    package let members: [String: JSONValue]

    /// Takes a value that must be an object.
    ///
    /// - Parameters:
    ///   - optional: names that may be there; nil for any.
    ///   - required: names that must be there.
    package init(_ value: JSONValue, optional: Set<String>? = [], required: [String] = []) throws(TrustError) {
        guard case .object(let members) = value else { throw TrustError("JSON object expected") }
        if let optional {
            let unknown = members.keys.filter { !optional.contains($0) && !required.contains($0) }
            if let first = unknown.min() { throw TrustError("Unknown key \(quoted(first))") }
        }
        for key in required where members[key] == nil {
            throw TrustError("Key \(quoted(key)) missing in a JSON object")
        }
        self.members = members
    }

    /// Reads a document.
    ///
    /// - Throws: `TrustError`: it is no JSON object, is too large, or has a member twice.
    package static func value(_ json: [UInt8], limit: Int) throws(TrustError) -> JSONValue {
        do throws(FormatError) {
            return try decode(JSONValue.self, json, name: "", limit: limit)
        } catch {
            if let key = error.repeatedName { throw TrustError("Duplicate key \(quoted(key))") }
            throw TrustError([error.place, error.cause].compactMap { $0 }.joined(separator: ": "))
        }
    }

    /// A string; nil where there is none.
    package func string(_ key: String) throws(TrustError) -> String? {
        switch members[key] {
        case nil: return nil
        case .string(let text)?: return text
        default: throw TrustError("\(key): is not a string")
        }
    }

    /// A string that must be there.
    package func text(_ key: String) throws(TrustError) -> String {
        guard let text = try string(key) else { throw TrustError("Key \(quoted(key)) missing in a JSON object") }
        return text
    }

    /// An array of strings; nil where there is none.
    package func strings(_ key: String) throws(TrustError) -> [String]? {
        guard let value = members[key] else { return nil }
        guard case .array(let values) = value else { throw TrustError("\(key): is not an array") }
        var strings: [String] = []
        for value in values {
            guard case .string(let text) = value else { throw TrustError("\(key): is not an array of strings") }
            strings.append(text)
        }
        return strings
    }

    /// Bytes in base64; nil where there are none.
    package func bytes(_ key: String) throws(TrustError) -> [UInt8]? {
        guard let text = try string(key) else { return nil }
        return try Self.bytes(text, key)
    }

    /// Several runs of bytes in base64; nil where there are none.
    package func byteRuns(_ key: String) throws(TrustError) -> [[UInt8]]? {
        guard let texts = try strings(key) else { return nil }
        var runs: [[UInt8]] = []
        for text in texts { runs.append(try Self.bytes(text, key)) }
        return runs
    }

    private static func bytes(_ text: String, _ key: String) throws(TrustError) -> [UInt8] {
        guard let bytes = base64Decoded(text) else { throw TrustError("\(key): is not base64") }
        return bytes
    }
}

/// The bytes that a text in base64 stands for (RFC 4648, section 4); line ends do not count.
package func base64Decoded(_ text: String) -> [UInt8]? {
    Data(base64Encoded: text.filter { $0 != "\n" && $0 != "\r" && $0 != "\r\n" }).map(Array.init)
}

/// Bytes in base64 with padding.
package func base64Encoded(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

/// A text in quotation marks, as messages show what a file says.
package func quoted(_ text: String) -> String {
    "\"" + text.printable.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
}
