// SPDX-License-Identifier: Apache-2.0

package import OCI

/// A value of a TOML document.
package indirect enum TOMLValue: Equatable, Sendable {
    case string(String)
    case bool(Bool)
    /// A number or a date, as it is written: no file that is read here needs more.
    case other(String)
    case array([TOMLValue])
    case table([String: TOMLValue])

    /// The text; nil for anything else.
    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }
    /// The truth value; nil for anything else.
    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }
    /// The elements; nil for anything else.
    package var array: [TOMLValue]? {
        if case .array(let values) = self { values } else { nil }
    }
    /// The members; nil for anything else.
    package var table: [String: TOMLValue]? {
        if case .table(let members) = self { members } else { nil }
    }
}

/// Reads what registries.conf is written in: TOML 1.0 but for multi-line strings; numbers and dates are not looked at.
///
/// A bounded reader of our own: the file names the servers that images come from, and is a few lines long.
package struct TOMLReader {
    /// Bytes of a document: 1 MiB.
    package static let byteLimit = 1 << 20
    /// Arrays and tables within each other.
    package static let depthLimit = 32

    private let name: String
    private var rest: ArraySlice<UInt8>
    private var line = 1
    private var root: [String: TOMLValue] = [:]

    /// Reads a document.
    ///
    /// - Throws: `FormatError` that begins with `name` and tells the line.
    package static func read(_ bytes: [UInt8], name: String) throws(FormatError) -> [String: TOMLValue] {
        guard bytes.count <= byteLimit else { throw FormatError(name, "is larger than \(byteLimit) bytes") }
        var reader = TOMLReader(name: name, rest: bytes[...])
        try reader.readAll()
        return reader.root
    }

    private init(name: String, rest: ArraySlice<UInt8>) {
        self.name = name
        self.rest = rest
    }

    private func error(_ cause: String) -> FormatError { FormatError(name, at: "line \(line)", cause) }

    private mutating func readAll() throws(FormatError) {
        var path: [String] = []
        while true {
            skipSpace(andLines: true)
            guard let byte = rest.first else { return }
            if byte == UInt8(ascii: "[") {
                rest.removeFirst()
                let isArray = take("[")
                path = try keys()
                guard take("]"), !isArray || take("]") else { throw error("the table's name has no end") }
                if isArray {
                    try change(path) { value in
                        guard var values = value == nil ? [] : value?.array else { return false }
                        // What only one owner has grows in place.
                        value = nil
                        values.append(.table([:]))
                        value = .array(values)
                        return true
                    }
                } else {
                    try change(path) { value in
                        value = value ?? .table([:])
                        return value?.table != nil
                    }
                }
            } else {
                let key = try keys()
                guard take("=") else { throw error("has no = after a key") }
                let found = try value(depth: 0)
                try change(path + key) { Self.set(&$0, to: found) }
            }
            skipSpace(andLines: false)
            guard rest.isEmpty || rest.first == UInt8(ascii: "\n") else { throw error("has more than one value") }
        }
    }

    /// Changes the value at a path of keys; of an array of tables the last one is meant.
    ///
    /// - Parameter change: changes the value, or returns false where it cannot be changed so.
    private mutating func change(
        _ path: [String], _ change: (inout TOMLValue?) -> Bool
    ) throws(FormatError) {
        guard path.count <= Self.depthLimit else { throw error("has more than \(Self.depthLimit) keys in a row") }
        guard Self.change(&root, path[...], change) else {
            throw error("\"\(path.joined(separator: ".").printable)\" is given twice, or as two different things")
        }
    }

    /// Changes the value at a path of keys in place; false, and nothing of use left, where it cannot be.
    private static func change(
        _ members: inout [String: TOMLValue], _ path: ArraySlice<String>, _ change: (inout TOMLValue?) -> Bool
    ) -> Bool {
        guard let key = path.first else { return false }
        var value = members.removeValue(forKey: key)
        guard path.count > 1 else {
            defer { members[key] = value }
            return change(&value)
        }
        switch value {
        case nil: members[key] = inside([:], path.dropFirst(), change)
        case .table(let inner):
            value = nil
            members[key] = inside(inner, path.dropFirst(), change)
        case .array(var values):
            value = nil
            guard case .table(let inner)? = values.popLast(), let last = inside(inner, path.dropFirst(), change) else {
                return false
            }
            values.append(last)
            members[key] = .array(values)
        default: return false
        }
        return members[key] != nil
    }

    private static func inside(
        _ members: consuming [String: TOMLValue], _ path: ArraySlice<String>, _ change: (inout TOMLValue?) -> Bool
    ) -> TOMLValue? {
        var members = members
        return Self.change(&members, path, change) ? .table(members) : nil
    }

    private static func set(_ value: inout TOMLValue?, to new: TOMLValue) -> Bool {
        guard value == nil else { return false }
        value = new
        return true
    }

    // MARK: - Words

    private mutating func skipSpace(andLines: Bool) {
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): rest.removeFirst()
            case UInt8(ascii: "\n") where andLines:
                line += 1
                rest.removeFirst()
            case UInt8(ascii: "#"): rest = rest.drop { $0 != UInt8(ascii: "\n") }
            default: return
            }
        }
    }

    /// Takes a character after white space; false if another is there.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace(andLines: false)
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// One or several keys with dots between them.
    private mutating func keys() throws(FormatError) -> [String] {
        var keys: [String] = []
        repeat {
            skipSpace(andLines: false)
            if let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
                keys.append(try string())
            } else {
                let word = rest.prefix { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
                guard !word.isEmpty else { throw error("has no key where one must be") }
                rest = rest.dropFirst(word.count)
                keys.append(String(decoding: word, as: UTF8.self))
            }
        } while take(".")
        return keys
    }

    private mutating func value(depth: Int) throws(FormatError) -> TOMLValue {
        guard depth < Self.depthLimit else { throw error("has more than \(Self.depthLimit) values within each other") }
        skipSpace(andLines: false)
        switch rest.first {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
        case UInt8(ascii: "["):
            rest.removeFirst()
            var values: [TOMLValue] = []
            while true {
                skipSpace(andLines: true)
                if take("]") { return .array(values) }
                values.append(try value(depth: depth + 1))
                skipSpace(andLines: true)
                guard take(",") || rest.first == UInt8(ascii: "]") else { throw error("the array has no end") }
            }
        case UInt8(ascii: "{"):
            rest.removeFirst()
            var members: [String: TOMLValue] = [:]
            while !take("}") {
                let key = try keys()
                guard take("=") else { throw error("has no = after a key") }
                let found = try value(depth: depth + 1)
                guard key.count <= Self.depthLimit, Self.change(&members, key[...], { Self.set(&$0, to: found) }) else {
                    throw error("\"\(key.joined(separator: ".").printable)\" is given twice")
                }
                guard take(",") || rest.first == UInt8(ascii: "}") else { throw error("the table has no end") }
            }
            return .table(members)
        default:
            let word = rest.prefix { !" \t\r\n,]}#".utf8.contains($0) }
            guard !word.isEmpty else { throw error("has no value where one must be") }
            rest = rest.dropFirst(word.count)
            let text = String(decoding: word, as: UTF8.self)
            switch text {
            case "true": return .bool(true)
            case "false": return .bool(false)
            default:
                guard let first = word.first, "+-0123456789".utf8.contains(first) || text == "inf" || text == "nan"
                else {
                    throw error("\"\(text.printable)\" is no value; texts stand in quotes")
                }
                return .other(text)
            }
        }
    }

    private mutating func string() throws(FormatError) -> String {
        guard let quote = rest.popFirst() else { throw error("has no string where one must be") }
        guard !rest.starts(with: [quote, quote]) else { throw error("has a multi-line string, which is not supported") }
        var bytes: [UInt8] = []
        while let byte = rest.popFirst(), byte != UInt8(ascii: "\n") {
            if byte == quote {
                guard let text = String(validating: bytes, as: UTF8.self) else { throw error("is not UTF-8") }
                return text
            }
            guard byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") else {
                bytes.append(byte)
                continue
            }
            bytes += try escape()
        }
        throw error("the string has no end")
    }

    private mutating func escape() throws(FormatError) -> [UInt8] {
        switch rest.popFirst() {
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "\""): return [UInt8(ascii: "\"")]
        case UInt8(ascii: "\\"): return [UInt8(ascii: "\\")]
        case UInt8(ascii: "u"): return try scalar(digits: 4)
        case UInt8(ascii: "U"): return try scalar(digits: 8)
        default: throw error("has an unknown escape in a string")
        }
    }

    private mutating func scalar(digits: Int) throws(FormatError) -> [UInt8] {
        let text = String(decoding: rest.prefix(digits), as: UTF8.self)
        guard text.count == digits, text.allSatisfy(\.isHexDigit), let number = UInt32(text, radix: 16),
            let scalar = UnicodeScalar(number)
        else { throw error("has an escape that is no character") }
        rest = rest.dropFirst(digits)
        return Array(String(scalar).utf8)
    }
}
