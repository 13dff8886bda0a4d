// SPDX-License-Identifier: Apache-2.0

import Console
import OCI

/// A condition on a listed image: a word in one of its columns.
struct ImageFilter {
    /// The columns by the words for them.
    static let words = [
        "name": "name", "reference": "name", "repo": "repo", "repository": "repo", "tag": "tag", "id": "digest",
        "image": "digest",
        "digest": "digest", "platform": "platform", "created": "created", "size": "size",
    ]

    let column: String
    let text: String

    /// Parses `WORD=TEXT`.
    init(parsing text: String) throws {
        guard let sign = text.firstIndex(of: "="), let column = Self.words[text[..<sign].lowercased()] else {
            throw CommandError(
                "--filter \"\(text.printable)\": write WORD=TEXT, where WORD is one of "
                    + "name, repo, tag, id, platform, created, size")
        }
        self.column = column
        self.text = text[text.index(after: sign)...].lowercased()
    }

    /// Whether a column holds the text, however it is capitalised.
    func matches(_ columns: [String: String]) -> Bool { columns[column]?.lowercased().contains(text) ?? false }
}
