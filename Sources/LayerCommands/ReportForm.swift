// SPDX-License-Identifier: Apache-2.0

import CommandOptions

/// In which form a report is printed.
enum ReportForm {
    case text
    case json
    case markdown

    /// The form that flags ask for.
    init(json: Bool, markdown: Bool) throws {
        try refuse(together: [("--json", json), ("--markdown", markdown)])
        self = json ? .json : markdown ? .markdown : .text
    }
}
