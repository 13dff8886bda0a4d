// SPDX-License-Identifier: Apache-2.0

/// A table in boxes, as trivy prints it: cells that are as the one above them are told once.
struct BoxedTable {
    /// The most letters of a line in a cell; longer ones are broken between words.
    private static let widest = 60

    private let header: [String]
    private var rows: [[[String]]] = []
    private var texts: [[String]] = []

    init(header: [String]) { self.header = header }

    /// Adds a row of as many cells as there are columns; lines of a cell are separated by line ends.
    mutating func add(_ cells: [String]) {
        texts.append(cells)
        rows.append(cells.map { Self.lines($0) })
    }

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { wrapped(String($0)) }
    }

    private static func wrapped(_ line: String) -> [String] {
        guard line.count > widest else { return [line] }
        var lines: [String] = []
        var current = ""
        for word in line.split(separator: " ") {
            if current.isEmpty {
                current = String(word)
            } else if current.count + 1 + word.count <= widest {
                current += " " + word
            } else {
                lines.append(current)
                current = String(word)
            }
        }
        return lines + [current]
    }

    /// The table's lines.
    var text: String {
        let widths = header.indices.map { column in
            max(header[column].count, rows.flatMap { $0[column] }.map(\.count).max() ?? 0)
        }
        let all = [Bool](repeating: true, count: header.count)
        var text = border(widths, all, ("┌", "┬", "┐"))
        text += line(header.indices.map { Self.centred(header[$0], widths[$0]) })
        for (number, row) in rows.enumerated() {
            let isTold = header.indices.map { number == 0 || texts[number][$0] != texts[number - 1][$0] }
            text += number == 0 ? border(widths, all, ("├", "┼", "┤")) : inner(widths, isTold)
            let height = zip(row, isTold).map { $1 ? $0.count : 0 }.max() ?? 1
            for part in 0..<max(1, height) {
                text += line(
                    header.indices.map { column in
                        let cell = isTold[column] && part < row[column].count ? row[column][part] : ""
                        return cell + String(repeating: " ", count: widths[column] - cell.count)
                    })
            }
        }
        return text + border(widths, all, ("└", "┴", "┘"))
    }

    private func line(_ cells: [String]) -> String { "│ " + cells.joined(separator: " │ ") + " │\n" }

    private func border(_ widths: [Int], _ drawn: [Bool], _ corners: (String, String, String)) -> String {
        corners.0 + widths.map { String(repeating: "─", count: $0 + 2) }.joined(separator: corners.1) + corners.2 + "\n"
    }

    /// The line between two rows, which is not drawn where a cell goes on.
    private func inner(_ widths: [Int], _ isDrawn: [Bool]) -> String {
        var text = isDrawn.first == true ? "├" : "│"
        for column in widths.indices {
            text += String(repeating: isDrawn[column] ? "─" : " ", count: widths[column] + 2)
            let next = column + 1 < widths.count ? isDrawn[column + 1] : false
            let isLast = column + 1 == widths.count
            switch (isDrawn[column], next) {
            case (true, true): text += "┼"
            case (true, false): text += "┤"
            case (false, true): text += "├"
            case (false, false): text += isLast ? "│" : "│"
            }
        }
        return text + "\n"
    }

    private static func centred(_ text: String, _ width: Int) -> String {
        let space = width - text.count
        return String(repeating: " ", count: space / 2) + text + String(repeating: " ", count: space - space / 2)
    }
}
