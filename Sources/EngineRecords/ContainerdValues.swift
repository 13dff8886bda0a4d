// SPDX-License-Identifier: Apache-2.0

/// Values as containerd writes them into its databases.
package enum ContainerdValue {
    /// A number of 64 bits in groups of seven, the lowest first (Go's encoding/binary, "Varint").
    package static func unsigned(_ bytes: [UInt8]?) -> UInt64? {
        guard let bytes, !bytes.isEmpty, bytes.count <= 10 else { return nil }
        var result: UInt64 = 0
        for (position, byte) in bytes.enumerated() {
            guard position < 9 || byte <= 1 else { return nil }
            result |= UInt64(byte & 0x7F) << UInt64(7 * position)
            if byte & 0x80 == 0 { return position == bytes.count - 1 ? result : nil }
        }
        return nil
    }

    /// A number with a sign: the lowest bit of an unsigned one turns the others over.
    package static func signed(_ bytes: [UInt8]?) -> Int64? {
        unsigned(bytes).map { Int64(truncatingIfNeeded: $0 >> 1) ^ -Int64(truncatingIfNeeded: $0 & 1) }
    }

    /// A time as Go marshals it, as RFC 3339 writes it in UTC: a version, seconds since the year 1, nanoseconds, both
    /// the highest byte first, and the zone.
    package static func time(_ bytes: [UInt8]?) -> String? {
        guard let bytes, bytes.count >= 15, bytes[0] == 1 || bytes[0] == 2 else { return nil }
        let raw = bytes[1..<9].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let nanoseconds = bytes[9..<13].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        // The years 1 to 9999, which is all that the text can have.
        guard raw < 315_537_897_600, nanoseconds < 1_000_000_000 else { return nil }
        let seconds = Int(raw)
        let (year, month, day) = date(days: seconds / 86_400)
        let second = seconds % 86_400
        let clock = [second / 3600, second / 60 % 60, second % 60].map { padded($0, 2) }.joined(separator: ":")
        var fraction = ""
        if nanoseconds > 0 {
            fraction = "." + padded(Int(nanoseconds), 9)
            while fraction.hasSuffix("0") { fraction.removeLast() }
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock)\(fraction)Z"
    }

    /// The date so many days after the first of January of the year 1.
    private static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        // Years begin in March here, so that the day that is not always there is the last: 306 days before 1 January.
        let day = days + 306
        let era = day / 146_097
        let ofEra = day % 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * ofYear + 2) / 153
        let year = era * 400 + yearOfEra + (month >= 10 ? 1 : 0)
        return (year, month >= 10 ? month - 9 : month + 3, ofYear - (153 * month + 2) / 5 + 1)
    }

    private static func padded(_ number: Int, _ count: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }

    /// The bytes of an `Any` message (protocol buffers): its second field; nil where it has none.
    package static func payload(_ bytes: [UInt8]?) -> [UInt8]? {
        guard var rest = bytes?[...] else { return nil }
        while let tag = rest.popFirst() {
            // Both fields are of bytes: their length, then they.
            guard tag & 7 == 2 else { return nil }
            var lengthBytes: [UInt8] = []
            while let byte = rest.popFirst() {
                lengthBytes.append(byte)
                if byte & 0x80 == 0 || lengthBytes.count > 10 { break }
            }
            guard let length = unsigned(lengthBytes), length <= UInt64(rest.count) else { return nil }
            if tag >> 3 == 2 { return Array(rest.prefix(Int(length))) }
            rest = rest.dropFirst(Int(length))
        }
        return nil
    }
}
