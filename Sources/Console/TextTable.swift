// SPDX-License-Identifier: Apache-2.0

import Glibc

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

    /// A time for people, in UTC to the minute: `2026-11-29 06:40 UTC`.
    ///
    /// - Parameter seconds: since 1970.
    package static func date(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return "\(seconds)" }
        func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + "\(number)" }
        return "\(Int(parts.tm_year) + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)) UTC"
    }

    /// A time for people, in the time zone of this process, with that: `2026-11-29 07:40:12 +0100`.
    ///
    /// - Parameter seconds: since 1970.
    package static func localDate(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        guard localtime_r(&time, &parts) != nil else { return "\(seconds)" }
        func two(_ number: some BinaryInteger) -> String { (number < 10 ? "0" : "") + "\(number)" }
        let offset = abs(parts.tm_gmtoff) / 60
        return "\(Int(parts.tm_year) + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) "
            + (parts.tm_gmtoff < 0 ? "-" : "+") + two(offset / 60) + two(offset % 60)
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
