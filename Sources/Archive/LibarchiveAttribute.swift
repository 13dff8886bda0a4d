// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

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
        guard let bytes = Base64.decoded(value) else { return nil }
        return ExtendedAttribute(name: name, value: bytes)
    }

    /// The record of an attribute: as star writes it, or, where its name has an equals sign, as libarchive does.
    static func record(_ attribute: ExtendedAttribute) -> (key: [UInt8], value: [UInt8]) {
        guard attribute.name.contains(UInt8(ascii: "=")) else {
            return (Array("SCHILY.xattr.".utf8) + attribute.name, attribute.value)
        }
        let digits = Array("0123456789ABCDEF".utf8)
        let name = attribute.name.flatMap { byte -> [UInt8] in
            let isPlain = byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "%") && byte != UInt8(ascii: "=")
            return isPlain ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return (Array("LIBARCHIVE.xattr.".utf8) + name, Base64.encoded(attribute.value, pads: false))
    }

    private static func hexDigit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
