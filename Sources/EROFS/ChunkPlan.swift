// SPDX-License-Identifier: Apache-2.0

import FileTree

/// How a regular file's bytes are cut into chunks: the size of a chunk, and for each whether the format can point at it.
///
/// A chunk is one run of a layer from a multiple of 512 on, a hole, or, where it mixes data and holes or does not start
/// at a block of the layer, *spilled*: copied into the image.
struct ChunkPlan {
    /// Where one chunk's bytes come from.
    enum Chunk {
        case hole
        case layer(offset: UInt64)
        case spilled(bytes: Range<UInt64>, firstExtent: Int)
    }

    /// What a file may cost in the image, table and spilled bytes together.
    static let maximumCost: UInt64 = 256 << 20

    /// log2 of the chunk size in blocks, 0…31.
    let bits: Int
    /// The file's size, above 0.
    let size: UInt64
    /// The file's runs, neighbours joined.
    let extents: [Extent]
    /// How many blocks of the image the spilled chunks take.
    let spilledBlocks: UInt64

    /// The number of chunks.
    var count: UInt64 { (size - 1) >> shift + 1 }

    private var shift: UInt64 { Format.blockBits + UInt64(bits) }

    /// Chooses the chunk size that makes table and spilled bytes together the smallest.
    ///
    /// - Parameter place: the file, for errors.
    /// - Throws: `EROFSError` if the extents are out of order, reach beyond the file or the layer, or cost too much.
    init(
        size: UInt64, extents given: [Extent], layerSize: UInt64, place: @autoclosure () -> String
    ) throws(EROFSError) {
        self.size = size
        guard let extents = Self.joined(given, size: size, layerSize: layerSize) else {
            throw EROFSError(place(), "its data lies outside the file or the layer")
        }
        self.extents = extents
        let isDense =
            extents.isEmpty
            || extents.count == 1 && extents[0].fileOffset == 0 && extents[0].length == size
                && extents[0].layerOffset & 511 == 0
        if isDense {
            bits = Self.smallestBits(holding: size)
            spilledBlocks = 0
            return
        }
        var best: (bits: Int, cost: UInt64, spilled: UInt64)?
        for bits in (0...Self.smallestBits(holding: size)).reversed() {
            let table = ((size - 1) >> (Format.blockBits + UInt64(bits)) + 1) * 8
            if let best, table >= best.cost { break }
            let spilled = Self.spilledBlocks(bits: bits, size: size, extents: extents)
            // Cannot overflow: what is spilled is less than the size and a chunk, so below 2^63 + 2^40.
            let cost = table + (spilled << Format.blockBits)
            if cost < best?.cost ?? .max { best = (bits, cost, spilled) }
        }
        guard let best, best.cost <= Self.maximumCost else {
            throw EROFSError(
                place(), "more than \(Self.maximumCost) bytes to say where the pieces of this sparse file lie")
        }
        bits = best.bits
        spilledBlocks = best.spilled
    }

    private static func smallestBits(holding size: UInt64) -> Int {
        let blocks = Format.blocks(size)
        let bits = blocks <= 1 ? 0 : UInt64.bitWidth - (blocks - 1).leadingZeroBitCount
        return min(bits, Format.maximumChunkBits)
    }

    /// What a file costs in the image: table and spilled bytes.
    var cost: UInt64 { count * 8 + (spilledBlocks << Format.blockBits) }

    /// How many blocks of 512 bytes the chunks have that are no holes: what `st_blocks` says.
    var dataBlocks: UInt64 {
        let lastChunk = count - 1
        var chunks: UInt64 = 0
        /// The first chunk not counted yet.
        var next: UInt64 = 0
        for extent in extents {
            let last = (extent.fileOffset + extent.length - 1) >> shift
            let first = max(extent.fileOffset >> shift, next)
            guard first <= last else { continue }
            chunks += last - first + 1
            next = last + 1
        }
        guard next > lastChunk else { return chunks << UInt64(bits) }
        return (chunks - 1) << UInt64(bits) + Format.blocks(size - lastChunk << shift)
    }

    /// The extents with neighbours joined; nil for those that cannot be.
    private static func joined(_ extents: [Extent], size: UInt64, layerSize: UInt64) -> [Extent]? {
        if extents.count == 1, extents[0].fileOffset == 0, extents[0].length == size, size <= layerSize,
            extents[0].layerOffset <= layerSize - size
        {
            return extents
        }
        var joined: [Extent] = []
        joined.reserveCapacity(extents.count)
        var end: UInt64 = 0
        for extent in extents {
            let fileEnd = extent.fileOffset.addingReportingOverflow(extent.length)
            let layerEnd = extent.layerOffset.addingReportingOverflow(extent.length)
            guard extent.length > 0, extent.fileOffset >= end, !fileEnd.overflow, !layerEnd.overflow,
                fileEnd.partialValue <= size, layerEnd.partialValue <= layerSize
            else { return nil }
            end = fileEnd.partialValue
            if let last = joined.last, last.fileOffset + last.length == extent.fileOffset,
                last.layerOffset + last.length == extent.layerOffset
            {
                joined[joined.count - 1].length += extent.length
            } else {
                joined.append(extent)
            }
        }
        return joined
    }

    /// How many blocks the chunks take that cannot be pointed at.
    private static func spilledBlocks(bits: Int, size: UInt64, extents: [Extent]) -> UInt64 {
        let shift = Format.blockBits + UInt64(bits)
        let lastChunk = (size - 1) >> shift
        var blocks: UInt64 = 0
        /// The first chunk not counted yet.
        var next: UInt64 = 0
        func count(_ first: UInt64, _ last: UInt64) {
            let first = max(first, next)
            guard first <= last else { return }
            next = last + 1
            blocks += (last - first + 1) << UInt64(bits)
            if last == lastChunk {
                blocks -= 1 << UInt64(bits)
                blocks += Format.blocks(size - lastChunk << shift)
            }
        }
        for extent in extents {
            let end = extent.fileOffset + extent.length
            let first = extent.fileOffset >> shift
            let last = (end - 1) >> shift
            guard isAligned(extent) else {
                count(first, last)
                continue
            }
            if first << shift != extent.fileOffset { count(first, first) }
            if end != size && end & (1 << shift - 1) != 0 { count(last, last) }
        }
        return blocks
    }

    private static func isAligned(_ extent: Extent) -> Bool {
        (extent.layerOffset &- extent.fileOffset) & 511 == 0
    }

    /// Hands out the chunks in order.
    func forEachChunk(_ body: (Chunk) throws -> Void) throws {
        var current = 0
        for chunk in 0..<count {
            let start = chunk << shift
            let end = min(size - start, 1 << shift) + start
            while current < extents.count, extents[current].fileOffset + extents[current].length <= start {
                current += 1
            }
            guard current < extents.count, extents[current].fileOffset < end else {
                try body(.hole)
                continue
            }
            let extent = extents[current]
            if extent.fileOffset <= start, extent.fileOffset + extent.length >= end, Self.isAligned(extent) {
                try body(.layer(offset: extent.layerOffset + (start - extent.fileOffset)))
            } else {
                try body(.spilled(bytes: start..<end, firstExtent: current))
            }
        }
    }
}
