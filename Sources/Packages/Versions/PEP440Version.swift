// SPDX-License-Identifier: Apache-2.0

/// Python's order (PEP 440), with everything that its normalization lets pass.
struct PEP440Version {
    private var epoch: ArraySlice<UInt8> = []
    private var release: [ArraySlice<UInt8>] = []
    /// Rank and number; rank -1 sorts before all of them, 3 is the release itself.
    private var pre: (rank: Int, number: ArraySlice<UInt8>) = (3, [])
    private var post: ArraySlice<UInt8>?
    private var dev: ArraySlice<UInt8>?
    private var local: [ArraySlice<UInt8>]?

    private static let preWords: [StaticString] = ["alpha", "a", "beta", "b", "preview", "pre", "c", "rc"]
    private static let preRanks = [0, 0, 1, 1, 2, 2, 2, 2]

    /// Reads a version; nil if it is none.
    init?(_ version: [UInt8]) {
        let lower = ASCII.lower(version)
        var rest = ASCII.trimmed(lower[...])
        _ = rest.take(UInt8(ascii: "v"))
        guard readRelease(&rest) else { return nil }
        readPre(&rest)
        readPost(&rest)
        readDev(&rest)
        if rest.take(UInt8(ascii: "+")) {
            guard readLocal(&rest) else { return nil }
        }
        if !rest.isEmpty { return nil }
        if pre.rank == 3, dev != nil, post == nil { pre.rank = -1 }
    }

    private mutating func readRelease(_ rest: inout ArraySlice<UInt8>) -> Bool {
        var digits = rest.take(while: ASCII.isDigit)
        if digits.isEmpty { return false }
        if rest.take(UInt8(ascii: "!")) {
            epoch = digits
            digits = rest.take(while: ASCII.isDigit)
            if digits.isEmpty { return false }
        }
        release = [digits]
        while let dot = rest.first, dot == UInt8(ascii: "."), let next = rest.dropFirst().first, ASCII.isDigit(next) {
            rest.removeFirst()
            release.append(rest.take(while: ASCII.isDigit))
        }
        while let last = release.last, release.count > 1, !last.contains(where: { $0 != 0x30 }) { release.removeLast() }
        return true
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == 0x2D || byte == 0x5F || byte == 0x2E }

    /// A word of some, with a separator before and one behind it if a number follows; nothing is taken if none comes.
    private static func takeWord(
        _ words: [StaticString], _ rest: inout ArraySlice<UInt8>
    ) -> (word: Int, number: ArraySlice<UInt8>)? {
        var ahead = rest
        if let first = ahead.first, isSeparator(first) { ahead.removeFirst() }
        guard let word = ahead.take(oneOf: words) else { return nil }
        var behind = ahead
        if let first = behind.first, isSeparator(first) { behind.removeFirst() }
        let number = behind.take(while: ASCII.isDigit)
        rest = number.isEmpty ? ahead : behind
        return (word, number)
    }

    private mutating func readPre(_ rest: inout ArraySlice<UInt8>) {
        guard let found = Self.takeWord(Self.preWords, &rest) else { return }
        pre = (Self.preRanks[found.word], found.number)
    }

    private mutating func readPost(_ rest: inout ArraySlice<UInt8>) {
        if rest.first == UInt8(ascii: "-"), let next = rest.dropFirst().first, ASCII.isDigit(next) {
            rest.removeFirst()
            post = rest.take(while: ASCII.isDigit)
        } else if let found = Self.takeWord(["post", "rev", "r"], &rest) {
            post = found.number
        }
    }

    private mutating func readDev(_ rest: inout ArraySlice<UInt8>) {
        dev = Self.takeWord(["dev"], &rest)?.number
    }

    private mutating func readLocal(_ rest: inout ArraySlice<UInt8>) -> Bool {
        var pieces: [ArraySlice<UInt8>] = []
        repeat {
            let piece = rest.take(while: ASCII.isAlphanumeric)
            if piece.isEmpty { return false }
            pieces.append(piece)
            guard let separator = rest.first, Self.isSeparator(separator) else { break }
            rest.removeFirst()
        } while true
        local = pieces
        return true
    }

    func compare(_ other: PEP440Version) -> VersionRelation {
        let epochs = ASCII.compareNumbers(epoch, other.epoch)
        if epochs != .equal { return epochs }
        for place in 0..<max(release.count, other.release.count) {
            let relation = ASCII.compareNumbers(
                place < release.count ? release[place] : [], place < other.release.count ? other.release[place] : [])
            if relation != .equal { return relation }
        }
        if pre.rank != other.pre.rank { return VersionRelation(pre.rank, other.pre.rank) }
        for relation in [
            ASCII.compareNumbers(pre.number, other.pre.number),
            Self.compare(post, other.post, missing: .less),
            Self.compare(dev, other.dev, missing: .greater),
        ] where relation != .equal { return relation }
        return Self.compareLocal(local, other.local)
    }

    private static func compare(
        _ left: ArraySlice<UInt8>?, _ right: ArraySlice<UInt8>?, missing: VersionRelation
    ) -> VersionRelation {
        guard let left else { return right == nil ? .equal : missing }
        guard let right else { return missing.reversed }
        return ASCII.compareNumbers(left, right)
    }

    private static func compareLocal(
        _ left: [ArraySlice<UInt8>]?, _ right: [ArraySlice<UInt8>]?
    ) -> VersionRelation {
        guard let left else { return right == nil ? .equal : .less }
        guard let right else { return .greater }
        for (one, other) in zip(left, right) {
            let isNumber = one.allSatisfy(ASCII.isDigit)
            let otherIsNumber = other.allSatisfy(ASCII.isDigit)
            if isNumber != otherIsNumber { return isNumber ? .greater : .less }
            let relation = isNumber ? ASCII.compareNumbers(one, other) : ASCII.compareBytes(one, other)
            if relation != .equal { return relation }
        }
        return VersionRelation(left.count, right.count)
    }
}
