// SPDX-License-Identifier: Apache-2.0

/// Base 64 with the standard alphabet (RFC 4648, section 4).
package enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text of bytes.
    ///
    /// - Parameters:
    ///   - content: the bytes.
    ///   - pads: whether `=` fills it up to a multiple of four.
    package static func encoded(_ content: some Collection<UInt8>, pads: Bool = true) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((content.count / 3 + 1) * 4)
        var rest = content[...]
        while !rest.isEmpty {
            let group = rest.prefix(3)
            var bits: UInt32 = 0
            for byte in group { bits = bits << 8 | UInt32(byte) }
            bits <<= 8 * UInt32(3 - group.count)
            for position in 0..<4 {
                if position <= group.count {
                    text.append(digits[Int(bits >> UInt32(18 - 6 * position) & 0x3F)])
                } else if pads {
                    text.append(UInt8(ascii: "="))
                }
            }
            rest = rest.dropFirst(group.count)
        }
        return text
    }

    /// The bytes of a text; padding and line ends are passed over, whatever they are missing or too many.
    ///
    /// - Returns: nil where another character is in it.
    package static func decoded(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for character in text {
            let value: UInt8
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            case UInt8(ascii: "="), UInt8(ascii: "\n"), UInt8(ascii: "\r"): continue
            default: return nil
            }
            bits = (bits << 6 | UInt32(value)) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return bytes
    }
}
