// SPDX-License-Identifier: Apache-2.0

/// Gentoo's order (Package Manager Specification, 3.3): `1.2.3b_alpha4-r5`.
struct PortageVersion {
    private var numbers: [ArraySlice<UInt8>] = []
    private var letter: UInt8 = 0
    private var suffixes: [(rank: Int, number: ArraySlice<UInt8>)] = []
    private var revision: ArraySlice<UInt8> = []

    private static let words: [StaticString] = ["alpha", "beta", "pre", "rc", "p"]

    /// Reads a version; nil if it is none.
    init?(_ version: [UInt8]) {
        var rest = version[...]
        repeat {
            let digits = rest.take(while: ASCII.isDigit)
            if digits.isEmpty { return nil }
            numbers.append(digits)
        } while rest.take(UInt8(ascii: "."))
        if let byte = rest.first, byte >= 0x61, byte <= 0x7A {
            letter = byte
            rest.removeFirst()
        }
        while rest.take(UInt8(ascii: "_")) {
            guard let rank = rest.take(oneOf: Self.words) else { return nil }
            // Only `_p` comes behind the release.
            suffixes.append((rank == 4 ? 1 : rank - 4, rest.take(while: ASCII.isDigit)))
        }
        if rest.take(oneOf: ["-r"]) != nil {
            revision = rest.take(while: ASCII.isDigit)
            if revision.isEmpty { return nil }
        }
        if !rest.isEmpty { return nil }
    }

    func compare(_ other: PortageVersion) -> VersionRelation {
        for (place, pair) in zip(numbers, other.numbers).enumerated() {
            let relation = Self.compareNumbers(pair.0, pair.1, isFirst: place == 0)
            if relation != .equal { return relation }
        }
        if numbers.count != other.numbers.count { return VersionRelation(numbers.count, other.numbers.count) }
        if letter != other.letter { return VersionRelation(letter, other.letter) }
        for place in 0..<max(suffixes.count, other.suffixes.count) {
            let one = place < suffixes.count ? suffixes[place] : (0, [])
            let two = place < other.suffixes.count ? other.suffixes[place] : (0, [])
            if one.0 != two.0 { return VersionRelation(one.0, two.0) }
            let relation = ASCII.compareNumbers(one.1, two.1)
            if relation != .equal { return relation }
        }
        return ASCII.compareNumbers(revision, other.revision)
    }

    /// Later numbers with a zero in front are fractions.
    private static func compareNumbers(
        _ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>, isFirst: Bool
    ) -> VersionRelation {
        guard !isFirst, left.first == 0x30 || right.first == 0x30 else { return ASCII.compareNumbers(left, right) }
        func stripped(_ digits: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
            digits[..<((digits.lastIndex { $0 != 0x30 }).map { $0 + 1 } ?? digits.startIndex)]
        }
        return ASCII.compareBytes(stripped(left), stripped(right))
    }
}
