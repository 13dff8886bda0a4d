// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Numbers of the on-disk format, as in the kernel's fs/erofs/erofs_fs.h; the block size is always 512.
enum Format {
    static let blockBits: UInt64 = 9
    static let blockSize = 512

    static let superblockOffset = 1024
    static let superblockSize = 128
    static let magic: UInt32 = 0xE0F5_E1E2
    /// `SB_CHKSUM | MTIME`.
    static let compatibleFeatures: UInt32 = 0x3
    /// `CHUNKED_FILE | DEVICE_TABLE`.
    static let incompatibleFeatures: UInt32 = 0xC

    /// At offset 64 of the superblock: who made the image, and in which version of what it holds.
    static let volumeName = Array("cimg 4".utf8)
    /// Where the `AttributeKinds` stand: in the last byte of the volume's name, behind its end.
    static let kindsOffset = 79

    static let deviceSlotSize = 128
    static let deviceSlotOffset: UInt16 = 9
    static let deviceTagSize = 64

    static let inodeSize = 64
    /// Where a regular file's blocks stand that are no holes, as 8 bytes of the inode that the format reserves.
    static let dataBlocksOffset = 48
    static let inodeAlignment = 32
    static let layoutPlain: UInt8 = 0
    static let layoutInline: UInt8 = 2
    static let layoutChunks: UInt8 = 4

    /// The flag of 8-byte chunk indexes in a chunk inode's `i_u`; below it are five bits for the chunk size.
    static let chunkIndexes: UInt32 = 0x20
    static let maximumChunkBits = 31
    static let hole = UInt32.max

    static let directoryEntrySize = 12
    static let maximumName = 255
    static let maximumTarget = 4095

    static let attributesHeaderSize = 12
    static let attributeEntryHeaderSize = 4
    static let maximumSharedAttributes = 255
    /// What 16 bits of `i_xattr_icount` can say.
    static let maximumAttributesSize = attributesHeaderSize + 4 * 65534

    /// Rounds up to a multiple of `unit`, a power of two; the caller knows that it cannot overflow.
    static func align<Value: FixedWidthInteger>(_ value: Value, _ unit: Value) -> Value {
        (value + unit - 1) & ~(unit - 1)
    }

    /// How many blocks hold so many bytes.
    static func blocks(_ bytes: UInt64) -> UInt64 {
        bytes >> blockBits + (bytes & 511 == 0 ? 0 : 1)
    }

    /// The type that a mode's `S_IFMT` bits name, without looking through all types.
    static func fileType(mode: UInt16) -> FileType? {
        switch mode >> 12 {
        case 0o10: .regular
        case 0o04: .directory
        case 0o02: .characterDevice
        case 0o06: .blockDevice
        case 0o01: .fifo
        case 0o14: .socket
        case 0o12: .symbolicLink
        default: nil
        }
    }

    /// The kernel's "new" encoding of a device number (`new_encode_dev`): 12 bits of major, 20 of minor.
    static func encode(_ device: DeviceNumber) -> UInt32 {
        let major = min(device.major, 0xFFF)
        let minor = min(device.minor, 0xF_FFFF)
        return minor & 0xFF | major << 8 | (minor & ~0xFF) << 12
    }

    /// The inverse of `encode`.
    static func device(_ encoded: UInt32) -> DeviceNumber {
        DeviceNumber(major: (encoded >> 8) & 0xFFF, minor: encoded & 0xFF | (encoded >> 12) & 0xF_FF00)
    }

    /// CRC-32C of bytes from the all-ones state, without the final inversion: the superblock's checksum.
    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var state = UInt32.max
        for byte in bytes {
            state ^= UInt32(byte)
            for _ in 0..<8 { state = state >> 1 ^ (state & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        return state
    }
}

extension UnsafeRawBufferPointer {
    /// Loads a little-endian number at an offset that the caller has checked to lie in the buffer.
    func number<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Value.Type = Value.self) -> Value {
        Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// Part of the buffer as one of its own; nil where it does not lie in this one.
    func part(at offset: UInt64, count: UInt64) -> UnsafeRawBufferPointer? {
        let end = offset.addingReportingOverflow(count)
        guard !end.overflow, end.partialValue <= UInt64(self.count) else { return nil }
        return UnsafeRawBufferPointer(rebasing: self[Int(offset)..<Int(end.partialValue)])
    }
}
