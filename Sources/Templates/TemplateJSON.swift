// SPDX-License-Identifier: Apache-2.0

/// Values as JSON in one line, as Go writes it: without blanks, the keys of maps in order.
enum TemplateJSON {
    static func text(_ value: TemplateValue) -> String {
        var text = ""
        write(value, to: &text)
        return text
    }

    private static func write(_ value: TemplateValue, to text: inout String) {
        switch value {
        case .none, .nilPointer, .nilList: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value):
            text += value.isFinite ? TemplatePrinting.number(value, smallest: -6, largest: 20) : "null"
        case .string(let string): quote(string, to: &text)
        case .list(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                write(value, to: &text)
            }
            text += "]"
        case .map(let map):
            if map.isNil { text += "null" } else { write(map.sorted, to: &text) }
        case .record(let record): write(record.fields.map { ($0.name, $0.value) }, to: &text)
        }
    }

    private static func write(_ members: [(key: String, value: TemplateValue)], to text: inout String) {
        text += "{"
        for (index, member) in members.enumerated() {
            if index > 0 { text += "," }
            quote(member.key, to: &text)
            text += ":"
            write(member.value, to: &text)
        }
        text += "}"
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{20}"..."\u{7E}": text.unicodeScalars.append(scalar)
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
                    for unit in scalar.utf16 {
                        let digits = String(unit, radix: 16)
                        text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
                    }
                default: text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }
}
