// SPDX-License-Identifier: Apache-2.0

/// Causes that texts tell: lines in another order, times, names that are made up.
enum RebuiltText {
    static func finding(_ left: [UInt8], _ right: [UInt8]) -> RebuildFinding? {
        guard !left.isEmpty, !right.isEmpty, !left.contains(0), !right.contains(0) else { return nil }
        let (old, new) = (left.split(separator: 0x0A), right.split(separator: 0x0A))
        if left.count == right.count, sorted(old) == sorted(new) {
            return RebuildFinding(.order, "the same lines in another order")
        }
        if let first = left.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "["), left.count == right.count,
            sorted(words(left[...])) == sorted(words(right[...]))
        {
            return RebuildFinding(.order, "the same members in another order")
        }
        guard old.count == new.count else { return nil }
        var hasNames = false
        var example: String?
        for (one, other) in zip(old, new) where one != other {
            guard let isName = judge(one, other) else { return nil }
            hasNames = hasNames || isName
            if example == nil { example = String(decoding: one.prefix(60), as: UTF8.self) }
        }
        guard let example else { return nil }
        return RebuildFinding(
            hasNames ? .temporary : .dates,
            hasNames ? "only names that are made up differ: \(example)" : "only times differ: \(example)")
    }

    private static func sorted(_ lines: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
        lines.map { line in line.last == UInt8(ascii: ",") ? line.dropLast() : line }
            .sorted { $0.lexicographicallyPrecedes($1) }
    }

    private static func words(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        let separators = Set(" \t\r\n\"'=,;<>()[]{}|".utf8)
        return line.split { separators.contains($0) }
    }

    /// Whether two lines differ in names that are made up, or in times alone (false); nil where they differ otherwise.
    private static func judge(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool? {
        let (old, new) = (words(left), words(right))
        guard old.count == new.count else { return nil }
        var hasNames = false
        var hasTime = false
        var hasNumbers = false
        for (one, other) in zip(old, new) where one != other {
            if isTime(one), isTime(other) {
                hasTime = true
            } else if isPartOfDate(one), isPartOfDate(other) {
                hasNumbers = true
            } else if isMadeUp(one, other) {
                hasNames = true
            } else {
                return nil
            }
        }
        // Numbers alone are no date unless a time is beside them.
        if hasNumbers, !hasTime { return nil }
        return hasNames || hasTime ? hasNames : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// Whether a word is a time or a date: 12:30:05, 2026-01-31T10:00:00Z, 20260131, or seconds since 1970.
    private static func isTime(_ word: ArraySlice<UInt8>) -> Bool {
        let digits = word.filter(isDigit).count
        if digits == word.count { return (digits == 10 || digits == 13) && word.first == UInt8(ascii: "1") }
        let others = word.filter { !isDigit($0) }
        return digits >= 4 && others.allSatisfy { "-:.TZ+/".utf8.contains($0) }
            && others.contains { "-:/".utf8.contains($0) }
    }

    private static func isPartOfDate(_ word: ArraySlice<UInt8>) -> Bool {
        if word.count <= 4, word.allSatisfy(isDigit) { return true }
        let names = [
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mon", "tue", "wed",
            "thu", "fri", "sat", "sun",
        ]
        let lower = word.map { $0 | 0x20 }
        return lower.count >= 3 && names.contains { lower.starts(with: $0.utf8) }
            && lower.allSatisfy { (0x61...0x7A).contains($0) }
    }

    /// Whether two words are names of mktemp, or identifiers of containers.
    private static func isMadeUp(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        let hexadecimal = Set("0123456789abcdef".utf8)
        if left.count == 12, (left + right).allSatisfy({ hexadecimal.contains($0) }) { return true }
        let common = zip(left, right).prefix { $0 == $1 }.map { $0.0 }
        guard common.count >= 4 else { return false }
        return common.starts(with: "/tmp/".utf8)
            || (0...common.count - 4).contains { common[$0..<$0 + 4].elementsEqual("tmp.".utf8) }
    }
}
