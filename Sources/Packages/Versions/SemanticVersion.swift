// SPDX-License-Identifier: Apache-2.0

/// Semantic versions 2.0, with any count of numbers, `v` in front, and pre-releases that begin without a dash (`1.21rc2`).
struct SemanticVersion {
    private var numbers: [ArraySlice<UInt8>] = []
    private var pre: [ArraySlice<UInt8>] = []

    /// Reads a version; nil if it is none.
    init?(_ version: [UInt8]) {
        var rest = ASCII.trimmed(version[...])
        _ = rest.take(UInt8(ascii: "="))
        _ = rest.take(UInt8(ascii: "v"))
        repeat {
            let digits = rest.take(while: ASCII.isDigit)
            if digits.isEmpty { return nil }
            numbers.append(digits)
        } while rest.take(UInt8(ascii: "."))
        while let last = numbers.last, numbers.count > 1, !last.contains(where: { $0 != 0x30 }) { numbers.removeLast() }
        if let build = rest.firstIndex(of: UInt8(ascii: "+")) { rest = rest[..<build] }
        guard let first = rest.first else { return }
        if first == UInt8(ascii: "-") {
            rest.removeFirst()
        } else if !ASCII.isLetter(first) {
            return nil
        }
        pre = rest.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let belongs = { (byte: UInt8) in ASCII.isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == 0x7E }
        if pre.contains(where: { $0.isEmpty || !$0.allSatisfy(belongs) }) { return nil }
    }

    func compare(_ other: SemanticVersion) -> VersionRelation {
        for place in 0..<max(numbers.count, other.numbers.count) {
            let relation = ASCII.compareNumbers(
                place < numbers.count ? numbers[place] : [], place < other.numbers.count ? other.numbers[place] : [])
            if relation != .equal { return relation }
        }
        if pre.isEmpty || other.pre.isEmpty { return VersionRelation(pre.isEmpty ? 1 : 0, other.pre.isEmpty ? 1 : 0) }
        for (one, two) in zip(pre, other.pre) {
            let isNumber = one.allSatisfy(ASCII.isDigit)
            let otherIsNumber = two.allSatisfy(ASCII.isDigit)
            if isNumber != otherIsNumber { return isNumber ? .less : .greater }
            let relation = isNumber ? ASCII.compareNumbers(one, two) : ASCII.compareBytes(one, two)
            if relation != .equal { return relation }
        }
        return VersionRelation(pre.count, other.pre.count)
    }
}
