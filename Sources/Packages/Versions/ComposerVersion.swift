// SPDX-License-Identifier: Apache-2.0

/// PHP's order (`version_compare`), without a `v` in front.
enum ComposerVersion {
    private static let forms: [[UInt8]] = ["dev", "alpha", "a", "beta", "b", "rc", "#", "pl", "p"].map {
        Array($0.utf8)
    }
    private static let ranks = [0, 1, 1, 2, 2, 3, 4, 5, 5]

    static func compare(_ left: [UInt8], _ right: [UInt8]) -> VersionRelation {
        let left = pieces(left)
        let right = pieces(right)
        for (one, other) in zip(left, right) {
            let relation = compare(one, other)
            if relation != .equal { return relation }
        }
        if left.count == right.count { return .equal }
        // What is left decides: a number is more, a word is compared with the release.
        let isLeft = left.count > right.count
        let next = isLeft ? left[right.count] : right[left.count]
        let relation: VersionRelation =
            next.first.map(ASCII.isDigit) == true ? .greater : VersionRelation(rank(next), 4)
        return isLeft ? relation : relation.reversed
    }

    private static func pieces(_ version: [UInt8]) -> [ArraySlice<UInt8>] {
        let lower = ASCII.lower(version)
        var rest = ASCII.trimmed(lower[...])
        if rest.first == UInt8(ascii: "v") { rest.removeFirst() }
        var pieces: [ArraySlice<UInt8>] = []
        while let first = rest.first {
            if ASCII.isDigit(first) {
                pieces.append(rest.take(while: ASCII.isDigit))
            } else if isSeparator(first) {
                rest.removeFirst()
            } else {
                pieces.append(rest.take { !ASCII.isDigit($0) && !isSeparator($0) })
            }
        }
        return pieces
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "+")
    }

    private static func rank(_ word: ArraySlice<UInt8>) -> Int {
        forms.firstIndex { word.elementsEqual($0) }.map { ranks[$0] } ?? -1
    }

    private static func compare(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> VersionRelation {
        switch (one.first.map(ASCII.isDigit) == true, other.first.map(ASCII.isDigit) == true) {
        case (true, true): ASCII.compareNumbers(one, other)
        case (true, false): VersionRelation(4, rank(other))
        case (false, true): VersionRelation(rank(one), 4)
        case (false, false): VersionRelation(rank(one), rank(other))
        }
    }
}
