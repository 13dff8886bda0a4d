// SPDX-License-Identifier: Apache-2.0

/// Alpine's order: `digits{.digits}{letter}{_suffix{digits}}{~hash}{-rN}`.
enum APKVersion {
    /// The kinds of pieces, in the order in which they may come and in which the later one is less.
    private enum Kind: Int {
        case first, number, letter, suffix, suffixNumber, hash, revision, end, invalid
    }

    private static let suffixes: [[UInt8]] = ["alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"].map {
        Array($0.utf8)
    }
    private static let release = 4

    private struct Pieces {
        var rest: ArraySlice<UInt8>
        var kind: Kind
        var value: ArraySlice<UInt8> = []
        var suffix = APKVersion.release

        init(_ version: [UInt8]) {
            rest = version[...]
            kind = .first
            takeDigits()
        }

        private mutating func takeDigits() {
            value = rest.take(while: ASCII.isDigit)
            if value.isEmpty { kind = .invalid }
        }

        mutating func next() {
            guard let byte = rest.first else {
                kind = .end
                return
            }
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z") where kind.rawValue <= Kind.number.rawValue:
                value = rest.prefix(1)
                rest.removeFirst()
                kind = .letter
            case UInt8(ascii: ".") where kind.rawValue <= Kind.number.rawValue:
                rest.removeFirst()
                kind = .number
                takeDigits()
            case UInt8(ascii: "0")...UInt8(ascii: "9") where kind.rawValue <= Kind.number.rawValue:
                kind = .number
                takeDigits()
            case UInt8(ascii: "0")...UInt8(ascii: "9") where kind == .suffix:
                kind = .suffixNumber
                takeDigits()
            case UInt8(ascii: "_") where kind.rawValue <= Kind.suffixNumber.rawValue:
                rest.removeFirst()
                takeSuffix()
            case UInt8(ascii: "~") where kind.rawValue < Kind.hash.rawValue:
                rest.removeFirst()
                value = rest.take(while: ASCII.isHexDigit)
                kind = value.isEmpty ? .invalid : .hash
            case UInt8(ascii: "-") where kind.rawValue < Kind.revision.rawValue && rest.dropFirst().first == 0x72:
                rest.removeFirst(2)
                kind = .revision
                takeDigits()
            default: kind = .invalid
            }
        }

        private mutating func takeSuffix() {
            let name = rest.take { $0 >= 0x61 && $0 <= 0x7A }
            kind = .invalid
            if !name.isEmpty, let rank = APKVersion.suffixes.firstIndex(of: Array(name)) {
                suffix = rank
                kind = .suffix
            }
        }

        func compare(_ other: Pieces) -> VersionRelation {
            switch kind {
            case .number where value.first == 0x30 || other.value.first == 0x30:
                ASCII.compareBytes(value, other.value)
            case .first, .number, .suffixNumber, .revision: ASCII.compareNumbers(value, other.value)
            case .suffix: VersionRelation(suffix, other.suffix)
            default: ASCII.compareBytes(value, other.value)
            }
        }
    }

    /// Whether a version is one.
    static func isValid(_ version: [UInt8]) -> Bool {
        var pieces = Pieces(version)
        while pieces.kind != .end, pieces.kind != .invalid { pieces.next() }
        return pieces.kind == .end
    }

    /// Compares two versions.
    ///
    /// - Parameter fuzzy: whether the left one equals the right one where it begins with it (`~`).
    static func compare(_ left: [UInt8], _ right: [UInt8], fuzzy: Bool = false) -> VersionRelation {
        var one = Pieces(left)
        var other = Pieces(right)
        while one.kind == other.kind, one.kind != .end, one.kind != .invalid {
            let relation = one.compare(other)
            if relation != .equal { return relation }
            one.next()
            other.next()
        }
        if one.kind == other.kind || (fuzzy && other.kind == .end) { return .equal }
        if one.kind == .suffix, one.suffix < release { return .less }
        if other.kind == .suffix, other.suffix < release { return .greater }
        return VersionRelation(other.kind.rawValue, one.kind.rawValue)
    }
}
