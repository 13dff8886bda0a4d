// SPDX-License-Identifier: Apache-2.0

/// That of RubyGems: segments of digits or letters, letters before numbers, zeros at the end of both halves ignored.
struct GemVersion {
    private var segments: [ArraySlice<UInt8>] = []

    /// Reads a version; nil if it is none.
    init?(_ version: [UInt8]) {
        var text: [UInt8] = []
        for byte in ASCII.trimmed(version[...]) {
            if byte == UInt8(ascii: "-") {
                text += Array(".pre.".utf8)
            } else {
                guard ASCII.isAlphanumeric(byte) || byte == UInt8(ascii: ".") else { return nil }
                text.append(byte)
            }
        }
        if let first = text.first, !ASCII.isDigit(first) { return nil }
        var rest = text[...]
        while !rest.isEmpty {
            _ = rest.take(UInt8(ascii: "."))
            guard let first = rest.first else { return nil }
            if first == UInt8(ascii: ".") {
                // Only what a dash became may stand beside a dot.
                if !version.contains(UInt8(ascii: "-")) { return nil }
                continue
            }
            segments.append(rest.take(while: ASCII.isDigit(first) ? ASCII.isDigit : ASCII.isLetter))
        }
        let letters = segments.firstIndex { $0.first.map(ASCII.isLetter) == true } ?? segments.endIndex
        segments = Array(Self.withoutZeros(segments[..<letters])) + Self.withoutZeros(segments[letters...])
    }

    private static func withoutZeros(_ half: ArraySlice<ArraySlice<UInt8>>) -> ArraySlice<ArraySlice<UInt8>> {
        let end = half.lastIndex { segment in segment.contains { $0 != 0x30 } }
        return half[..<(end.map { $0 + 1 } ?? half.startIndex)]
    }

    func compare(_ other: GemVersion) -> VersionRelation {
        for place in 0..<max(segments.count, other.segments.count) {
            let one = place < segments.count ? segments[place] : []
            let two = place < other.segments.count ? other.segments[place] : []
            let isText = one.first.map(ASCII.isLetter) == true
            let otherIsText = two.first.map(ASCII.isLetter) == true
            if isText != otherIsText { return isText ? .less : .greater }
            let relation = isText ? ASCII.compareBytes(one, two) : ASCII.compareNumbers(one, two)
            if relation != .equal { return relation }
        }
        return .equal
    }
}
