// SPDX-License-Identifier: Apache-2.0

/// Maven's order: lists in lists, as one chain, since a list is always the last thing in the one around it.
///
/// A dash and every border between letters and digits open a list. Numbers come after lists, these after words.
struct MavenVersion {
    private enum Item: Equatable {
        case number(ArraySlice<UInt8>)
        case word(rank: Int, text: ArraySlice<UInt8>)
    }

    private var lists: [[Item]] = [[]]

    private static let qualifiers: [[UInt8]] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"].map {
        Array($0.utf8)
    }
    private static let release = 5

    init(_ version: [UInt8]) {
        let text = ASCII.lower(version)
        var start = text.startIndex
        var isNumber = false
        for (place, byte) in text.enumerated() {
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "-"):
                add(text[start..<place], isNumber: isNumber || place == start)
                start = place + 1
                if byte == UInt8(ascii: "-") { lists.append([]) }
            default:
                let isDigit = ASCII.isDigit(byte)
                if isDigit != isNumber, place > start {
                    add(text[start..<place], isNumber: isNumber, beforeDigit: isDigit)
                    start = place
                    lists.append([])
                }
                isNumber = isDigit
            }
        }
        if start < text.endIndex { add(text[start...], isNumber: isNumber) }
        dropNulls()
    }

    private mutating func add(_ text: ArraySlice<UInt8>, isNumber: Bool, beforeDigit: Bool = false) {
        lists[lists.count - 1].append(isNumber ? .number(text.drop { $0 == 0x30 }) : Self.word(text, beforeDigit))
    }

    private static func word(_ text: ArraySlice<UInt8>, _ beforeDigit: Bool) -> Item {
        var name = Array(text)
        if beforeDigit, name.count == 1 {
            switch name[0] {
            case UInt8(ascii: "a"): name = qualifiers[0]
            case UInt8(ascii: "b"): name = qualifiers[1]
            case UInt8(ascii: "m"): name = qualifiers[2]
            default: break
            }
        }
        switch String(decoding: name, as: UTF8.self) {
        case "ga", "final", "release": name = []
        case "cr": name = qualifiers[3]
        default: break
        }
        if let rank = qualifiers.firstIndex(of: name) { return .word(rank: rank, text: []) }
        return .word(rank: qualifiers.count, text: text)
    }

    private static func isNull(_ item: Item) -> Bool {
        switch item {
        case .number(let digits): digits.isEmpty
        case .word(let rank, _): rank == release
        }
    }

    /// Drops what means nothing at the end of each list, and lists that are empty then, from the innermost out.
    private mutating func dropNulls() {
        var innerIsThere = false
        for level in lists.indices.reversed() {
            // A list that stays is passed over: what means nothing before it goes too.
            while let last = lists[level].last, Self.isNull(last) { lists[level].removeLast() }
            if lists[level].isEmpty, !innerIsThere, level > 0 {
                lists.removeLast()
            } else {
                innerIsThere = true
            }
        }
    }

    /// What stands at a place of a list: an item, the inner list, or nothing.
    private enum Place {
        case nothing
        case item(Item)
        case list
    }

    private func place(_ level: Int, _ index: Int) -> Place {
        guard level < lists.count else { return .nothing }
        if index < lists[level].count { return .item(lists[level][index]) }
        return index == lists[level].count && level + 1 < lists.count ? .list : .nothing
    }

    func compare(_ other: MavenVersion) -> VersionRelation {
        var level = 0
        var index = 0
        while true {
            switch (place(level, index), other.place(level, index)) {
            case (.nothing, .nothing): return .equal
            case (.list, .list):
                level += 1
                index = 0
                continue
            case (.list, .nothing): return Self.compareWithNothing(self, from: level + 1)
            case (.nothing, .list): return Self.compareWithNothing(other, from: level + 1).reversed
            case (.list, .item(.number)), (.item(.word), .list): return .less
            case (.list, .item(.word)), (.item(.number), .list): return .greater
            case (.item(let one), .item(let two)):
                let relation = Self.compare(one, two)
                if relation != .equal { return relation }
            case (.item(let one), .nothing):
                let relation = Self.compareWithNothing(one)
                if relation != .equal { return relation }
            case (.nothing, .item(let two)):
                let relation = Self.compareWithNothing(two).reversed
                if relation != .equal { return relation }
            }
            index += 1
        }
    }

    private static func compare(_ one: Item, _ other: Item) -> VersionRelation {
        switch (one, other) {
        case (.number(let left), .number(let right)): ASCII.compareNumbers(left, right)
        case (.number, .word): .greater
        case (.word, .number): .less
        case (.word(let left, let text), .word(let right, let otherText)):
            left != right ? VersionRelation(left, right) : ASCII.compareBytes(text, otherText)
        }
    }

    private static func compareWithNothing(_ item: Item) -> VersionRelation {
        switch item {
        case .number(let digits): digits.isEmpty ? .equal : .greater
        case .word(let rank, _): VersionRelation(rank, release)
        }
    }

    /// A list against nothing: its first item that is something decides.
    private static func compareWithNothing(_ version: MavenVersion, from level: Int) -> VersionRelation {
        for list in version.lists[min(level, version.lists.count)...] {
            for item in list {
                let relation = compareWithNothing(item)
                if relation != .equal { return relation }
            }
        }
        return .equal
    }
}
