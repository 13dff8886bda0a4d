// SPDX-License-Identifier: Apache-2.0

/// What one 512-byte header block of a tar says, as ustar, GNU tar and the seventh edition lay it out (tar(5)).
///
/// Numbers are nil where their field holds none; who needs one complains.
struct TarHeader {
    static let byteCount = 512

    /// Which of the historical layouts a block has: it decides what stands behind byte 257.
    private enum Layout {
        case v7, ustar, gnu, star
    }

    let typeFlag: UInt8
    let mode: Int64?
    let uid: Int64?
    let gid: Int64?
    let size: Int64?
    let mtime: Int64?
    /// The name, with its prefix in the layouts that have one; empty for extensions.
    private(set) var name: [UInt8] = []
    /// The target of a link; empty for anything else.
    private(set) var linkName: [UInt8] = []
    /// The number of a device; 0 for anything else.
    private(set) var deviceMajor: Int64? = 0
    private(set) var deviceMinor: Int64? = 0
    /// The whole block of an old GNU sparse file; empty for anything else.
    private(set) var sparseBlock: [UInt8] = []

    /// Checks a block's checksum; nil for a block of zeros, which begins the end of the archive.
    init?(_ block: UnsafeRawBufferPointer) throws(ArchiveError) {
        let all = Self.sum(block)
        if all == 0 { return nil }
        // The checksum counts as blanks.
        let unsigned = all - Self.sum(UnsafeRawBufferPointer(rebasing: block[148..<156])) + 8 * 0x20
        guard let sum = Self.number(block, 148..<156), sum == Int64(unsigned) || sum == Self.signedSum(block) else {
            throw ArchiveError(reason: "not a tar header: its checksum is wrong")
        }
        typeFlag = block[156]
        mode = Self.number(block, 100..<108)
        uid = Self.number(block, 108..<116)
        gid = Self.number(block, 116..<124)
        size = Self.number(block, 124..<136)
        mtime = Self.number(block, 136..<148)
        switch typeFlag {
        case UInt8(ascii: "x"), UInt8(ascii: "X"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K"): return
        default: break
        }
        let layout = Self.layout(block)
        name = Self.name(block, layout)
        switch typeFlag {
        case UInt8(ascii: "1"), UInt8(ascii: "2"): linkName = Self.text(block, 157..<257)
        case UInt8(ascii: "3"), UInt8(ascii: "4"):
            guard layout != .v7 else { return }
            deviceMajor = Self.number(block, 329..<337)
            deviceMinor = Self.number(block, 337..<345)
        case UInt8(ascii: "S"): sparseBlock = Array(block)
        default: break
        }
    }

    /// The sum of some multiple of 8 bytes, at most 512.
    private static func sum(_ bytes: UnsafeRawBufferPointer) -> Int {
        // Four sums of 16 bits in a word: 64 words of two bytes each cannot overflow them.
        let mask: UInt64 = 0x00FF_00FF_00FF_00FF
        var sums: UInt64 = 0
        for offset in stride(from: 0, to: bytes.count, by: 8) {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            sums += (word & mask) + (word >> 8 & mask)
        }
        return Int(sums & 0xFFFF) + Int(sums >> 16 & 0xFFFF) + Int(sums >> 32 & 0xFFFF) + Int(sums >> 48)
    }

    /// The checksum as some old writers made it, who took bytes for signed.
    private static func signedSum(_ block: UnsafeRawBufferPointer) -> Int64 {
        block.indices.reduce(0) { $0 + Int64((148..<156).contains($1) ? 0x20 : Int8(bitPattern: block[$1])) }
    }

    private static func layout(_ block: UnsafeRawBufferPointer) -> Layout {
        let magic = block[257..<265]
        if magic.elementsEqual("ustar  \0".utf8) { return .gnu }
        guard magic.prefix(6).elementsEqual("ustar\0".utf8) || magic.prefix(6).elementsEqual("ustar ".utf8) else {
            return .v7
        }
        return block[508..<512].elementsEqual("tar\0".utf8) ? .star : .ustar
    }

    private static func name(_ block: UnsafeRawBufferPointer, _ layout: Layout) -> [UInt8] {
        let name = text(block, 0..<100)
        guard layout != .v7, block[345] != 0 else { return name }
        let prefix: [UInt8]
        switch layout {
        case .v7: return name
        case .ustar: prefix = text(block, 345..<500)
        case .star: prefix = text(block, 345..<476)
        case .gnu:
            // Times stand here. Go's writer before 1.8 put a prefix behind GNU's magic, and engines built with it did.
            guard number(block, 345..<357) == nil || number(block, 357..<369) == nil else { return name }
            prefix = text(block, 345..<500)
            guard prefix.allSatisfy({ $0 < 0x80 }) else { return name }
        }
        return prefix + [UInt8(ascii: "/")] + name
    }

    /// The bytes of a field up to its first NUL.
    private static func text(_ block: UnsafeRawBufferPointer, _ field: Range<Int>) -> [UInt8] {
        var end = field.lowerBound
        while end < field.upperBound, block[end] != 0 { end += 1 }
        return Array(block[field.lowerBound..<end])
    }

    /// A number field: octal digits with blanks around them, or base 256.
    ///
    /// Base 256 is two's complement and told by the first bit. An empty field is 0; nil for anything else or a number
    /// beyond 64 bits. What stands behind the blank after the digits does not matter.
    static func number(_ block: UnsafeRawBufferPointer, _ field: Range<Int>) -> Int64? {
        let first = block[field.lowerBound]
        if first & 0x80 != 0 { return base256(block, field) }
        var position = field.lowerBound
        while position < field.upperBound, block[position] == UInt8(ascii: " ") || block[position] == 0 {
            position += 1
        }
        guard position < field.upperBound else { return 0 }
        let isNegative = block[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let start = position
        var value: Int64 = 0
        while position < field.upperBound, block[position] != 0, block[position] != UInt8(ascii: " ") {
            let digit = block[position] &- UInt8(ascii: "0")
            guard digit < 8, value <= Int64.max >> 3 else { return nil }
            value = value << 3 | Int64(digit)
            position += 1
        }
        guard position > start else { return nil }
        return isNegative ? -value : value
    }

    private static func base256(_ block: UnsafeRawBufferPointer, _ field: Range<Int>) -> Int64? {
        let isNegative = block[field.lowerBound] & 0x40 != 0
        var value: Int64 = isNegative ? -1 : 0
        for position in field {
            var bits = block[position]
            if position == field.lowerBound, !isNegative { bits &= 0x7F }
            guard value >= Int64.min >> 8, value <= Int64.max >> 8 else { return nil }
            value = value << 8 | Int64(bits)
        }
        return value
    }
}
