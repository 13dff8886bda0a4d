// SPDX-License-Identifier: Apache-2.0

/// Names are compared and printed as bytes.
package enum Bytes {
    /// Whether `left` sorts before `right` by unsigned bytes, a prefix before what it begins.
    package static func precedes(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Bool {
        left.lexicographicallyPrecedes(right)
    }

    /// Components as a path from the root: each behind a slash, and a slash alone for none.
    package static func path<Parts: Collection>(of components: Parts) -> [UInt8]
    where Parts.Element: Collection<UInt8> {
        var path: [UInt8] = []
        path.reserveCapacity(max(1, components.reduce(components.count) { $0 + $1.count }))
        for component in components {
            path.append(UInt8(ascii: "/"))
            path += component
        }
        return path.isEmpty ? [UInt8(ascii: "/")] : path
    }

    /// Bytes as printable text: valid UTF-8 stays but for control characters; anything else becomes `\n`, `\t`, `\\`
    /// or `\xHH`, so that no name can move the cursor, hide text or end a line.
    package static func escaped(_ bytes: some Collection<UInt8>) -> String {
        var text = ""
        var rest = Array(bytes)[...]
        while let first = rest.first {
            if first < 0x80 {
                text += escapedASCII(first)
                rest = rest.dropFirst()
                continue
            }
            let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
            let piece = rest.prefix(length)
            if let scalar = String(validating: piece, as: UTF8.self)?.unicodeScalars.first, piece.count == length,
                isPrintable(scalar)
            {
                text.unicodeScalars.append(scalar)
                rest = rest.dropFirst(length)
            } else {
                text += hexEscape(first)
                rest = rest.dropFirst()
            }
        }
        return text
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }

    private static func escapedASCII(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\\"): "\\\\"
        case UInt8(ascii: "\n"): "\\n"
        case UInt8(ascii: "\t"): "\\t"
        case UInt8(ascii: "\r"): "\\r"
        case 0x20...0x7E: String(Unicode.Scalar(byte))
        default: hexEscape(byte)
        }
    }

    private static func hexEscape(_ byte: UInt8) -> String {
        let hex = String(byte, radix: 16)
        return "\\x" + (hex.count == 1 ? "0" : "") + hex
    }
}
