// SPDX-License-Identifier: Apache-2.0

/// That of rpm: `[epoch:]version[-release]`.
enum RPMVersion {
    /// A version taken apart; a missing epoch is 0, and a missing release equals every release.
    struct Parts {
        var epoch: ArraySlice<UInt8> = []
        var version: ArraySlice<UInt8>
        var release: ArraySlice<UInt8>?

        init(_ text: [UInt8]) {
            version = ASCII.trimmed(text[...])
            let digits = version.prefix(while: ASCII.isDigit)
            if digits.endIndex < version.endIndex, version[digits.endIndex] == UInt8(ascii: ":") {
                epoch = digits
                version = version[(digits.endIndex + 1)...]
            }
            if let dash = version.lastIndex(of: UInt8(ascii: "-")) {
                release = version[(dash + 1)...]
                version = version[..<dash]
            }
        }
    }

    static func compare(_ left: [UInt8], _ right: [UInt8]) -> VersionRelation {
        let left = Parts(left)
        let right = Parts(right)
        let epochs = ASCII.compareNumbers(left.epoch, right.epoch)
        if epochs != .equal { return epochs }
        let versions = compareSegments(left.version, right.version)
        if versions != .equal { return versions }
        guard let one = left.release, let other = right.release else { return .equal }
        return compareSegments(one, other)
    }

    /// Compares one part (`rpmvercmp`): segments of digits or letters, `~` before the end, `^` behind it.
    static func compareSegments(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> VersionRelation {
        if left.elementsEqual(right) { return .equal }
        var left = left
        var right = right
        while !left.isEmpty || !right.isEmpty {
            _ = left.take(while: isSeparator)
            _ = right.take(while: isSeparator)
            if left.first == tilde || right.first == tilde {
                if left.first != tilde { return .greater }
                if right.first != tilde { return .less }
                left.removeFirst()
                right.removeFirst()
                continue
            }
            if left.first == caret || right.first == caret {
                if left.isEmpty { return .less }
                if right.isEmpty { return .greater }
                if left.first != caret { return .greater }
                if right.first != caret { return .less }
                left.removeFirst()
                right.removeFirst()
                continue
            }
            guard let first = left.first, !right.isEmpty else { break }
            let isNumber = ASCII.isDigit(first)
            let kind = isNumber ? ASCII.isDigit : ASCII.isLetter
            let one = left.take(while: kind)
            let other = right.take(while: kind)
            if other.isEmpty { return isNumber ? .greater : .less }
            let relation = isNumber ? ASCII.compareNumbers(one, other) : ASCII.compareBytes(one, other)
            if relation != .equal { return relation }
        }
        return VersionRelation(left.isEmpty ? 0 : 1, right.isEmpty ? 0 : 1)
    }

    private static let tilde = UInt8(ascii: "~")
    private static let caret = UInt8(ascii: "^")

    private static func isSeparator(_ byte: UInt8) -> Bool {
        !ASCII.isAlphanumeric(byte) && byte != tilde && byte != caret
    }
}

/// That of pacman: rpm's without `~` and `^`, with the lengths of separators counting.
enum AlpmVersion {
    static func compare(_ left: [UInt8], _ right: [UInt8]) -> VersionRelation {
        let left = RPMVersion.Parts(left)
        let right = RPMVersion.Parts(right)
        let epochs = ASCII.compareNumbers(left.epoch, right.epoch)
        if epochs != .equal { return epochs }
        let versions = compareSegments(left.version, right.version)
        if versions != .equal { return versions }
        guard let one = left.release, let other = right.release else { return .equal }
        return compareSegments(one, other)
    }

    private static func compareSegments(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> VersionRelation {
        if left.elementsEqual(right) { return .equal }
        var left = left
        var right = right
        while !left.isEmpty, !right.isEmpty {
            let gap = left.take { !ASCII.isAlphanumeric($0) }.count
            let otherGap = right.take { !ASCII.isAlphanumeric($0) }.count
            guard let first = left.first, !right.isEmpty else { break }
            if gap != otherGap { return VersionRelation(gap, otherGap) }
            let isNumber = ASCII.isDigit(first)
            let kind = isNumber ? ASCII.isDigit : ASCII.isLetter
            let one = left.take(while: kind)
            let other = right.take(while: kind)
            if other.isEmpty { return isNumber ? .greater : .less }
            let relation = isNumber ? ASCII.compareNumbers(one, other) : ASCII.compareBytes(one, other)
            if relation != .equal { return relation }
        }
        if left.isEmpty, right.isEmpty { return .equal }
        // Letters that are left make a pre-release: 1.0a, 1.0b and 1.0rc come before 1.0.
        if let first = left.first { return ASCII.isLetter(first) ? .less : .greater }
        return right.first.map(ASCII.isLetter) == true ? .greater : .less
    }
}
