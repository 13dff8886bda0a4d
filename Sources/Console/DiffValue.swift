// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// Values of metadata as `cimg diff` prints them, in text and JSON alike.
package enum DiffValue {
    /// Permission bits as four octal digits: `0755`.
    package static func mode(_ attributes: Attributes) -> String {
        let digits = String(attributes.permissions, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    /// A device number: `8:0`.
    package static func device(_ attributes: Attributes) -> String {
        "\(attributes.device.major):\(attributes.device.minor)"
    }

    /// The name of a type.
    package static func type(_ type: FileType) -> String {
        switch type {
        case .regular: "file"
        case .directory: "directory"
        case .symbolicLink: "symlink"
        case .characterDevice: "character-device"
        case .blockDevice: "block-device"
        case .fifo: "fifo"
        case .socket: "socket"
        }
    }

    /// A time in UTC as RFC 3339 writes it; nine digits of a second's fraction unless that is 0.
    package static func time(_ time: Timestamp) -> String {
        let day = floorDivide(time.seconds, 86_400)
        let remainder = time.seconds % 86_400
        let second = remainder < 0 ? remainder + 86_400 : remainder
        let date = civil(day)
        let fraction = time.nanoseconds == 0 ? "" : "." + padded(Int64(time.nanoseconds), 9)
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
            + "T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))\(fraction)Z"
    }

    /// The date in the proleptic Gregorian calendar of a day counted from 1970-01-01.
    ///
    /// Years are counted from a first of March, so that a leap day ends one, in eras of 400 years of 146,097 days.
    private static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // 719,468 days lie between 0000-03-01 and 1970-01-01.
        let shifted = day + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value / divisor - (value % divisor < 0 ? 1 : 0)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value.magnitude)
        return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
