// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Extended attributes as bsdtar writes them: the name percent-encoded, the value in base 64.
enum LibarchiveAttribute {
    /// Decodes a record's key after `LIBARCHIVE.xattr.` and its value; nil where one is malformed.
    static func decode(_ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> ExtendedAttribute? {
        var name: [UInt8] = []
        var rest = key
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                name.append(byte)
                continue
            }
            guard let high = rest.first.flatMap(hexDigit), let low = rest.dropFirst().first.flatMap(hexDigit) else {
                return nil
            }
            name.append(high << 4 | low)
            rest = rest.dropFirst(2)
        }
        guard let bytes = base64(value) else { return nil }
        return ExtendedAttribute(name: name, value: bytes)
    }

    private static func hexDigit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func base64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
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
            case UInt8(ascii: "="), UInt8(ascii: "\n"): continue
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
