// SPDX-License-Identifier: Apache-2.0

/// The numbers at the beginning of a version that stands in a range: `1.2`, `1.x`, `v1.2.3-beta`.
struct VersionParts {
    /// The numbers that are told, at most three.
    private var numbers: [UInt64] = []
    /// Whether a part is a star or an x.
    private(set) var hasStar = false
    /// How many numbers there are in all.
    private var count = 0
    private let text: [UInt8]

    init(_ version: [UInt8]) {
        text = version
        var rest = version.first == UInt8(ascii: "v") ? version.dropFirst() : version[...]
        while true {
            let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
            if digits.isEmpty {
                if let first = rest.first, [UInt8(ascii: "x"), UInt8(ascii: "X"), UInt8(ascii: "*")].contains(first) {
                    hasStar = true
                }
                return
            }
            count += 1
            if numbers.count < 3 { numbers.append(UInt64(String(decoding: digits, as: UTF8.self)) ?? .max - 1) }
            rest = rest[digits.endIndex...]
            guard rest.first == UInt8(ascii: ".") else { return }
            rest = rest.dropFirst()
        }
    }

    /// Whether parts of three are missing.
    var isOpen: Bool { hasStar || count < 3 }

    private func number(_ place: Int) -> UInt64 { place < numbers.count ? numbers[place] : 0 }

    /// The lowest version that is meant: the version itself where nothing is missing.
    var lowest: [UInt8] { isOpen ? Self.version([number(0), number(1), number(2)], isEnd: false) : text }

    /// The first version behind those that begin with the numbers told; nil where none is told.
    var openEnd: [UInt8]? { numbers.isEmpty ? nil : end(after: min(numbers.count, 3) - 1) }

    /// The first version behind `~`: the second number stays, or the first where it is alone.
    var tildeEnd: [UInt8]? { numbers.isEmpty ? nil : end(after: numbers.count > 1 ? 1 : 0) }

    /// The first version behind `^`: the first number that is not 0 stays.
    var caretEnd: [UInt8]? {
        guard !numbers.isEmpty else { return nil }
        let first = numbers.firstIndex { $0 != 0 } ?? numbers.count - 1
        return end(after: first)
    }

    /// The first version behind `~>`: all but the last part stay.
    var pessimisticEnd: [UInt8]? {
        guard !numbers.isEmpty else { return nil }
        let last = min(count, 3) - 1
        return Self.version(Self.raised(numbers, at: max(0, last - 1)), isEnd: false)
    }

    private func end(after place: Int) -> [UInt8] {
        var all = Self.raised(numbers, at: place)
        while all.count < 3 { all.append(0) }
        // Before the first release of the next line come its own pre-releases.
        return Self.version(all, isEnd: true)
    }

    private static func raised(_ numbers: [UInt64], at place: Int) -> [UInt64] {
        var raised = Array(numbers.prefix(place + 1))
        if let last = raised.popLast() { raised.append(last < .max ? last + 1 : last) }
        return raised
    }

    private static func version(_ numbers: [UInt64], isEnd: Bool) -> [UInt8] {
        Array((numbers.map { "\($0)" }.joined(separator: ".") + (isEnd ? "-0" : "")).utf8)
    }
}
