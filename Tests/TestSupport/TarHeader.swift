// SPDX-License-Identifier: Apache-2.0

/// Bytes that a test may write as a string or as an array of bytes.
package protocol RawBytes: Sendable {
    /// The bytes themselves.
    var rawBytes: [UInt8] { get }
}

extension String: RawBytes {
    /// The string's UTF-8.
    package var rawBytes: [UInt8] { Array(utf8) }
}

extension Array: RawBytes where Element == UInt8 {
    /// The array itself.
    package var rawBytes: [UInt8] { self }
}

/// One header block of a tar, with every field free to choose: also such that no sane program writes.
package struct TarHeader: Sendable {
    /// Which magic the block carries.
    package enum Magic: Sendable {
        /// POSIX: `ustar\0` and version `00`.
        case ustar
        /// Old GNU: `ustar  \0`.
        case gnu
        /// None, as in version 7.
        case v7
    }

    /// How the checksum field is written.
    package enum Checksum: Sendable {
        /// The sum of unsigned bytes, as POSIX says.
        case correct
        /// The sum of signed bytes, as some old programs wrote it.
        case signed
        /// A chosen, usually wrong number.
        case wrong(Int64)
    }

    /// The name field, cut to 100 bytes.
    package var name: [UInt8]
    /// The type flag: `UInt8(ascii: "0")` and so on.
    package var type: UInt8
    /// Permission bits.
    package var mode: Int64 = 0o644
    /// Owner.
    package var uid: Int64 = 0
    /// Group.
    package var gid: Int64 = 0
    /// The size field, whatever really follows.
    package var size: Int64 = 0
    /// Seconds since 1970.
    package var mtime: Int64 = 0
    /// The link name field, cut to 100 bytes.
    package var linkName: [UInt8] = []
    /// Which magic.
    package var magic = Magic.ustar
    /// Name of the owner, cut to 32 bytes.
    package var userName: [UInt8] = []
    /// Name of the group, cut to 32 bytes.
    package var groupName: [UInt8] = []
    /// Major device number.
    package var deviceMajor: Int64 = 0
    /// Minor device number.
    package var deviceMinor: Int64 = 0
    /// The ustar prefix, cut to 155 bytes.
    package var prefix: [UInt8] = []
    /// Whether all numbers are written in base 256; numbers that octal cannot hold always are.
    package var isBase256 = false
    /// How the checksum is written.
    package var checksum = Checksum.correct
    /// Bytes to put over the finished block before its checksum: offset and bytes.
    package var patches: [(offset: Int, bytes: [UInt8])] = []

    /// Makes a header of a name and a type.
    package init(_ name: some RawBytes, type: Character = "0") {
        self.name = name.rawBytes
        self.type = type.asciiValue ?? 0
    }

    /// The block: 512 bytes.
    package var block: [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        put(name.prefix(100), at: 0, in: &block)
        put(number(mode, width: 8), at: 100, in: &block)
        put(number(uid, width: 8), at: 108, in: &block)
        put(number(gid, width: 8), at: 116, in: &block)
        put(number(size, width: 12), at: 124, in: &block)
        put(number(mtime, width: 12), at: 136, in: &block)
        block[156] = type
        put(linkName.prefix(100), at: 157, in: &block)
        switch magic {
        case .ustar: put(Array("ustar\u{0}00".utf8), at: 257, in: &block)
        case .gnu: put(Array("ustar  \u{0}".utf8), at: 257, in: &block)
        case .v7: break
        }
        if magic != .v7 {
            put(userName.prefix(32), at: 265, in: &block)
            put(groupName.prefix(32), at: 297, in: &block)
            put(number(deviceMajor, width: 8), at: 329, in: &block)
            put(number(deviceMinor, width: 8), at: 337, in: &block)
            put(prefix.prefix(155), at: 345, in: &block)
        }
        for patch in patches { put(patch.bytes, at: patch.offset, in: &block) }
        put([UInt8](repeating: UInt8(ascii: " "), count: 8), at: 148, in: &block)
        let sum: Int64 =
            switch checksum {
            case .correct: block.reduce(0) { $0 + Int64($1) }
            case .signed: block.reduce(0) { $0 + Int64(Int8(bitPattern: $1)) }
            case .wrong(let number): number
            }
        put(octal(sum, digits: 6) + [0, UInt8(ascii: " ")], at: 148, in: &block)
        return block
    }

    private func put(_ bytes: some Collection<UInt8>, at offset: Int, in block: inout [UInt8]) {
        for (position, byte) in bytes.enumerated() where offset + position < block.count {
            block[offset + position] = byte
        }
    }

    /// A number field: octal with a NUL behind it where it fits, else base 256 in two's complement.
    func number(_ value: Int64, width: Int) -> [UInt8] {
        let fits = value >= 0 && value < Int64(1) << Int64(3 * (width - 1))
        if fits && !isBase256 { return octal(value, digits: width - 1) + [0] }
        var field = (0..<width).map { position -> UInt8 in
            let shift = 8 * (width - 1 - position)
            return UInt8(truncatingIfNeeded: shift < 64 ? value >> Int64(shift) : value >> 63)
        }
        field[0] |= 0x80
        return field
    }

    private func octal(_ value: Int64, digits: Int) -> [UInt8] {
        let text = String(UInt64(bitPattern: value), radix: 8)
        return Array((String(repeating: "0", count: max(0, digits - text.utf8.count)) + text).utf8).suffix(digits)
    }
}
