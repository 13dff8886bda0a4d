// SPDX-License-Identifier: Apache-2.0

/// A key of a terminal.
package enum Key: Hashable, Sendable {
    /// A letter.
    case letter(Unicode.Scalar)
    /// Ctrl with a letter, `a`…`z`.
    case control(Unicode.Scalar)
    case up, down, left, right, home, end, pageUp, pageDown
    case tab, backTab, enter, escape, backspace, delete
}

/// Keys out of the bytes that a terminal sends.
package struct KeyDecoder: Sendable {
    private var bytes: [UInt8] = []
    /// No sequence that means something here is longer.
    private static let limit = 32

    /// Has seen nothing.
    package init() {}

    /// Whether a sequence has begun that may be an Escape alone.
    package var isWaiting: Bool { !bytes.isEmpty }

    /// Takes bytes.
    ///
    /// - Returns: the keys that are whole.
    package mutating func take(_ more: some Sequence<UInt8>) -> [Key] {
        bytes += more
        var keys: [Key] = []
        var rest = bytes[...]
        while !rest.isEmpty, let (key, count) = Self.first(rest) {
            if let key { keys.append(key) }
            rest = rest.dropFirst(count)
        }
        bytes = Array(rest)
        return keys
    }

    /// The time for the rest of a sequence is over: what is there are keys of their own.
    package mutating func finish() -> [Key] {
        let isEscape = bytes.first == 0x1B
        bytes = []
        return isEscape ? [.escape] : []
    }

    /// The first key, nil for a sequence without a meaning, and its bytes; nil where more must come.
    private static func first(_ bytes: ArraySlice<UInt8>) -> (Key?, Int)? {
        guard let byte = bytes.first else { return nil }
        switch byte {
        case 0x09: return (.tab, 1)
        case 0x0A, 0x0D: return (.enter, 1)
        case 0x08, 0x7F: return (.backspace, 1)
        case 0x1B: return sequence(bytes)
        case 0x01...0x1A: return (.control(Unicode.Scalar(byte + 0x60)), 1)
        case 0x20...0x7E: return (.letter(Unicode.Scalar(byte)), 1)
        case 0xC2...0xF4:
            let count = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
            let piece = bytes.prefix(count)
            guard piece.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) else { return (nil, 1) }
            guard piece.count == count else { return nil }
            return (String(validating: piece, as: UTF8.self)?.unicodeScalars.first.map { .letter($0) }, count)
        default: return (nil, 1)
        }
    }

    private static func sequence(_ bytes: ArraySlice<UInt8>) -> (Key?, Int)? {
        let rest = bytes.dropFirst()
        guard let kind = rest.first else { return nil }
        guard kind == UInt8(ascii: "[") || kind == UInt8(ascii: "O") else { return (.escape, 1) }
        let body = rest.dropFirst()
        guard let end = body.firstIndex(where: { (0x40...0x7E).contains($0) }) else {
            return bytes.count > limit ? (nil, bytes.count) : nil
        }
        let count = end - bytes.startIndex + 1
        guard count <= limit else { return (nil, count) }
        let number = String(decoding: body[..<end].prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
        switch body[end] {
        case UInt8(ascii: "A"): return (.up, count)
        case UInt8(ascii: "B"): return (.down, count)
        case UInt8(ascii: "C"): return (.right, count)
        case UInt8(ascii: "D"): return (.left, count)
        case UInt8(ascii: "H"): return (.home, count)
        case UInt8(ascii: "F"): return (.end, count)
        case UInt8(ascii: "Z"): return (.backTab, count)
        case UInt8(ascii: "M") where kind == UInt8(ascii: "O"): return (.enter, count)
        case UInt8(ascii: "~"):
            let keys: [String: Key] = [
                "1": .home, "7": .home, "4": .end, "8": .end, "5": .pageUp, "6": .pageDown, "3": .delete,
            ]
            return (keys[number], count)
        default: return (nil, count)
        }
    }
}
