// SPDX-License-Identifier: Apache-2.0

/// Constants as Go writes them.
enum TemplateLiteral {
    /// A text in `"…"`, a raw one in back quotes, or a character in `'…'`, which is a number.
    ///
    /// - Returns: the value, and how many scalars it takes with its quotes.
    static func quoted(
        _ scalars: ArraySlice<Unicode.Scalar>, _ failure: (String) -> TemplateError
    ) throws(TemplateError) -> (value: TemplateValue, count: Int) {
        guard let quote = scalars.first else { throw failure("a text is missing") }
        var bytes: [UInt8] = []
        var rest = scalars.dropFirst()
        while let scalar = rest.popFirst() {
            if scalar == quote {
                let count = scalars.count - rest.count
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw failure("a text is not UTF-8")
                }
                if quote != "'" { return (.string(text), count) }
                guard let only = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
                    throw failure("what is in '…' is not one character; texts are in \"…\" or in back quotes")
                }
                return (.integer(Int64(only.value)), count)
            }
            if scalar == "\n", quote != "`" { break }
            if scalar == "\\", quote != "`" {
                guard let escaped = escape(&rest) else { throw failure("unknown escape in a text") }
                bytes += escaped
            } else {
                bytes += Array(scalar.utf8)
            }
        }
        throw failure("a text has no end")
    }

    private static let simple: [Unicode.Scalar: UInt8] = [
        "a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "\"": 34, "'": 39,
    ]

    /// The bytes that an escape stands for, whose backslash is behind; nil if it is none.
    private static func escape(_ rest: inout ArraySlice<Unicode.Scalar>) -> [UInt8]? {
        guard let letter = rest.popFirst() else { return nil }
        if let byte = simple[letter] { return [byte] }
        switch letter {
        case "x": return digits(2, 16, &rest).flatMap { UInt8(exactly: $0) }.map { [$0] }
        case "u": return digits(4, 16, &rest).flatMap { Unicode.Scalar($0) }.map { Array($0.utf8) }
        case "U": return digits(8, 16, &rest).flatMap { Unicode.Scalar($0) }.map { Array($0.utf8) }
        case "0"..."7":
            return digits(2, 8, &rest, behind: String(letter)).flatMap { UInt8(exactly: $0) }.map { [$0] }
        default: return nil
        }
    }

    private static func digits(
        _ count: Int, _ radix: Int, _ rest: inout ArraySlice<Unicode.Scalar>, behind first: String = ""
    ) -> UInt32? {
        var text = first
        for _ in 0..<count { if let digit = rest.popFirst() { text.unicodeScalars.append(digit) } }
        guard text.utf8.count == first.utf8.count + count, text.utf8.first != UInt8(ascii: "+") else { return nil }
        return UInt32(text, radix: radix)
    }

    /// A number: decimal, `0x`, `0o` or `0b`, whole or not.
    static func number(_ text: String) -> TemplateValue? {
        let isNegative = text.hasPrefix("-")
        let digits = isNegative || text.hasPrefix("+") ? String(text.dropFirst()) : text
        guard let first = digits.utf8.first, first == UInt8(ascii: ".") || (48...57).contains(first) else { return nil }
        let sign = isNegative ? "-" : ""
        let plain = digits.replacing("_", with: "").lowercased()
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where plain.hasPrefix(prefix) {
            return Int64(sign + plain.dropFirst(2), radix: radix).map { .integer($0) }
        }
        if plain.utf8.allSatisfy({ (48...57).contains($0) }) {
            let isOctal = plain.utf8.count > 1 && plain.hasPrefix("0")
            return Int64(sign + plain, radix: isOctal ? 8 : 10).map { .integer($0) }
        }
        guard plain.utf8.allSatisfy({ (48...57).contains($0) || [43, 45, 46, 101].contains($0) }) else { return nil }
        return Double(sign + plain).flatMap { $0.isFinite ? .number($0) : nil }
    }
}
