// SPDX-License-Identifier: Apache-2.0

import OCI

/// A document in JSON with a line for each value, members sorted by their names; numbers and strings as they are written.
struct SortedJSON {
    /// Values of a document.
    private static let valueLimit = 1_000_000

    /// What is not closed yet.
    private struct Open {
        let isObject: Bool
        /// The members or elements, each with its lines but the first one's start.
        var parts: [(name: ArraySlice<UInt8>, lines: [[UInt8]])] = []
        var name: ArraySlice<UInt8> = []
    }

    private let bytes: [UInt8]
    private var place = 0
    private var open: [Open] = []
    private var values = 0
    private var lineBytes = 0

    /// Describes a text that is one document; nil for any other.
    static func describe(_ bytes: [UInt8]) -> Description? {
        guard let first = bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else { return nil }
        var reading = SortedJSON(bytes)
        guard let lines = reading.read() else { return nil }
        return Description("JSON", Array(lines.joined(separator: [0x0A])) + [0x0A], isWhole: true)
    }

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    private mutating func skipBlanks() {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    }

    private mutating func takes(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard place < bytes.count, bytes[place] == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    /// A string with its quotation marks, as it is written; nil for anything else.
    private mutating func string() -> ArraySlice<UInt8>? {
        skipBlanks()
        guard place < bytes.count, bytes[place] == 0x22 else { return nil }
        var end = place + 1
        while end < bytes.count, bytes[end] != 0x22 {
            guard bytes[end] >= 0x20 else { return nil }
            end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < bytes.count else { return nil }
        defer { place = end + 1 }
        return bytes[place...end]
    }

    /// A number or a word, as it is written; nil for anything else.
    private mutating func word() -> ArraySlice<UInt8>? {
        let start = place
        while place < bytes.count, ASCIILetters.isOfWord(bytes[place]) { place += 1 }
        let word = bytes[start..<place]
        switch word.first {
        case UInt8(ascii: "t"): return word.elementsEqual("true".utf8) ? word : nil
        case UInt8(ascii: "f"): return word.elementsEqual("false".utf8) ? word : nil
        case UInt8(ascii: "n"): return word.elementsEqual("null".utf8) ? word : nil
        case UInt8(ascii: "-"), .some(0x30...0x39): return word
        default: return nil
        }
    }

    /// The lines of the document; nil where it is none, or too large.
    private mutating func read() -> [[UInt8]]? {
        while true {
            // A value, or the end of an empty list or object.
            var done: [[UInt8]]?
            values += 1
            guard values <= Self.valueLimit else { return nil }
            if takes("{") {
                guard open.count < DocumentLimit.depth else { return nil }
                open.append(Open(isObject: true))
                if takes("}") { done = close() } else if !beginMember() { return nil }
            } else if takes("[") {
                guard open.count < DocumentLimit.depth else { return nil }
                open.append(Open(isObject: false))
                if takes("]") { done = close() }
            } else if let text = string() ?? word() {
                done = [Array(text)]
            } else {
                return nil
            }
            // What is whole belongs to what is open, which may then be whole itself.
            while let lines = done {
                done = nil
                guard let last = open.indices.last else {
                    skipBlanks()
                    return place == bytes.count ? lines : nil
                }
                open[last].parts.append((open[last].name, lines))
                if takes(",") {
                    if open[last].isObject, !beginMember() { return nil }
                } else if takes(open[last].isObject ? "}" : "]") {
                    done = close()
                    guard done != nil else { return nil }
                } else {
                    return nil
                }
            }
        }
    }

    private mutating func beginMember() -> Bool {
        guard let name = string(), takes(":"), let last = open.indices.last else { return false }
        open[last].name = name
        return true
    }

    /// The lines of what was opened last; nil where all lines together are too long.
    private mutating func close() -> [[UInt8]]? {
        guard var whole = open.popLast() else { return nil }
        let marks: (UInt8, UInt8) =
            whole.isObject ? (UInt8(ascii: "{"), UInt8(ascii: "}")) : (UInt8(ascii: "["), UInt8(ascii: "]"))
        if whole.parts.isEmpty { return [[marks.0, marks.1]] }
        if whole.isObject { whole.parts.sort { $0.name.lexicographicallyPrecedes($1.name) } }
        var lines: [[UInt8]] = [[marks.0]]
        for part in whole.parts {
            let start = Array(part.name) + (whole.isObject ? [UInt8(ascii: ":"), 0x20] : [])
            for (number, line) in part.lines.enumerated() {
                let text = [0x20, 0x20] + (number == 0 ? start : []) + line
                lineBytes += text.count
                lines.append(text)
            }
        }
        // Each level moves the lines in it.
        guard lineBytes <= 4 * Description.limit else { return nil }
        return lines + [[marks.1]]
    }
}

/// Letters of words and numbers.
enum ASCIILetters {
    static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}
