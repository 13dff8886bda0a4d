// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// Times as they are written in an expression: `2026-01-31`, `2026-01-31 23:59`, `2026-01-31T23:59:58Z`, `@1700000000`.
package enum FindTime {
    /// The time that a text means, in UTC; nil for a text that means none.
    package static func timestamp(_ text: [UInt8]) -> Timestamp? {
        if text.first == UInt8(ascii: "@") {
            return Int64(String(decoding: text.dropFirst(), as: UTF8.self)).map { Timestamp(seconds: $0) }
        }
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == 0x20 || $0 == UInt8(ascii: "T") }
        guard let first = parts.first, let date = numbers(first, separator: "-", count: 3...3),
            (1...12).contains(date[1]), (1...days(in: date[1], of: date[0])).contains(date[2])
        else { return nil }
        var seconds = 0
        if parts.count == 2 {
            let clock = parts[1].last == UInt8(ascii: "Z") ? parts[1].dropLast() : parts[1]
            guard let time = numbers(clock, separator: ":", count: 2...3), time[0] < 24, time[1] < 60,
                time.count == 2 || time[2] < 60
            else { return nil }
            seconds = time[0] * 3600 + time[1] * 60 + (time.count == 3 ? time[2] : 0)
        }
        return Timestamp(seconds: Int64(day(date[0], date[1], date[2]) * 86_400 + seconds))
    }

    private static func numbers(
        _ text: ArraySlice<UInt8>, separator: Character, count: ClosedRange<Int>
    ) -> [Int]? {
        let parts = text.split(separator: separator.asciiValue ?? 0, omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part -> Int? in
            part.count <= 4 ? AccountNames.number(part).map(Int.init) : nil
        }
        return numbers.count == parts.count && count.contains(numbers.count) ? numbers : nil
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func days(in month: Int, of year: Int) -> Int {
        month == 2 ? isLeap(year) ? 29 : 28 : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days since 1970-01-01: those of the years before, of the months before, and of this one.
    private static func day(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let before = year - 1
        let ofYears = before * 365 + before / 4 - before / 100 + before / 400
        let ofMonths = (1..<month).reduce(0) { $0 + days(in: $1, of: year) }
        // 719,162 days lie between 0001-01-01 and 1970-01-01; the year 0 has one year less before it.
        let zero = year == 0 ? 1 : 0
        return ofYears + ofMonths + day - 1 - 719_162 - zero
    }
}
