// SPDX-License-Identifier: Apache-2.0

/// Help as the parser writes it, broken into lines that fit.
///
/// What begins with a blank in the overview, examples and tables, stays as its author wrote it; the parser would break it
/// like any other text, and leaves the usage as one line.
struct HelpText {
    /// Columns of the parser's text that nothing is broken in.
    static let unbroken = 1 << 20
    private static let labelWidth = 26
    private static let usage = "USAGE: "

    /// The lines.
    let text: String

    /// Breaks lines.
    ///
    /// - Parameters:
    ///   - whole: help or another message, for `unbroken` columns.
    ///   - columns: how many there are; under 40 count as 40.
    init(_ whole: String, columns: Int) {
        guard whole.hasPrefix("OVERVIEW: ") || whole.hasPrefix(Self.usage) else {
            text = whole
            return
        }
        let columns = max(40, columns)
        var part = Part.overview
        var lines: [String] = []
        for line in whole.split(separator: "\n", omittingEmptySubsequences: false) {
            if part == .overview, line.hasPrefix(Self.usage) { part = .usage }
            if part == .usage, line.isEmpty { part = .lists }
            switch part {
            case .overview: lines += line.hasPrefix(" ") ? [String(line)] : Self.words(line, columns)
            case .usage: lines += Self.usage(line, columns)
            case .lists: lines += Self.element(line, columns)
            }
        }
        text = lines.joined(separator: "\n")
    }

    private enum Part {
        case overview, usage, lists
    }

    /// Text in lines, broken at blanks; a longer word has a line for itself.
    private static func words(_ text: Substring, _ columns: Int) -> [String] {
        var lines: [String] = []
        var rest = text
        while rest.count > columns {
            let end = rest.prefix(columns).lastIndex(of: " ") ?? rest.firstIndex(of: " ")
            guard let end else { break }
            lines.append(String(rest[..<end]))
            rest = rest[rest.index(after: end)...]
        }
        return lines + [String(rest)]
    }

    /// A line of a list: an argument, an option or a command with what it is, or one of these alone.
    private static func element(_ line: Substring, _ columns: Int) -> [String] {
        let label = line.prefix(labelWidth)
        guard line.count > columns, label.last == " " else { return [String(line)] }
        let indent = String(repeating: " ", count: labelWidth)
        let lines = words(line.dropFirst(labelWidth), columns - labelWidth)
        return zip(lines.indices, lines).map { ($0 == 0 ? String(label) : indent) + $1 }
    }

    /// A usage: an option stays with its value, and what is in brackets together.
    private static func usage(_ line: Substring, _ columns: Int) -> [String] {
        guard line.count > columns - 1 else { return [String(line)] }
        let indent = String(repeating: " ", count: usage.count + 2)
        var lines: [String] = []
        var current = ""
        for item in items(line) {
            if !current.isEmpty, current.count + 1 + item.count > columns - 1 {
                lines.append(current)
                current = indent + item
            } else {
                current += current.isEmpty ? item : " " + item
            }
        }
        return lines + [current]
    }

    private static func items(_ line: Substring) -> [String] {
        var items: [String] = []
        var depth = 0
        for word in line.split(separator: " ") {
            let isValue =
                word.hasPrefix("<") && items.last?.hasPrefix("-") == true && items.last?.hasSuffix(">") == false
            if let last = items.indices.last, depth > 0 || isValue || word == "..." {
                items[last] += " " + word
            } else {
                items.append(String(word))
            }
            for letter in word { depth += letter == "[" ? 1 : letter == "]" ? -1 : 0 }
        }
        return items
    }
}
