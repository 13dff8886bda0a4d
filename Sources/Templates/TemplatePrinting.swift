// SPDX-License-Identifier: Apache-2.0

/// How values look as Go prints them.
///
/// Values are as deep as the documents that they come of, whose depth is bounded.
enum TemplatePrinting {
    /// What an action prints.
    static func text(_ value: TemplateValue) -> String {
        if case .none = value { return "<no value>" }
        return plain(value)
    }

    /// What a value is inside others and for `print`.
    static func plain(_ value: TemplateValue, withNames: Bool = false) -> String {
        format(value, withNames: withNames) { value in
            switch value {
            case .bool(let value): value ? "true" : "false"
            case .integer(let value): String(value)
            case .number(let value): number(value)
            case .string(let text): text
            default: "<nil>"
            }
        }
    }

    /// A value whose parts that have no parts look as `leaf` says.
    static func format(
        _ value: TemplateValue, withNames: Bool = false, leaf: (TemplateValue) -> String
    ) -> String {
        switch value {
        case .list(let values):
            return "[" + values.map { format($0, withNames: withNames, leaf: leaf) }.joined(separator: " ") + "]"
        case .nilList: return "[]"
        case .map(let map):
            let members = map.sorted.map { key, value in
                leaf(.string(key)) + ":" + format(value, withNames: withNames, leaf: leaf)
            }
            return "map[" + members.joined(separator: " ") + "]"
        case .record(let record):
            let fields = record.fields.map { field in
                (withNames ? field.name + ":" : "") + format(field.value, withNames: withNames, leaf: leaf)
            }
            return "{" + fields.joined(separator: " ") + "}"
        default: return leaf(value)
        }
    }

    /// Values behind each other, with a blank between two that are no texts.
    static func print(_ values: [TemplateValue]) -> String {
        var text = ""
        var isAfterText = true
        for value in values {
            var isText = false
            if case .string = value { isText = true }
            if !isText, !isAfterText { text += " " }
            text += plain(value)
            isAfterText = isText
        }
        return text
    }

    /// A number with as many digits as tell it from others; with an exponent where that is beyond the two.
    static func number(_ value: Double, smallest: Int = -4, largest: Int = 5) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        var text = value.magnitude.description
        var exponent = 0
        if let mark = text.firstIndex(of: "e") {
            exponent = Int(text[text.index(after: mark)...].drop { $0 == "+" }) ?? 0
            text = String(text[..<mark])
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let whole = parts.first.map(String.init) ?? "0"
        var digits = Array((whole + (parts.count > 1 ? parts[1] : "")).utf8)
        exponent += whole.utf8.count - 1
        while digits.count > 1, digits.first == UInt8(ascii: "0") {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        let sign = value.sign == .minus ? "-" : ""
        let significant = String(decoding: digits, as: UTF8.self)
        if significant == "0" { return sign + "0" }
        if exponent < smallest || exponent > largest {
            let rest = significant.dropFirst()
            let size = String(exponent.magnitude)
            return sign + significant.prefix(1) + (rest.isEmpty ? "" : "." + rest) + (exponent < 0 ? "e-" : "e+")
                + (size.utf8.count < 2 && largest < 20 ? "0" : "") + size
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + significant }
        let missing = exponent + 1 - digits.count
        if missing >= 0 { return sign + significant + String(repeating: "0", count: missing) }
        return sign + significant.prefix(exponent + 1) + "." + significant.dropFirst(exponent + 1)
    }

    /// A text with what acts on a terminal escaped, but line ends and tabs.
    static func shown(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control where scalar != "\n" && scalar != "\t", .format, .lineSeparator, .paragraphSeparator,
                .privateUse, .unassigned:
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
