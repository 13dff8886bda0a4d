// SPDX-License-Identifier: Apache-2.0

import OCI

/// A format of `printf`: %s %v %d %q %t %x %X %o %b %c with width, precision and the flags `-`, `+`, `0` and blank.
struct TemplatePrintf {
    private var rest: ArraySlice<Unicode.Scalar>

    /// What is between `%` and the letter.
    private struct Directive {
        var isLeft = false
        var hasSign = false
        var hasBlank = false
        var hasZeros = false
        var width = 0
        var precision: Int?
    }

    init(_ format: String) { rest = Array(format.unicodeScalars)[...] }

    /// The format with values for its verbs.
    mutating func text(
        _ values: ArraySlice<TemplateValue>, spend: (Int) throws(TemplateError) -> Void
    ) throws(TemplateError) -> String {
        var values = values
        var text = ""
        while let scalar = rest.popFirst() {
            guard scalar == "%" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            let directive = try directive()
            guard let verb = rest.popFirst() else {
                text += "%!(NOVERB)"
                break
            }
            if verb == "%" {
                text += "%"
                continue
            }
            guard "svdqtxXobc".unicodeScalars.contains(verb) else {
                throw TemplateError(
                    "printf: there is no %\(String(verb).printable); there are %s %v %d %q %t %x %X %o %b %c")
            }
            guard let value = values.popFirst() else {
                text += "%!\(verb)(MISSING)"
                continue
            }
            try spend(directive.width)
            text += Self.format(value, verb, directive)
        }
        if !values.isEmpty {
            let extra = values.map { "\(Self.type($0))=\(TemplatePrinting.plain($0))" }
            text += "%!(EXTRA " + extra.joined(separator: ", ") + ")"
        }
        return text
    }

    private mutating func directive() throws(TemplateError) -> Directive {
        var directive = Directive()
        while let flag = rest.first {
            switch flag {
            case "-": directive.isLeft = true
            case "+": directive.hasSign = true
            case " ": directive.hasBlank = true
            case "0": directive.hasZeros = true
            default:
                directive.width = try number() ?? 0
                if rest.first == "." {
                    rest.removeFirst()
                    directive.precision = try number() ?? 0
                }
                return directive
            }
            rest.removeFirst()
        }
        return directive
    }

    private mutating func number() throws(TemplateError) -> Int? {
        var number: Int?
        while let digit = rest.first?.value, (48...57).contains(digit) {
            rest.removeFirst()
            number = (number ?? 0) * 10 + Int(digit) - 48
            guard number ?? 0 <= TemplateLimit.width else {
                throw TemplateError("printf: more than \(TemplateLimit.width) columns")
            }
        }
        return number
    }

    private static func format(_ value: TemplateValue, _ verb: Unicode.Scalar, _ directive: Directive) -> String {
        var isAlone = true
        switch value {
        case .list, .map, .record: isAlone = false
        default: break
        }
        let withNames = verb == "v" && directive.hasSign
        return TemplatePrinting.format(value, withNames: withNames) { value in
            if case .none = value, !isAlone { return "<nil>" }
            return padded(leaf(value, verb, directive), value, directive)
        }
    }

    private static func leaf(_ value: TemplateValue, _ verb: Unicode.Scalar, _ directive: Directive) -> String {
        switch (verb, value) {
        case ("v", _), ("t", .bool): return signed(TemplatePrinting.plain(value), value, directive)
        case ("s", .string(let text)): return cut(text, directive)
        case ("q", .string(let text)): return TemplatePrintf.quoted(cut(text, directive))
        case ("x", .string(let text)), ("X", .string(let text)):
            let digits = cut(text, directive).utf8.map {
                ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: verb == "X")
            }
            return digits.joined()
        case ("d", .integer(let number)): return signed(String(number), value, directive)
        case ("x", .integer(let number)): return signed(String(number, radix: 16), value, directive)
        case ("X", .integer(let number)): return signed(String(number, radix: 16, uppercase: true), value, directive)
        case ("o", .integer(let number)): return signed(String(number, radix: 8), value, directive)
        case ("b", .integer(let number)): return signed(String(number, radix: 2), value, directive)
        case ("c", .integer(let number)), ("q", .integer(let number)):
            let scalar = UInt32(exactly: number).flatMap { Unicode.Scalar($0) } ?? "\u{FFFD}"
            return verb == "c" ? String(scalar) : "'\(scalar)'"
        case (_, .none), (_, .nilPointer): return "%!\(verb)(<nil>)"
        default: return "%!\(verb)(\(type(value))=\(TemplatePrinting.plain(value)))"
        }
    }

    private static func type(_ value: TemplateValue) -> String {
        switch value {
        case .none, .nilPointer: "<nil>"
        case .bool: "bool"
        case .integer: "int"
        case .number: "float64"
        case .string: "string"
        case .list, .nilList: "list"
        case .map, .record: "map"
        }
    }

    private static func cut(_ text: String, _ directive: Directive) -> String {
        guard let precision = directive.precision else { return text }
        var result = ""
        result.unicodeScalars.append(contentsOf: text.unicodeScalars.prefix(precision))
        return result
    }

    private static func signed(_ text: String, _ value: TemplateValue, _ directive: Directive) -> String {
        switch value {
        case .integer, .number:
            guard !text.hasPrefix("-"), !text.hasPrefix("+") else { return text }
            return directive.hasSign ? "+" + text : directive.hasBlank ? " " + text : text
        case .string: return cut(text, directive)
        default: return text
        }
    }

    private static func padded(_ text: String, _ value: TemplateValue, _ directive: Directive) -> String {
        let missing = directive.width - text.unicodeScalars.count
        guard missing > 0 else { return text }
        if directive.isLeft { return text + String(repeating: " ", count: missing) }
        guard directive.hasZeros else { return String(repeating: " ", count: missing) + text }
        var isNumber = false
        switch value {
        case .integer, .number: isNumber = true
        default: break
        }
        let zeros = String(repeating: "0", count: missing)
        guard isNumber, let first = text.first, first == "-" || first == "+" || first == " " else {
            return zeros + text
        }
        return String(first) + zeros + text.dropFirst()
    }

    /// A text in quotes, as Go's programs have it.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{7}": result += "\\a"
            case "\u{8}": result += "\\b"
            case "\u{C}": result += "\\f"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{B}": result += "\\v"
            case "\u{20}"..."\u{7E}": result.unicodeScalars.append(scalar)
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .spaceSeparator:
                    let digits = String(scalar.value, radix: 16)
                    let (mark, width) =
                        scalar.value < 0x80 ? ("\\x", 2) : scalar.value < 0x10000 ? ("\\u", 4) : ("\\U", 8)
                    result += mark + String(repeating: "0", count: width - digits.utf8.count) + digits
                default: result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
