// SPDX-License-Identifier: Apache-2.0

/// What `/etc/os-release` says of a distribution (os-release(5)).
package struct OSRelease: Hashable, Sendable {
    /// `ID`: the distribution in small letters; `linux` where it does not say.
    package var id: [UInt8] = Array("linux".utf8)
    /// `ID_LIKE`: those it was made of.
    package var idLike: [[UInt8]] = []
    /// `VERSION_ID`; empty for those that roll on.
    package var versionID: [UInt8] = []
    /// `VERSION_CODENAME`.
    package var codename: [UInt8] = []
    /// `NAME`.
    package var name: [UInt8] = []
    /// `PRETTY_NAME`.
    package var prettyName: [UInt8] = []

    /// Reads the file; of two lines of one name the last one counts.
    package init(_ bytes: [UInt8]) {
        for line in Lines(bytes) {
            let line = ASCII.trimmed(line)
            guard line.first != UInt8(ascii: "#"), let (key, raw) = line.cut(at: UInt8(ascii: "=")) else { continue }
            let value = Self.unquoted(raw)
            switch key {
            case _ where key.elementsEqual("ID".utf8): id = value
            case _ where key.elementsEqual("ID_LIKE".utf8): idLike = value.split(separator: 0x20).map(Array.init)
            case _ where key.elementsEqual("VERSION_ID".utf8): versionID = value
            case _ where key.elementsEqual("VERSION_CODENAME".utf8): codename = value
            case _ where key.elementsEqual("NAME".utf8): name = value
            case _ where key.elementsEqual("PRETTY_NAME".utf8): prettyName = value
            default: break
            }
        }
    }

    /// A value without its quotation marks, and without the backslashes that hide what follows them.
    private static func unquoted(_ value: ArraySlice<UInt8>) -> [UInt8] {
        let value = ASCII.trimmed(value)
        guard let mark = value.first, mark == 0x22 || mark == 0x27 else { return Array(value) }
        var text: [UInt8] = []
        var isEscaped = false
        for byte in value.dropFirst() {
            if isEscaped {
                text.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\"), mark == 0x22 {
                isEscaped = true
            } else if byte == mark {
                break
            } else {
                text.append(byte)
            }
        }
        return text
    }
}
