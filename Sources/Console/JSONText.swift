// SPDX-License-Identifier: Apache-2.0

import OCI

/// JSON written piece by piece, indented by two spaces, keys in the order in which they are given.
///
/// The text gathers in `bytes`; whoever writes it out may empty them between any two calls. The calls must nest as JSON
/// does; that they do is not checked. Characters that could act on a terminal are written as `\u` escapes.
package struct JSONText {
    /// The text since the bytes were emptied last, in UTF-8.
    package var bytes: [UInt8] = []
    /// How many members each open object or array has so far.
    private var memberCounts: [Int] = []
    private var isAfterKey = false
    /// Whether there is neither a line end nor a blank between values.
    private let isCompact: Bool

    /// Starts a text.
    ///
    /// - Parameter isCompact: whether each value that stands in no other one is a line of its own.
    package init(isCompact: Bool = false) { self.isCompact = isCompact }

    /// Opens an object as a value.
    package mutating func beginObject() { begin(UInt8(ascii: "{")) }

    /// Closes the innermost object.
    package mutating func endObject() { end(UInt8(ascii: "}")) }

    /// Opens an array as a value.
    package mutating func beginArray() { begin(UInt8(ascii: "[")) }

    /// Closes the innermost array.
    package mutating func endArray() { end(UInt8(ascii: "]")) }

    /// Writes the key of an object's next member; its value must follow.
    package mutating func key(_ key: String) {
        separate()
        appendQuoted(key)
        bytes.append(UInt8(ascii: ":"))
        if !isCompact { bytes.append(UInt8(ascii: " ")) }
        isAfterKey = true
    }

    /// Writes a string as a value.
    package mutating func string(_ text: String) {
        separate()
        appendQuoted(text)
        finishIfOutermost()
    }

    /// Writes bytes as a string; what is not UTF-8 becomes U+FFFD.
    package mutating func string(_ text: [UInt8]) {
        separate()
        if text.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: text)
            bytes.append(UInt8(ascii: "\""))
        } else {
            appendQuoted(String(decoding: text, as: UTF8.self))
        }
        finishIfOutermost()
    }

    /// Writes bytes as a string in base64 with padding (RFC 4648, section 4).
    package mutating func base64(_ content: [UInt8]) {
        string(Base64.encoded(content))
    }

    /// Writes a whole number as a value, in all its digits.
    package mutating func number(_ value: some BinaryInteger) { literal(String(value)) }

    /// Writes a number with a fraction as a value, in as many digits as tell it from all others; one that JSON has no
    /// form for as `null`.
    package mutating func number(_ value: Double) {
        guard value.isFinite else { return null() }
        literal(value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value))
    }

    /// Writes `true` or `false` as a value.
    package mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }

    /// Writes `null` as a value.
    package mutating func null() { literal("null") }

    /// Writes an array of strings in one line, as the whole text.
    package mutating func line(_ words: [String]) {
        bytes.append(UInt8(ascii: "["))
        for (position, word) in words.enumerated() {
            if position > 0 { bytes.append(contentsOf: ", ".utf8) }
            appendQuoted(word)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func literal(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        finishIfOutermost()
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        memberCounts.append(0)
    }

    private mutating func end(_ bracket: UInt8) {
        if memberCounts.popLast() ?? 0 > 0 { startLine() }
        bytes.append(bracket)
        finishIfOutermost()
    }

    /// Ends the text with a line end.
    private mutating func finishIfOutermost() {
        if memberCounts.isEmpty { bytes.append(UInt8(ascii: "\n")) }
    }

    /// Puts what must stand between the text so far and the next key or value.
    private mutating func separate() {
        if isAfterKey {
            isAfterKey = false
        } else if let count = memberCounts.popLast() {
            memberCounts.append(count + 1)
            if count > 0 { bytes.append(UInt8(ascii: ",")) }
            startLine()
        }
    }

    private mutating func startLine() {
        if isCompact { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * memberCounts.count))
    }

    private mutating func appendQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": bytes.append(contentsOf: "\\\"".utf8)
            case "\\": bytes.append(contentsOf: "\\\\".utf8)
            case "\n": bytes.append(contentsOf: "\\n".utf8)
            case "\t": bytes.append(contentsOf: "\\t".utf8)
            case "\r": bytes.append(contentsOf: "\\r".utf8)
            case "\u{20}"..."\u{7E}": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            case _ where Self.isActive(scalar): scalar.utf16.forEach { appendEscape($0) }
            default: bytes.append(contentsOf: scalar.utf8)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isActive(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    private mutating func appendEscape(_ unit: UInt16) {
        let hex = String(unit, radix: 16)
        bytes.append(contentsOf: "\\u".utf8)
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - hex.utf8.count))
        bytes.append(contentsOf: hex.utf8)
    }
}
