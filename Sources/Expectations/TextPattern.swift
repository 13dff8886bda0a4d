// SPDX-License-Identifier: Apache-2.0

/// A regular expression in RE2's syntax, as programs in Go take it, that is looked for in bytes.
///
/// Bytes are read as UTF-8; one that is none stands for U+FFFD. All states are followed at once, so no pattern takes more
/// time than its size times that of the text, and that has a limit. Groups are not told: only whether there is a match.
package struct TextPattern: Sendable {
    /// A step of the program; targets are relative.
    enum Step: Sendable, Equatable {
        case one(ScalarClass)
        case either(Int, Int)
        case jump(Int)
        case check(Place)
    }

    /// What must be true of a place in the text.
    enum Place: Sendable, Equatable {
        case textStart, textEnd, lineStart, lineEnd, wordEdge, noWordEdge
    }

    /// Steps that a pattern may have.
    package static let stepLimit = 10_000
    /// Steps that a search may go through, over all places of a text: some ten seconds of them.
    package static let searchLimit = 1 << 30
    /// Groups within each other.
    package static let depthLimit = 100

    private let steps: [Step]

    /// Reads a pattern.
    ///
    /// - Throws: `PatternError` for what RE2 does not take, what is too large, and names of scripts.
    package init(_ text: String) throws(PatternError) {
        var parser = PatternParser(text)
        steps = try parser.parse()
    }

    /// Whether the pattern matches somewhere in a text.
    ///
    /// - Parameters:
    ///   - text: its bytes.
    ///   - limit: the steps that may be gone through.
    /// - Throws: `PatternError` where that needs more steps.
    package func matches(
        _ text: some RandomAccessCollection<UInt8>, limit: Int = searchLimit
    ) throws(PatternError) -> Bool {
        let found =
            text.withContiguousStorageIfAvailable { search($0, limit) }
            ?? Array(text).withUnsafeBufferPointer { search($0, limit) }
        guard let found else {
            throw PatternError("it takes more than \(limit) steps to look for it in \(text.count) bytes")
        }
        return found
    }

    /// - Returns: nil where the limit was reached.
    private func search(_ text: UnsafeBufferPointer<UInt8>, _ limit: Int) -> Bool? {
        var rest = limit
        var current = States(count: steps.count + 1)
        var next = States(count: steps.count + 1)
        var offset = 0
        var before: UInt32?
        var (here, width) = Self.scalar(in: text, at: 0)
        while true {
            if add(0, to: &current, before, here) { return true }
            guard let scalar = here else { return false }
            rest -= current.members.count
            guard rest >= 0 else { return nil }
            let (after, afterWidth) = Self.scalar(in: text, at: offset + width)
            for state in current.members {
                guard case .one(let wanted) = steps[state], wanted.contains(scalar) else { continue }
                if add(state + 1, to: &next, scalar, after) { return true }
            }
            swap(&current, &next)
            next.clear()
            (offset, before, here, width) = (offset + width, scalar, after, afterWidth)
        }
    }

    /// Adds a state and all that it leads to without reading anything.
    ///
    /// - Returns: whether the end of the program is among them.
    private func add(_ start: Int, to states: inout States, _ before: UInt32?, _ after: UInt32?) -> Bool {
        states.waiting.append(start)
        while let state = states.waiting.popLast() {
            guard states.insert(state) else { continue }
            guard state < steps.count else { return true }
            switch steps[state] {
            case .one: break
            case .either(let one, let other):
                states.waiting.append(state + other)
                states.waiting.append(state + one)
            case .jump(let target): states.waiting.append(state + target)
            case .check(let place):
                if Self.holds(place, before, after) { states.waiting.append(state + 1) }
            }
        }
        return false
    }

    private static func holds(_ place: Place, _ before: UInt32?, _ after: UInt32?) -> Bool {
        switch place {
        case .textStart: before == nil
        case .textEnd: after == nil
        case .lineStart: before == nil || before == 0x0A
        case .lineEnd: after == nil || after == 0x0A
        case .wordEdge: isWord(before) != isWord(after)
        case .noWordEdge: isWord(before) == isWord(after)
        }
    }

    private static func isWord(_ scalar: UInt32?) -> Bool { scalar.map { ScalarClass.word.contains($0) } ?? false }

    /// The scalar at an offset, and how many bytes it takes; nil at the end.
    private static func scalar(in text: UnsafeBufferPointer<UInt8>, at offset: Int) -> (UInt32?, Int) {
        guard offset < text.count else { return (nil, 0) }
        let first = text[offset]
        if first < 0x80 { return (UInt32(first), 1) }
        let width = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard (0xC2...0xF4).contains(first), offset + width <= text.count else { return (0xFFFD, 1) }
        var value = UInt32(first) & (0xFF >> UInt32(width + 1))
        for byte in text[offset + 1..<offset + width] {
            guard byte & 0xC0 == 0x80 else { return (0xFFFD, 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        let isShortest = width == 2 || value >= (width == 3 ? 0x800 : 0x1_0000)
        guard isShortest, Unicode.Scalar(value) != nil else { return (0xFFFD, 1) }
        return (value, width)
    }

    /// States in the order in which they came.
    private struct States {
        var members: [Int] = []
        /// What is to be looked at, while states are added.
        var waiting: [Int] = []
        private var isMember: [Bool]

        init(count: Int) { isMember = [Bool](repeating: false, count: count) }

        mutating func insert(_ state: Int) -> Bool {
            guard !isMember[state] else { return false }
            isMember[state] = true
            members.append(state)
            return true
        }

        mutating func clear() {
            for member in members { isMember[member] = false }
            members.removeAll(keepingCapacity: true)
        }
    }
}

/// Why a pattern is none.
package struct PatternError: Error, Equatable, CustomStringConvertible {
    /// The reason, in a line.
    package let description: String

    init(_ description: String) { self.description = description }
}
