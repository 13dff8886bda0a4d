// SPDX-License-Identifier: Apache-2.0

/// Text that is to stand in a page.
enum Markup {
    /// A text as one that means nothing but itself, between tags and in attributes with `"` around them.
    ///
    /// Control characters, and letters that turn the direction of writing, become `\u{…}`; ends of lines and tabs stay.
    static func text(_ text: some StringProtocol) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            default:
                if isPrintable(scalar) {
                    result.unicodeScalars.append(scalar)
                } else {
                    result += "\\u{" + String(scalar.value, radix: 16) + "}"
                }
            }
        }
        return result
    }

    /// The most bytes of a name in a page; paths may have many thousands.
    private static let nameLimit = 1024

    /// A name as `text(_:)` has it, cut off where it is very long.
    static func name(_ text: some StringProtocol) -> String {
        guard text.utf8.count > nameLimit else { return self.text(text) }
        return self.text(String(decoding: text.utf8.prefix(nameLimit), as: UTF8.self)) + "…"
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value < 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return false
        default: return true
        }
    }
}
