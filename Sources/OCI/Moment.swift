// SPDX-License-Identifier: Apache-2.0

/// A point in time as documents write it (RFC 3339), to the second.
package struct Moment: Sendable, Equatable {
    /// Seconds since the beginning of 1970 in UTC.
    package let seconds: Int64

    /// A point in time.
    package init(seconds: Int64) { self.seconds = seconds }

    /// The time as `2025-01-02T03:04:05Z`; years beyond 9999 and before 0 are those.
    package var rfc3339: String {
        let limit: Int64 = 253_402_300_799
        let seconds = min(max(self.seconds, -62_167_219_200), limit)
        let second = ((seconds % 86400) + 86400) % 86400
        // Days since 0000-03-01, in eras of 400 years.
        let days = (seconds - second) / 86400 + 719_468
        let era = days / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
        func padded(_ value: Int64, _ count: Int = 2) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, count - digits.count)) + digits
        }
        return "\(padded(year, 4))-\(padded(month >= 10 ? month - 9 : month + 3))-\(padded(day))T"
            + "\(padded(second / 3600)):\(padded(second / 60 % 60)):\(padded(second % 60))Z"
    }

    /// Reads `2025-01-02T03:04:05.6Z`, or with a zone's `+01:00` at the end; nil for what is no such time.
    package init?(parsing text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20 else { return nil }
        func number(_ start: Int, _ count: Int) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[start..<start + count] {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int64(byte) - 48
            }
            return value
        }
        let signs = [4: "-", 7: "-", 13: ":", 16: ":"].mapValues { Array($0.utf8)[0] }
        guard signs.allSatisfy({ bytes[$0.key] == $0.value }), [84, 116, 32].contains(bytes[10]),
            let year = number(0, 4), let month = number(5, 2), (1...12).contains(month), let day = number(8, 2),
            (1...31).contains(day), let hour = number(11, 2), hour < 24, let minute = number(14, 2), minute < 60,
            let second = number(17, 2), second <= 60
        else { return nil }
        var rest = bytes[19...]
        if rest.first == UInt8(ascii: ".") { rest = rest.dropFirst().drop { (48...57).contains($0) } }
        var ahead: Int64 = 0
        if rest.count == 6, rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-"),
            let hours = number(rest.startIndex + 1, 2), let minutes = number(rest.startIndex + 4, 2)
        {
            ahead = (hours * 3600 + minutes * 60) * (rest.first == UInt8(ascii: "-") ? -1 : 1)
        } else if rest.count != 1 || rest.first.map({ $0 | 0x20 }) != UInt8(ascii: "z") {
            return nil
        }
        // Years from March on, so that a leap day ends one; 719,468 days lie between 0000-03-01 and 1970-01-01.
        let (years, months) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
        let era = years >= 0 ? years / 400 : -1
        let ofEra = years - era * 400
        let days = era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + (153 * months + 2) / 5 + day - 1 - 719_468
        seconds = days * 86_400 + hour * 3600 + minute * 60 + second - ahead
    }

    /// How long ago this is, in words as docker has them: `3 weeks`, `About an hour`.
    package func age(at now: Moment) -> String {
        let (difference, overflow) = now.seconds.subtractingReportingOverflow(seconds)
        let seconds = overflow ? Int64.max : max(0, difference)
        let hours = seconds / 3600 + (seconds % 3600 >= 1800 ? 1 : 0)
        switch seconds {
        case 0: return "Less than a second"
        case 1: return "1 second"
        case ..<60: return "\(seconds) seconds"
        case ..<120: return "About a minute"
        case ..<3600: return "\(seconds / 60) minutes"
        default: break
        }
        if hours == 1 { return "About an hour" }
        if hours < 48 { return "\(hours) hours" }
        if hours < 24 * 7 * 2 { return "\(hours / 24) days" }
        if hours < 24 * 30 * 2 { return "\(hours / 24 / 7) weeks" }
        if hours < 24 * 365 * 2 { return "\(hours / 24 / 30) months" }
        return "\(seconds / 3600 / 24 / 365) years"
    }
}

/// A length of time as Go writes it: `1m30s`.
package struct GoDuration: CustomStringConvertible {
    private let nanoseconds: Int64

    /// A length of time.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package var description: String {
        let size = nanoseconds.magnitude
        let sign = nanoseconds < 0 ? "-" : ""
        if size == 0 { return "0s" }
        for (unit, name) in [(UInt64(1000), "ns"), (1_000_000, "µs"), (1_000_000_000, "ms")] where size < unit {
            return sign + Self.decimal(size, unit / 1000) + name
        }
        let minutes = size / 60_000_000_000
        let seconds = Self.decimal(size % 60_000_000_000, 1_000_000_000) + "s"
        if minutes == 0 { return sign + seconds }
        return sign + (minutes >= 60 ? "\(minutes / 60)h\(minutes % 60)m" : "\(minutes)m") + seconds
    }

    private static func decimal(_ value: UInt64, _ unit: UInt64) -> String {
        guard value % unit != 0 else { return "\(value / unit)" }
        let digits = String(unit + value % unit).dropFirst()
        let zeros = digits.reversed().prefix { $0 == "0" }.count
        return "\(value / unit)." + digits.dropLast(zeros)
    }
}
