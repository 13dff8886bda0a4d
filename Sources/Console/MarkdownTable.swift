// SPDX-License-Identifier: Apache-2.0

/// Rows as a table of Markdown, such as summaries of CI jobs show.
package enum MarkdownTable {
    /// The table; what would end a cell or begin markup is escaped.
    ///
    /// - Parameter rows: the headings first.
    package static func text(_ rows: [[String]]) -> String {
        guard let headings = rows.first else { return "" }
        let lines = [headings, headings.map { _ in "---" }] + rows.dropFirst()
        return lines.enumerated().map { index, row in
            "| " + row.map { index == 1 ? $0 : escaped($0) }.joined(separator: " | ") + " |\n"
        }.joined()
    }

    /// A text in which nothing is markup.
    package static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            if "\\|`*_<>[]#~".contains(character) { result.append("\\") }
            result.append(character == "\n" ? " " : character)
        }
        return result
    }
}
