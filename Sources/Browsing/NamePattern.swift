// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A pattern of file names as shells have them: `*`, `?`, `[a-z]`, `[!0-9]`, `[[:digit:]]`, and `\` before a character
/// that means itself.
///
/// `?` and brackets take a character of UTF-8 where the name has one, else a byte. Matching takes time in proportion to
/// the product of both lengths at the most.
package struct NamePattern: Sendable, Hashable {
    /// The most bytes a pattern may have.
    package static let maximumByteCount = 4096

    private enum Part: Sendable, Hashable {
        case literal(UInt32)
        case any
        case anything
        case bracket([Range], isNegated: Bool)
    }

    private struct Range: Sendable, Hashable {
        let low: UInt32
        let high: UInt32
    }

    private let parts: [Part]
    private let ignoresCase: Bool
    private let hidesDots: Bool
    /// The pattern where it is a text without any special character: then equality decides.
    private let plain: [UInt8]?
    /// The text that every fitting name ends in, behind a single `*` that begins the pattern; nil for other patterns.
    private let ending: [UInt8]?
    /// The pattern as bytes, `anyCode` and `anythingCode`, where it has no brackets and nothing of it is folded.
    private let codes: [UInt16]?

    private static let anyCode: UInt16 = 256
    private static let anythingCode: UInt16 = 257

    /// Reads a pattern; every text is one.
    ///
    /// - Parameters:
    ///   - bytes: the pattern.
    ///   - ignoresCase: whether letters of ASCII fit those of either case.
    ///   - hidesDots: whether a `.` at the start of a name fits itself only, as in shells.
    package init(_ bytes: [UInt8], ignoresCase: Bool = false, hidesDots: Bool = false) {
        self.ignoresCase = ignoresCase
        self.hidesDots = hidesDots
        var parts: [Part] = []
        var position = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "*"):
                position += 1
                if parts.last != .anything { parts.append(.anything) }
            case UInt8(ascii: "?"):
                position += 1
                parts.append(.any)
            case UInt8(ascii: "["):
                if let (bracket, end) = Self.bracket(bytes, position, ignoresCase) {
                    parts.append(bracket)
                    position = end
                } else {
                    parts.append(.literal(UInt32(UInt8(ascii: "["))))
                    position += 1
                }
            default:
                if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count { position += 1 }
                parts.append(.literal(Self.folded(Self.character(bytes[...], &position), ignoresCase)))
            }
        }
        self.parts = parts
        let special = "*?[\\".utf8
        plain = ignoresCase || bytes.contains(where: special.contains) ? nil : bytes
        let isEnding =
            !ignoresCase && !hidesDots && bytes.first == UInt8(ascii: "*")
            && !bytes.dropFirst().contains(where: special.contains)
        ending = isEnding ? Array(bytes.dropFirst()) : nil
        codes = ignoresCase ? nil : Self.codes(bytes)
    }

    private static func codes(_ bytes: [UInt8]) -> [UInt16]? {
        guard !bytes.contains(UInt8(ascii: "[")) else { return nil }
        var codes: [UInt16] = []
        var isLiteral = false
        for (position, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "\\") where !isLiteral && position + 1 < bytes.count:
                isLiteral = true
                continue
            case UInt8(ascii: "*") where !isLiteral: if codes.last != anythingCode { codes.append(anythingCode) }
            case UInt8(ascii: "?") where !isLiteral: codes.append(anyCode)
            default: codes.append(UInt16(byte))
            }
            isLiteral = false
        }
        return codes
    }

    /// Whether a text has characters that mean something in a pattern.
    package static func isPattern(_ bytes: some Sequence<UInt8>) -> Bool { bytes.contains(where: "*?[".utf8.contains) }

    /// Whether a name fits the pattern as a whole.
    package func matches(_ name: [UInt8]) -> Bool { name.withUnsafeBytes { matches($0) } }

    /// Whether a name fits the pattern as a whole.
    package func matches(_ name: UnsafeRawBufferPointer) -> Bool {
        if let plain { return plain.count == name.count && Self.begins(name, plain) }
        if let ending {
            return name.count >= ending.count
                && Self.begins(UnsafeRawBufferPointer(rebasing: name[(name.count - ending.count)...]), ending)
        }
        if hidesDots, name.first == UInt8(ascii: "."), parts.first != .literal(UInt32(UInt8(ascii: "."))) {
            return false
        }
        if let codes { return codes.withUnsafeBufferPointer { Self.matches($0, name) } }
        var (part, position) = (0, 0)
        // Where to go on if what follows the last `*` does not fit: it takes one character more.
        var resume: (part: Int, position: Int)?
        while position < name.count {
            if part < parts.count {
                if case .anything = parts[part] {
                    part += 1
                    resume = (part, position)
                    continue
                }
                var next = position
                if fits(parts[part], Self.character(name, &next)) {
                    part += 1
                    position = next
                    continue
                }
            }
            guard let last = resume else { return false }
            var next = last.position
            _ = Self.character(name, &next)
            resume = (last.part, next)
            (part, position) = (last.part, next)
        }
        return parts[part...].allSatisfy { $0 == .anything }
    }

    private static func begins(_ name: UnsafeRawBufferPointer, _ bytes: [UInt8]) -> Bool {
        guard !bytes.isEmpty, let start = name.baseAddress else { return bytes.isEmpty }
        return bytes.withUnsafeBytes { $0.baseAddress.map { memcmp($0, start, bytes.count) == 0 } ?? true }
    }

    private static func matches(_ codes: UnsafeBufferPointer<UInt16>, _ name: UnsafeRawBufferPointer) -> Bool {
        var (part, position) = (0, 0)
        var resume: (part: Int, position: Int)?
        while position < name.count {
            if part < codes.count {
                let code = codes[part]
                if code == anythingCode {
                    part += 1
                    resume = (part, position)
                    continue
                }
                if code == anyCode {
                    _ = character(name, &position)
                    part += 1
                    continue
                }
                if code == UInt16(name[position]) {
                    part += 1
                    position += 1
                    continue
                }
            }
            guard let last = resume else { return false }
            // A literal decides where a character begins; one that begins in another one fits nothing else.
            resume = (last.part, last.position + 1)
            (part, position) = (last.part, last.position + 1)
        }
        return codes[part...].allSatisfy { $0 == anythingCode }
    }

    private func fits(_ part: Part, _ character: UInt32) -> Bool {
        switch part {
        case .literal(let wanted): return wanted == Self.folded(character, ignoresCase)
        case .any, .anything: return true
        case .bracket(let ranges, let isNegated):
            let folded = Self.folded(character, ignoresCase)
            return ranges.contains { $0.low <= folded && folded <= $0.high } != isNegated
        }
    }

    /// Reads a bracket that begins at a position; nil where it has no end, and then means itself.
    private static func bracket(
        _ bytes: [UInt8], _ start: Int, _ ignoresCase: Bool
    ) -> (Part, end: Int)? {
        var position = start + 1
        let isNegated = position < bytes.count && "!^".utf8.contains(bytes[position])
        if isNegated { position += 1 }
        var ranges: [Range] = []
        var isFirst = true
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "]"), !isFirst {
                return (
                    .bracket(ignoresCase ? ranges.flatMap(Self.folded) : ranges, isNegated: isNegated), position + 1
                )
            }
            isFirst = false
            if let (found, end) = characterClass(bytes, position) {
                ranges += found
                position = end
                continue
            }
            if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count { position += 1 }
            let low = character(bytes[...], &position)
            var high = low
            if position + 1 < bytes.count, bytes[position] == UInt8(ascii: "-"),
                bytes[position + 1] != UInt8(ascii: "]")
            {
                position += 1
                if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count { position += 1 }
                high = character(bytes[...], &position)
            }
            if low <= high { ranges.append(Range(low: low, high: high)) }
        }
        return nil
    }

    private static let classes: [(name: String, ranges: [(Character, Character)])] = [
        ("alpha", [("a", "z"), ("A", "Z")]), ("digit", [("0", "9")]), ("alnum", [("a", "z"), ("A", "Z"), ("0", "9")]),
        ("upper", [("A", "Z")]), ("lower", [("a", "z")]), ("space", [("\t", "\r"), (" ", " ")]),
        ("blank", [("\t", "\t"), (" ", " ")]), ("xdigit", [("0", "9"), ("a", "f"), ("A", "F")]),
        ("punct", [("!", "/"), (":", "@"), ("[", "`"), ("{", "~")]),
        ("cntrl", [("\0", "\u{1F}"), ("\u{7F}", "\u{7F}")]),
        ("print", [(" ", "~")]), ("graph", [("!", "~")]),
    ]

    private static func characterClass(_ bytes: [UInt8], _ start: Int) -> (ranges: [Range], end: Int)? {
        for (name, ranges) in classes where bytes[start...].starts(with: "[:\(name):]".utf8) {
            let found = ranges.map { Range(low: scalar($0.0), high: scalar($0.1)) }
            return (found, start + name.utf8.count + 4)
        }
        return nil
    }

    private static func scalar(_ character: Character) -> UInt32 { character.unicodeScalars.first?.value ?? 0 }

    /// The parts of a range with capital letters as small ones.
    private static func folded(_ range: Range) -> [Range] {
        let (first, last) = (UInt32(UInt8(ascii: "A")), UInt32(UInt8(ascii: "Z")))
        let (low, high) = (max(range.low, first), min(range.high, last))
        return low <= high ? [range, Range(low: low + 32, high: high + 32)] : [range]
    }

    private static func folded(_ character: UInt32, _ ignoresCase: Bool) -> UInt32 {
        ignoresCase && UInt32(UInt8(ascii: "A"))...UInt32(UInt8(ascii: "Z")) ~= character ? character + 32 : character
    }

    /// The character at a position, which moves behind it; a byte that begins none has a number beyond Unicode's.
    private static func character<Bytes: RandomAccessCollection<UInt8>>(
        _ bytes: Bytes, _ position: inout Int
    ) -> UInt32 where Bytes.Index == Int {
        let first = bytes[position]
        position += 1
        guard first >= 0xC2, first < 0xF5 else { return first < 0x80 ? UInt32(first) : 0x11_0000 + UInt32(first) }
        let count = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3
        var value = UInt32(first) & (0x3F >> UInt32(count))
        let rest = bytes[position..<min(position + count, bytes.endIndex)]
        guard rest.count == count, rest.allSatisfy({ $0 & 0xC0 == 0x80 }) else { return 0x11_0000 + UInt32(first) }
        for byte in rest { value = value << 6 | UInt32(byte & 0x3F) }
        position += count
        return value
    }
}
