// SPDX-License-Identifier: Apache-2.0

import FileTree
package import OCI

/// A mapped EROFS image that `EROFSWriter` made, read in place.
///
/// Every call checks what it reads: an image that was damaged or made to deceive gives errors or wrong values, never a
/// read outside the image, and every call ends after work bounded by the image's size. What an image says is not
/// checked as a whole: directories may form cycles, names may stand in any order.
package final class EROFSImage: @unchecked Sendable {
    // SAFETY: everything is immutable; `bytes` is never written and lives as long as `owner`, which this object keeps.

    /// A layer that files of the image lie in.
    package struct Device: Sendable, Hashable {
        /// Which uncompressed layer it is.
        package let diffID: DiffID
        /// Its size in blocks of 512 bytes, the last one counted in full.
        package let blockCount: UInt64
    }

    /// The image's bytes, valid while this object lives.
    package let bytes: UnsafeRawBufferPointer
    /// The layers, base layer first; `Mapping.layer` names them by their index here.
    package let devices: [Device]
    /// The number (nid) of the root directory.
    package let rootNumber: UInt64
    /// How many inodes the image says it holds.
    package let inodeCount: UInt64
    /// Whether the image holds what this version of the writer puts into it, and not less as an older one's does.
    package let isCurrent: Bool
    /// What kinds of attributes its files have.
    package let attributeKinds: AttributeKinds

    let inodesOffset: UInt64
    let sharedAttributesOffset: UInt64
    private let owner: any AnyObject & Sendable

    /// Opens an image in memory that `owner` keeps in place.
    ///
    /// - Throws: `EROFSError` if the superblock, its checksum, the device table or the root is not what the writer
    ///   makes, or the image is cut short.
    package init(bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable) throws(EROFSError) {
        func refuse(_ reason: String) -> EROFSError { EROFSError("superblock", reason) }
        let start = Format.superblockOffset
        guard bytes.count >= start + Format.blockSize else { throw refuse("the file is too short") }
        let block = UnsafeRawBufferPointer(rebasing: bytes[start..<start + Format.blockSize])
        guard block.number(at: 0) == Format.magic else { throw refuse("no EROFS image") }
        var checked = Array(block)
        checked.replaceSubrange(4..<8, with: [0, 0, 0, 0])
        guard block.number(at: 4) == Format.checksum(checked) else { throw refuse("wrong checksum") }
        guard block[12] == UInt8(Format.blockBits), block[90] == 0 else { throw refuse("the block size is not 512") }
        guard block.number(at: 80, as: UInt32.self) & ~Format.incompatibleFeatures == 0 else {
            throw refuse("unknown features")
        }
        let blockCount = UInt64(block.number(at: 36, as: UInt32.self))
        guard blockCount << Format.blockBits <= UInt64(bytes.count) else { throw refuse("the file is cut short") }

        self.bytes = bytes
        self.owner = owner
        rootNumber = UInt64(block.number(at: 14, as: UInt16.self))
        inodeCount = block.number(at: 16)
        isCurrent = block[64..<80].prefix { $0 != 0 }.elementsEqual(Format.volumeName)
        attributeKinds = isCurrent ? AttributeKinds(rawValue: block[Format.kindsOffset]) : [.accessLists, .labels]
        inodesOffset = UInt64(block.number(at: 40, as: UInt32.self)) << Format.blockBits
        sharedAttributesOffset = UInt64(block.number(at: 44, as: UInt32.self)) << Format.blockBits
        devices = try Self.devices(
            in: bytes, count: Int(block.number(at: 86, as: UInt16.self)),
            offset: Int(block.number(at: 88, as: UInt16.self)) * Format.deviceSlotSize)
        guard try record(rootNumber).type == .directory else { throw refuse("the root is not a directory") }
    }

    private static func devices(
        in bytes: UnsafeRawBufferPointer, count: Int, offset: Int
    ) throws(EROFSError) -> [Device] {
        guard offset + count * Format.deviceSlotSize <= bytes.count else {
            throw EROFSError("device table", "outside the image")
        }
        var devices: [Device] = []
        devices.reserveCapacity(count)
        for index in 0..<count {
            let slot = offset + index * Format.deviceSlotSize
            let tag = String(decoding: bytes[slot..<slot + Format.deviceTagSize], as: UTF8.self)
            guard let digest = Digest(hex: tag) else { throw EROFSError("device \(index)", "no diff ID") }
            let blocks = UInt64(bytes.number(at: slot + Format.deviceTagSize, as: UInt32.self))
            devices.append(Device(diffID: DiffID(digest), blockCount: blocks))
        }
        return devices
    }

    /// Decodes the fixed part of an inode.
    ///
    /// Allocates nothing.
    /// - Throws: `EROFSError` if the number or what lies there cannot be an inode that the writer makes.
    package func record(_ number: UInt64) throws(EROFSError) -> InodeRecord {
        func refuse(_ reason: String) -> EROFSError { EROFSError("inode \(number)", reason) }
        let distance = number.multipliedReportingOverflow(by: UInt64(Format.inodeAlignment))
        let start = inodesOffset.addingReportingOverflow(distance.partialValue)
        guard !distance.overflow, !start.overflow, bytes.count >= Format.inodeSize,
            start.partialValue <= UInt64(bytes.count - Format.inodeSize)
        else { throw refuse("outside the image") }
        let offset = Int(start.partialValue)

        let format: UInt16 = bytes.number(at: offset)
        let layout = UInt8(truncatingIfNeeded: format >> 1)
        guard format & 1 == 1, format >> 4 == 0,
            layout == Format.layoutPlain || layout == Format.layoutInline || layout == Format.layoutChunks
        else { throw refuse("unknown format") }
        let mode: UInt16 = bytes.number(at: offset + 4)
        guard let type = Format.fileType(mode: mode) else { throw refuse("unknown type") }
        let size: UInt64 = bytes.number(at: offset + 8)
        guard size <= UInt64(Int64.max) else { throw refuse("the size is out of range") }
        let inodeNumber: UInt32 = bytes.number(at: offset + 20)
        guard inodeNumber > 0 else { throw refuse("no ordinal") }
        let attributeUnits = Int(bytes.number(at: offset + 2, as: UInt16.self))
        let attributesSize = attributeUnits == 0 ? 0 : Format.attributesHeaderSize + 4 * (attributeUnits - 1)
        guard attributesSize <= bytes.count - Format.inodeSize - offset else {
            throw refuse("the attributes lie outside the image")
        }
        return InodeRecord(
            number: number, ordinal: inodeNumber - 1, type: type, permissions: mode & 0o7777,
            uid: bytes.number(at: offset + 24), gid: bytes.number(at: offset + 28),
            mtime: Timestamp(
                seconds: bytes.number(at: offset + 32), nanoseconds: bytes.number(at: offset + 40)),
            size: size, linkCount: bytes.number(at: offset + 44),
            dataBlocks: type == .regular
                ? min(bytes.number(at: offset + Format.dataBlocksOffset), Format.blocks(size)) : 0,
            offset: offset, attributesSize: attributesSize,
            layout: layout, data: bytes.number(at: offset + 16))
    }
}
