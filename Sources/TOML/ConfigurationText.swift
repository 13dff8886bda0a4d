// SPDX-License-Identifier: Apache-2.0

/// What is needed of a configuration file in TOML: the strings, lists of strings and truth values of its tables.
///
/// Values of other types are passed over, as are lines that are no TOML: the engine is the judge of its file.
package struct ConfigurationText: Sendable {
    /// A value.
    package enum Value: Sendable, Hashable {
        /// A string.
        case string(String)
        /// An array of strings.
        case strings([String])
        /// `true` or `false`.
        case bool(Bool)
    }

    /// The values by their table's and their own names.
    package private(set) var values: [[String]: Value] = [:]

    /// The string of a key; an empty one counts as missing.
    package func string(_ key: String...) -> String? {
        guard case .string(let value) = values[key], !value.isEmpty else { return nil }
        return value
    }

    /// The strings of a key.
    package func strings(_ key: String...) -> [String]? {
        guard case .strings(let value) = values[key] else { return nil }
        return value
    }

    /// Whether a key is true; a string that says so is taken as it.
    package func isTrue(_ key: String...) -> Bool {
        switch values[key] {
        case .bool(let value): value
        case .string(let value): value == "true"
        default: false
        }
    }

    /// Reads a text.
    package init(text: [UInt8]) {
        var scanner = Scanner(bytes: text)
        var table: [String]? = []
        while scanner.skipToLine() {
            if scanner.take("[") {
                let isArray = scanner.take("[")
                let name = scanner.key()
                // Tables of an array have no names of their own.
                table = isArray ? nil : name
            } else if let key = scanner.key(), scanner.take("="), let table {
                if let value = scanner.value() { values[table + key] = value }
            }
            scanner.skipLine()
        }
    }
}

/// Goes through the text of a configuration file.
private struct Scanner {
    var bytes: [UInt8]
    var position = 0

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Skips blanks, and line ends and comments too where `lines` says so.
    private mutating func skipBlanks(lines: Bool = false) {
        while let byte = current {
            if byte == 0x20 || byte == 0x09 || (lines && (byte == 0x0A || byte == 0x0D)) {
                position += 1
            } else if lines, byte == UInt8(ascii: "#") {
                skipLine()
            } else {
                return
            }
        }
    }

    /// Goes to the next line that holds something; false at the end.
    mutating func skipToLine() -> Bool {
        skipBlanks(lines: true)
        return current != nil
    }

    /// Goes behind the end of the line.
    mutating func skipLine() {
        while let byte = current {
            position += 1
            if byte == 0x0A { return }
        }
    }

    /// Takes a character if it comes next, blanks before it skipped.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard let byte = current, UInt32(byte) == character.value else { return false }
        position += 1
        return true
    }

    /// A key: bare or quoted parts with points between.
    mutating func key() -> [String]? {
        var parts: [String] = []
        repeat {
            skipBlanks()
            if let quoted = string() {
                parts.append(quoted)
                continue
            }
            let start = position
            while let byte = current, isBare(byte) { position += 1 }
            guard position > start else { return nil }
            parts.append(String(decoding: bytes[start..<position], as: UTF8.self))
        } while take(".")
        return parts
    }

    /// A value of the kinds that are kept.
    mutating func value() -> ConfigurationText.Value? {
        skipBlanks()
        if let text = string() { return .string(text) }
        if take("[") {
            var list: [String] = []
            while true {
                skipBlanks(lines: true)
                if take("]") { return .strings(list) }
                guard let text = string() else { return nil }
                list.append(text)
                skipBlanks(lines: true)
                _ = take(",")
            }
        }
        let start = position
        while let byte = current, isBare(byte) { position += 1 }
        switch String(decoding: bytes[start..<position], as: UTF8.self) {
        case "true": return .bool(true)
        case "false": return .bool(false)
        default: return nil
        }
    }

    /// A string in quotes; in double ones with escapes.
    private mutating func string() -> String? {
        guard let quote = current, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        let start = position
        position += 1
        var text: [UInt8] = []
        while let byte = current, byte != 0x0A {
            position += 1
            if byte == quote { return String(decoding: text, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), let escaped = current else {
                text.append(byte)
                continue
            }
            position += 1
            switch escaped {
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"), UInt8(ascii: "U"):
                let count = escaped == UInt8(ascii: "u") ? 4 : 8
                let digits = String(decoding: bytes[position..<min(bytes.count, position + count)], as: UTF8.self)
                guard let number = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(number) else { return nil }
                text += Array(String(Character(scalar)).utf8)
                position = min(bytes.count, position + count)
            default: text.append(escaped)
            }
        }
        position = start
        return nil
    }

    private func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
