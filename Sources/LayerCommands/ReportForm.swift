// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandOptions

/// In which form a report is printed.
enum ReportForm: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// A table.
    case text
    /// An object.
    case json
    /// A table of Markdown.
    case markdown
    /// A page that holds all that it shows.
    case html

    /// The form that flags ask for.
    init(json: Bool, markdown: Bool, format: ReportForm?) throws {
        try refuse(together: [("--json", json), ("--markdown", markdown), ("--format", format != nil)])
        self = format ?? (json ? .json : markdown ? .markdown : .text)
    }
}
