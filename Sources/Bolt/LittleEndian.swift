// SPDX-License-Identifier: Apache-2.0

/// Numbers in bytes, the least significant byte first.
struct LittleEndian {
    private let bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    func uint16(at offset: Int) -> UInt16? { number(at: offset, count: 2).map { UInt16(truncatingIfNeeded: $0) } }

    func uint32(at offset: Int) -> UInt32? { number(at: offset, count: 4).map { UInt32(truncatingIfNeeded: $0) } }

    func uint64(at offset: Int) -> UInt64? { number(at: offset, count: 8) }

    private func number(at offset: Int, count: Int) -> UInt64? {
        guard offset >= 0, offset <= bytes.count, bytes.count - offset >= count else { return nil }
        var value: UInt64 = 0
        for place in (0..<count).reversed() { value = value << 8 | UInt64(bytes[bytes.startIndex + offset + place]) }
        return value
    }
}
