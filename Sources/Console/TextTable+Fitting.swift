// SPDX-License-Identifier: Apache-2.0

extension TextTable {
    /// What a column may lose where a table is too wide.
    package struct Cut {
        let column: Int
        let least: Int
        let losesStart: Bool

        /// The end of long cells goes.
        ///
        /// - Parameters:
        ///   - column: which, from 0.
        ///   - least: how many letters stay, the ellipsis among them.
        package static func end(_ column: Int, least: Int) -> Cut {
            Cut(column: column, least: least, losesStart: false)
        }

        /// The start of long cells goes, as of paths, whose ends tell more.
        ///
        /// - Parameters:
        ///   - column: which, from 0.
        ///   - least: how many letters stay, the ellipsis among them.
        package static func start(_ column: Int, least: Int) -> Cut {
            Cut(column: column, least: least, losesStart: true)
        }
    }

    /// Rows as lines that fit.
    ///
    /// Where they do not, cells are cut, column by column in the order of `cuts`; then a first cell that is too long has a
    /// line for itself.
    ///
    /// - Parameters:
    ///   - rows: the cells of each line.
    ///   - columns: how many there are; nil for any number.
    ///   - cuts: what may be cut, the first before others.
    package static func text(_ rows: [[String]], columns: Int?, cuts: [Cut] = []) -> String {
        guard let columns else { return text(rows) }
        var rows = rows
        for cut in cuts {
            let excess = lineWidth(rows) - columns
            guard excess > 0 else { break }
            let width = max(cut.least, width(of: cut.column, rows) - excess)
            for (place, row) in rows.enumerated() where cut.column < row.count {
                rows[place][cut.column] = Self.cut(row[cut.column], to: width, losesStart: cut.losesStart)
            }
        }
        let excess = lineWidth(rows) - columns
        guard excess > 0, rows.contains(where: { $0.count > 1 }) else { return text(rows) }
        let first = max(rows.first?.first?.count ?? 0, width(of: 0, rows) - excess)
        let lines = text(rows.map { $0.first.map { $0.count > first } == true ? [""] + $0.dropFirst() : $0 })
            .split(separator: "\n", omittingEmptySubsequences: false)
        return zip(rows, lines).map { row, line in
            guard let cell = row.first, cell.count > first else { return "\(line)\n" }
            return line.isEmpty ? "\(cell)\n" : "\(cell)\n\(line)\n"
        }.joined()
    }

    /// A cell with what is too much replaced by an ellipsis.
    package static func cut(_ cell: String, to width: Int, losesStart: Bool = false) -> String {
        guard cell.count > width else { return cell }
        let rest = max(0, width - 1)
        return losesStart
            ? StandardOutput.ellipsis + cell.suffix(rest) : cell.prefix(rest) + StandardOutput.ellipsis
    }

    /// A line broken at blanks, later parts indented.
    ///
    /// - Parameters:
    ///   - line: the line, without its end; blanks that it begins with stay.
    ///   - columns: how many there are; nil for any number. A longer word stays whole.
    ///   - indent: blanks before what does not fit in the first line.
    package static func wrapped(_ line: String, columns: Int?, indent: Int) -> String {
        guard let columns, line.count > columns else { return line }
        let start = line.prefix { $0 == " " }
        let words = line.dropFirst(start.count).split(separator: " ", omittingEmptySubsequences: false)
        var lines: [String] = []
        var current = String(start + (words.first ?? ""))
        for word in words.dropFirst() {
            if current.count + 1 + word.count <= columns {
                current += " " + word
            } else {
                lines.append(current)
                current = String(repeating: " ", count: indent) + word
            }
        }
        return (lines + [current]).joined(separator: "\n")
    }

    private static func width(of column: Int, _ rows: [[String]]) -> Int {
        rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }

    private static func lineWidth(_ rows: [[String]]) -> Int {
        let count = rows.map(\.count).max() ?? 0
        return (0..<count).reduce(2 * max(0, count - 1)) { $0 + width(of: $1, rows) }
    }
}
