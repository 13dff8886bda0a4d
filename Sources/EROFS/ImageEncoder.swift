// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// Writes an image as its layout says.
struct ImageEncoder {
    let layout: ImageLayout
    let readLayer: (_ layer: Int, _ offset: UInt64, _ buffer: UnsafeMutableRawBufferPointer) throws -> Void

    private var tree: Tree { layout.tree }
    private var numbers: Range<Int> { 0..<tree.inodeCount }

    /// Writes the whole image.
    func encode(to sink: inout ImageSink) throws {
        try encodeSuperblock(to: &sink)
        try sink.pad(to: layout.attributesBlock << Format.blockBits)
        for attribute in layout.attributes.shared { try AttributePlan.encode(attribute, to: &sink) }
        for number in numbers { try encodeInode(number, to: &sink) }
        try encodeDirectoryBlocks(to: &sink)
        for number in numbers { try encodeLinkBlocks(number, to: &sink) }
        if layout.spilledBlocks > 0 {
            for number in numbers { try encodeSpilledChunks(number, to: &sink) }
        }
        try sink.pad(to: layout.blockCount << Format.blockBits)
    }

    // MARK: - Superblock and device table

    private func encodeSuperblock(to sink: inout ImageSink) throws {
        var header = [UInt8](
            repeating: 0,
            count: (Int(Format.deviceSlotOffset) + tree.layers.count) * Format.deviceSlotSize)
        func put(_ value: some FixedWidthInteger, at offset: Int) {
            let bits = UInt64(truncatingIfNeeded: value)
            for byte in 0..<value.bitWidth / 8 { header[offset + byte] = UInt8(truncatingIfNeeded: bits >> (8 * byte)) }
        }
        var identity: [UInt8] = []
        for (index, layer) in tree.layers.enumerated() {
            let slot = (Int(Format.deviceSlotOffset) + index) * Format.deviceSlotSize
            header.replaceSubrange(slot..<slot + Format.deviceTagSize, with: layer.digest.hex.utf8)
            put(UInt32(Format.blocks(layout.layerSizes[index])), at: slot + Format.deviceTagSize)
            layer.digest.append(to: &identity)
        }
        let start = Format.superblockOffset
        put(Format.magic, at: start)
        put(Format.compatibleFeatures, at: start + 8)
        put(UInt8(Format.blockBits), at: start + 12)
        put(UInt16(layout.number(of: 0)), at: start + 14)
        put(UInt64(tree.inodeCount), at: start + 16)
        put(UInt32(layout.blockCount), at: start + 36)
        put(UInt32(layout.inodesBlock), at: start + 40)
        put(UInt32(layout.attributesBlock), at: start + 44)
        header.replaceSubrange(start + 48..<start + 64, with: Self.uuid(Digest(of: identity)))
        header.replaceSubrange(start + 64..<start + 64 + Format.volumeName.count, with: Format.volumeName)
        header[start + Format.kindsOffset] = layout.attributes.kinds.rawValue
        put(Format.incompatibleFeatures, at: start + 80)
        put(UInt16(tree.layers.count), at: start + 86)
        put(Format.deviceSlotOffset, at: start + 88)
        let checked = header[start...] + repeatElement(0, count: Format.blockSize)
        put(Format.checksum(checked.prefix(Format.blockSize)), at: start + 4)
        try sink.append(header)
    }

    /// An identity made of the layers', in the form of a version 8 UUID (RFC 9562).
    private static func uuid(_ digest: Digest) -> [UInt8] {
        var uuid = Array(digest.bytes.prefix(16))
        uuid[6] = uuid[6] & 0x0F | 0x80
        uuid[8] = uuid[8] & 0x3F | 0x80
        return uuid
    }

    // MARK: - Inodes

    private func encodeInode(_ number: Int, to sink: inout ImageSink) throws {
        let inode = try tree.inode(UInt32(number))
        let type = inode.attributes.type
        let placement = layout.placements[number]
        let attributes = layout.attributes.placement(of: inode)
        try sink.pad(to: layout.offset(of: number))
        let chunks = placement.layout == Format.layoutChunks ? try layout.chunks(of: inode, number: number) : nil
        let data: UInt32 =
            switch type {
            case .characterDevice, .blockDevice: Format.encode(inode.attributes.device)
            case .regular: chunks.map { UInt32($0.bits) | Format.chunkIndexes } ?? 0
            case .directory: UInt32(layout.directoriesBlock) + placement.startBlock
            case .symbolicLink: UInt32(layout.linksBlock) + placement.startBlock
            case .fifo, .socket: 0
            }
        let size: UInt64 =
            switch type {
            case .regular: chunks?.size ?? 0
            case .directory: layout.entries(of: number).dataSize()
            case .symbolicLink: UInt64(inode.attributes.target.count)
            case .characterDevice, .blockDevice, .fifo, .socket: 0
            }
        let units = attributes.size == 0 ? 0 : (attributes.size - 12) / 4 + 1
        try sink.append(1 | UInt16(placement.layout) << 1)
        try sink.append(UInt16(units))
        try sink.append(UInt16(truncatingIfNeeded: inode.attributes.mode))
        try sink.append(UInt16(0))
        try sink.append(size)
        try sink.append(data)
        try sink.append(UInt32(number) + 1)
        try sink.append(inode.attributes.uid)
        try sink.append(inode.attributes.gid)
        try sink.append(inode.attributes.mtime.seconds)
        try sink.append(inode.attributes.mtime.nanoseconds)
        try sink.append(inode.linkCount)
        try sink.append(chunks?.dataBlocks ?? 0)
        try sink.append(UInt64(0))
        if attributes.size > 0 { try AttributePlan.encode(attributes, to: &sink) }
        if let chunks {
            try encodeTable(chunks, of: inode.layer, placement.startBlock, to: &sink)
        } else if placement.layout == Format.layoutInline {
            if type == .directory {
                let tailBlock = size >> Format.blockBits
                try encodeDirectory(number, to: &sink) { $0 == tailBlock }
            } else {
                try sink.append(inode.attributes.target)
            }
        }
    }

    private func encodeTable(
        _ chunks: ChunkPlan, of layer: UInt32, _ startBlock: UInt32, to sink: inout ImageSink
    ) throws {
        try sink.pad(to: Format.align(sink.position, 8))
        var spilled = layout.spillBlock + UInt64(startBlock)
        try chunks.forEachChunk { chunk in
            let device: UInt16
            let block: UInt32
            switch chunk {
            case .hole:
                (device, block) = (0, Format.hole)
            case .layer(let offset):
                (device, block) = (UInt16(layer + 1), UInt32(offset >> Format.blockBits))
            case .spilled(let bytes, _):
                (device, block) = (0, UInt32(spilled))
                spilled += Format.blocks(bytes.upperBound - bytes.lowerBound)
            }
            try sink.append(UInt16(0))
            try sink.append(device)
            try sink.append(block)
        }
    }

    // MARK: - Blocks

    private func encodeDirectory(
        _ number: Int, to sink: inout ImageSink, where isWanted: (_ block: UInt64) -> Bool
    ) throws {
        var builder = DirectoryBlockBuilder()
        try layout.entries(of: number).forEach { name, inode in
            if builder.isFull(for: name) {
                let wanted = isWanted(builder.completed)
                try builder.complete(writingTo: &sink, isWanted: wanted)
                if wanted { try sink.pad(to: Format.align(sink.position, UInt64(Format.blockSize))) }
            }
            builder.add(name, number: layout.number(of: inode), type: tree.type(of: inode).rawValue)
        }
        try builder.complete(writingTo: &sink, isWanted: isWanted(builder.completed))
    }

    /// Writes the blocks of all directories: each has those before the next one's first.
    private func encodeDirectoryBlocks(to sink: inout ImageSink) throws {
        var last: Int?
        for number in numbers where tree.type(of: UInt32(number)) == .directory {
            if let last {
                try encodeDirectoryBlocks(last, end: UInt64(layout.placements[number].startBlock), to: &sink)
            }
            last = number
        }
        if let last { try encodeDirectoryBlocks(last, end: layout.directoryBlocks, to: &sink) }
    }

    private func encodeDirectoryBlocks(_ number: Int, end: UInt64, to sink: inout ImageSink) throws {
        let start = UInt64(layout.placements[number].startBlock)
        guard start < end else { return }
        try sink.pad(to: (layout.directoriesBlock + start) << Format.blockBits)
        try encodeDirectory(number, to: &sink) { $0 < end - start }
    }

    private func encodeLinkBlocks(_ number: Int, to sink: inout ImageSink) throws {
        let placement = layout.placements[number]
        guard placement.layout == Format.layoutPlain, tree.type(of: UInt32(number)) == .symbolicLink else { return }
        let target = try tree.inode(UInt32(number)).attributes.target
        guard !target.isEmpty else { return }
        try sink.pad(to: (layout.linksBlock + UInt64(placement.startBlock)) << Format.blockBits)
        try sink.append(target)
    }

    private func encodeSpilledChunks(_ number: Int, to sink: inout ImageSink) throws {
        guard layout.placements[number].layout == Format.layoutChunks else { return }
        let inode = try tree.inode(UInt32(number))
        let chunks = try layout.chunks(of: inode, number: number)
        guard chunks.spilledBlocks > 0 else { return }
        let start = layout.spillBlock + UInt64(layout.placements[number].startBlock)
        try sink.pad(to: start << Format.blockBits)
        let layer = Int(inode.layer)
        try chunks.forEachChunk { chunk in
            guard case .spilled(let bytes, let first) = chunk else { return }
            try spill(bytes, extents: chunks.extents[first...], layer: layer, to: &sink)
            try sink.pad(to: Format.align(sink.position, UInt64(Format.blockSize)))
        }
    }

    /// Copies a range of a file's bytes, holes as zeros.
    private func spill(
        _ bytes: Range<UInt64>, extents: ArraySlice<Extent>, layer: Int, to sink: inout ImageSink
    ) throws {
        var position = bytes.lowerBound
        for extent in extents {
            guard extent.fileOffset < bytes.upperBound else { break }
            if extent.fileOffset > position {
                try sink.pad(to: sink.position + (extent.fileOffset - position))
                position = extent.fileOffset
            }
            let end = min(extent.fileOffset + extent.length, bytes.upperBound)
            while position < end {
                let offset = extent.layerOffset + (position - extent.fileOffset)
                position += try sink.append(upTo: end - position) { try readLayer(layer, offset, $0) }
            }
        }
        try sink.pad(to: sink.position + (bytes.upperBound - position))
    }
}
