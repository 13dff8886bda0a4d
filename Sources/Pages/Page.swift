// SPDX-License-Identifier: Apache-2.0

import OCI

/// A report as a page.
package struct Page: Sendable {
    /// A row of a table.
    package struct Row: Sendable {
        /// What happened, as `cimg diff` tells it: a letter or a word, by which rows are hidden; empty for nothing.
        package var mark: String
        /// The cells.
        package var cells: [String]
        /// Lines behind it, to be opened: those of a unified diff have their colours.
        package var detail: String

        /// Makes a row.
        package init(_ cells: [String], mark: String = "", detail: String = "") {
            self.cells = cells
            self.mark = mark
            self.detail = detail
        }
    }

    /// A part of the page.
    package enum Part: Sendable {
        /// A table under its headings; columns of numbers stand to the right.
        case table(headings: [String], numbers: Set<Int>, [Row])
        /// Lines as they are.
        case lines(String)
        /// Sizes as areas.
        case map(SizeMap)
    }

    private let title: String
    private let facts: [(name: String, value: String)]
    private var parts: [(heading: String, part: Part)] = []

    /// The most rows of a table, and the most bytes of lines in a page.
    package static let rowLimit = 5000
    private static let lineLimit = 1 << 20

    /// Begins a page.
    ///
    /// - Parameters:
    ///   - title: what stands above it, as plain text.
    ///   - facts: what it says at first, name and value.
    package init(title: String, facts: [(name: String, value: String)]) {
        self.title = title
        self.facts = facts
    }

    /// Adds a part.
    package mutating func add(_ heading: String, _ part: Part) { parts.append((heading, part)) }

    /// The page.
    package var html: [UInt8] {
        let policy =
            "default-src 'none'; style-src '\(Self.source(PageStyle.style))'; script-src '\(Self.source(PageStyle.script))'; "
            + "base-uri 'none'; form-action 'none'"
        var text = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="\(policy)">
            <meta name="viewport" content="width=device-width">
            <meta name="referrer" content="no-referrer">
            <title>\(Markup.text(title))</title>
            <style>\(PageStyle.style)</style>
            </head>
            <body>
            <h1>\(Markup.text(title))</h1>
            <dl>

            """
        for fact in facts { text += "<dt>\(Markup.text(fact.name))</dt><dd>\(Markup.text(fact.value))</dd>\n" }
        text += "</dl>\n"
        var room = Self.lineLimit
        for (number, part) in parts.enumerated() {
            text += "<section id=\"part\(number)\">\n<h2>\(Markup.text(part.heading))</h2>\n"
            switch part.part {
            case .table(let headings, let numbers, let rows):
                text += Self.table(part.heading, headings, numbers, rows, room: &room)
            case .lines(let lines): text += "<pre>\(Markup.text(Self.cut(lines, room: &room)))</pre>\n"
            case .map(let map): text += map.svg(called: part.heading)
            }
            text += "</section>\n"
        }
        return Array((text + "<script>\(PageStyle.script)</script>\n</body>\n</html>\n").utf8)
    }

    /// What a policy calls a script or a style by.
    private static func source(_ text: String) -> String {
        let digest = Digest(of: Array(text.utf8))
        return "sha256-" + String(decoding: Base64.encoded(Array(digest.bytes)), as: UTF8.self)
    }

    private static func cut(_ lines: String, room: inout Int) -> String {
        let count = lines.utf8.count
        guard count > room else {
            room -= count
            return lines
        }
        let kept = String(decoding: lines.utf8.prefix(max(0, room)), as: UTF8.self)
        room = 0
        return kept + "\n… and more, which would make the page too large"
    }

    private static func table(
        _ name: String, _ headings: [String], _ numbers: Set<Int>, _ rows: [Row], room: inout Int
    ) -> String {
        let marks = rows.prefix(rowLimit).reduce(into: [String]()) { marks, row in
            if !row.mark.isEmpty, !marks.contains(row.mark) { marks.append(row.mark) }
        }
        func number(_ column: Int) -> String { numbers.contains(column) ? " class=\"n\"" : "" }
        var text = "<div class=\"filter\" hidden><label>Filter <input type=\"search\"></label>"
        if marks.count > 1 {
            for mark in marks.sorted() {
                text +=
                    " <label><input type=\"checkbox\" checked value=\"\(Markup.text(mark))\"> "
                    + "\(Markup.text(mark))</label>"
            }
        }
        text += " <output></output></div>\n<table>\n<thead><tr>"
        for (column, heading) in headings.enumerated() {
            text += "<th scope=\"col\"\(number(column))>\(Markup.text(heading))</th>"
        }
        text += "</tr></thead>\n<tbody>\n"
        for row in rows.prefix(rowLimit) {
            text += "<tr data-mark=\"\(Markup.text(row.mark))\">"
            for (column, cell) in row.cells.enumerated() {
                let isLast = column == row.cells.count - 1
                text += "<td\(number(column))>"
                if isLast, !row.detail.isEmpty {
                    text +=
                        "<details><summary>\(Markup.name(cell))</summary>\(diff(cut(row.detail, room: &room)))</details>"
                } else {
                    text += Markup.name(cell)
                }
                text += "</td>"
            }
            text += "</tr>\n"
        }
        text += "</tbody>\n</table>\n"
        if rows.count > rowLimit { text += "<p>… and \(rows.count - rowLimit) more; --format json has all.</p>\n" }
        return text
    }

    /// Lines of a unified diff, what is gone and what is new marked by the letter that they begin with, and by a colour.
    private static func diff(_ lines: String) -> String {
        var text = "<pre>"
        for line in lines.split(separator: "\n", omittingEmptySubsequences: false) {
            let tag = line.hasPrefix("+") ? "ins" : line.hasPrefix("-") ? "del" : ""
            text += tag.isEmpty ? Markup.text(line) + "\n" : "<\(tag)>\(Markup.text(line))</\(tag)>\n"
        }
        while text.hasSuffix("\n") { text.removeLast() }
        return text + "</pre>"
    }
}
