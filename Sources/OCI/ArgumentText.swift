// SPDX-License-Identifier: Apache-2.0

/// Arguments of a command as text that stands for exactly their bytes.
///
/// An argument may be any bytes, and the parser of arguments takes text. Bytes that are no UTF-8 become characters of a
/// private range, one for each byte; characters of that range which the argument itself has become four of them. So two
/// arguments are the same text only if they are the same bytes, and a path is made of the bytes again. Text that was
/// made elsewhere stands for its UTF-8, like any argument of UTF-8.
package enum ArgumentText {
    /// What a byte from 0x80 on becomes: U+10F780 to U+10F7FF, in the last plane for private use.
    private static let base: UInt32 = 0x10F700
    private static let range: ClosedRange<UInt32> = 0x10F780...0x10F7FF

    /// The text that stands for an argument's bytes.
    package static func text(of bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: isByte) {
            return text
        }
        var scalars = String.UnicodeScalarView()
        var rest = bytes[...]
        while let first = rest.first {
            let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
            if let scalar = String(validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars.first,
                rest.count >= length, !isByte(scalar)
            {
                scalars.append(scalar)
                rest = rest.dropFirst(length)
            } else {
                // Only bytes from 0x80 on are no UTF-8 by themselves.
                scalars.append(UnicodeScalar(base + UInt32(first)) ?? "\u{FFFD}")
                rest = rest.dropFirst()
            }
        }
        return String(scalars)
    }

    /// The bytes that a text, or a part of one, stands for.
    package static func bytes(of text: some StringProtocol) -> [UInt8] {
        guard text.unicodeScalars.contains(where: isByte) else { return Array(text.utf8) }
        return text.unicodeScalars.flatMap { scalar in byte(scalar).map { [$0] } ?? Array(scalar.utf8) }
    }

    /// Whether a text is what it reads as, and stands for nothing else.
    package static func isPlain(_ text: some StringProtocol) -> Bool { !text.unicodeScalars.contains(where: isByte) }

    /// The byte that a character stands for; nil for one that stands for itself.
    static func byte(_ scalar: UnicodeScalar) -> UInt8? {
        isByte(scalar) ? UInt8(truncatingIfNeeded: scalar.value - base) : nil
    }

    private static func isByte(_ scalar: UnicodeScalar) -> Bool { range.contains(scalar.value) }
}
