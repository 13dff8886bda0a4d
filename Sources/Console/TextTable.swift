// SPDX-License-Identifier: Apache-2.0

/// Columns of text under headings.
package enum TextTable {
    /// Rows as lines, each column as wide as its widest cell.
    package static func text(_ rows: [[String]]) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// A size for people: `490.1 MB`.
    package static func size(_ bytes: some BinaryInteger) -> String {
        var value = UInt64(clamping: bytes) * 10
        var unit = 0
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        if value < 10_000 { return "\(value / 10) B" }
        while value >= 10_000, unit < units.count - 1 {
            value = (value + 500) / 1000
            unit += 1
        }
        return "\(value / 10).\(value % 10) \(units[unit])"
    }
}
