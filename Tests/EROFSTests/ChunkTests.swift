// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI
import TestSupport
import Testing

@testable import EROFS

@Suite(.timeLimit(.minutes(15))) struct ChunkTests {
    @Test(arguments: [1, 511, 512, 513, 1024, 1025, 1 << 20, 6 << 30 + 12345, 1 << 40] as [UInt64])
    func `a dense file takes one index`(size: UInt64) throws {
        let plan = try ChunkPlan(
            size: size, extents: [Extent(fileOffset: 0, layerOffset: 1024, length: size)], layerSize: 1 << 41,
            place: "f"
        )
        #expect(plan.count == 1)
        #expect(plan.spilledBlocks == 0)
        #expect(plan.bits == 0 || size > 512 << UInt64(plan.bits - 1))
    }

    @Test func `a dense file beyond a tebibyte takes more indexes and reads as one run`() throws {
        var fixture = TreeFixture()
        fixture.largeFile("large", size: 1 << 40 + 5 << 20, start: [1], end: [2])
        let image = try ImageFixture(fixture).image()
        #expect(try image.runs("large") == [.layer(index: 0, offset: 512, length: 1 << 40 + 5 << 20)])
    }

    @Test func `a hole takes no data`() throws {
        var fixture = TreeFixture()
        fixture.sparseFile("hole", size: 3 << 40, pieces: [])
        let written = try ImageFixture(fixture)
        #expect(try written.image().runs("hole") == [.hole(length: 3 << 40)])
        #expect(written.bytes.count == 2560)
    }

    @Test(arguments: 0..<30) func `data blocks are those of the chunks that are no holes`(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        var extents: [Extent] = []
        var (position, layer) = (UInt64(0), UInt64(512))
        for _ in 0..<Int.random(in: 0...40, using: &random) {
            position += UInt64.random(in: 0...6000, using: &random) & (Bool.random(using: &random) ? .max : ~511)
            let length = UInt64.random(in: 1...5000, using: &random)
            extents.append(Extent(fileOffset: position, layerOffset: layer, length: length))
            (position, layer) = (position + length, layer + (length + 511) & ~511)
        }
        let size = position + UInt64.random(in: 1...10_000, using: &random)
        let plan = try ChunkPlan(size: size, extents: extents, layerSize: layer, place: "f")
        var (bytes, chunk) = (UInt64(0), UInt64(0))
        let chunkSize = UInt64(512) << UInt64(plan.bits)
        try plan.forEachChunk {
            if case .hole = $0 {} else { bytes += min(chunkSize, size - chunk * chunkSize) }
            chunk += 1
        }
        #expect(plan.dataBlocks == (bytes + 511) / 512)
    }

    @Test func `pieces at whole chunks are pointed at`() throws {
        var fixture = TreeFixture()
        fixture.sparseFile(
            "sparse", size: 65536,
            pieces: [
                (8192, EdgeTree.pattern(4096, 1), 0), (24576, EdgeTree.pattern(8192, 2), 0),
            ])
        let image = try ImageFixture(fixture).image()
        #expect(
            try image.runs("sparse") == [
                .hole(length: 8192), .layer(index: 0, offset: 512, length: 4096), .hole(length: 12288),
                .layer(index: 0, offset: 5120, length: 8192), .hole(length: 32768),
            ])
    }

    @Test func `pieces off the blocks are copied into the image`() throws {
        var fixture = TreeFixture()
        fixture.sparseFile("sparse", size: 2000, pieces: [(0, EdgeTree.pattern(2000, 1), 100)])
        let written = try ImageFixture(fixture)
        let runs = try written.image().runs("sparse")
        let offset = UInt64(written.bytes.count - 2048)
        #expect(runs == [.metadata(offset: offset, length: 2000)])
        #expect(Array(written.bytes[Int(offset)...].prefix(2000)) == EdgeTree.pattern(2000, 1))
    }

    @Test func `neighbouring pieces count as one`() throws {
        let plan = try ChunkPlan(
            size: 3000,
            extents: [
                Extent(fileOffset: 0, layerOffset: 512, length: 100),
                Extent(fileOffset: 100, layerOffset: 612, length: 2900),
            ], layerSize: 4096, place: "f")
        #expect(plan.count == 1)
        #expect(plan.extents == [Extent(fileOffset: 0, layerOffset: 512, length: 3000)])
    }

    @Test func `six gibibytes of four-kibibyte pieces cost their table`() throws {
        let count: UInt64 = 20_000
        let extents = (0..<count).map { Extent(fileOffset: $0 * 8192, layerOffset: $0 * 4096, length: 4096) }
        let plan = try ChunkPlan(size: count * 8192, extents: extents, layerSize: count * 4096, place: "f")
        #expect(plan.bits == 3)
        #expect(plan.cost == count * 2 * 8)
    }

    /// The planned cost is what the chunks really take, for every chunk size that could be chosen.
    @Test(arguments: 0..<60) func `what is planned is what is spilled`(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        var extents: [Extent] = []
        var position: UInt64 = 0
        for _ in 0..<Int.random(in: 1...40, using: &random) {
            position += UInt64.random(in: 0...3000, using: &random)
            if Bool.random(using: &random) { position = position / 4096 * 4096 + 4096 }
            let length = UInt64.random(in: 1...20_000, using: &random)
            let layer = UInt64.random(in: 0...100, using: &random) * 512 + (seed % 3 == 0 ? 7 : position % 512)
            extents.append(Extent(fileOffset: position, layerOffset: layer, length: length))
            position += length
        }
        let size = position + UInt64.random(in: 0...9000, using: &random)
        let plan = try ChunkPlan(size: size, extents: extents, layerSize: 1 << 30, place: "f")
        var spilled: UInt64 = 0
        var chunks: UInt64 = 0
        try plan.forEachChunk { chunk in
            chunks += 1
            if case .spilled(let bytes, _) = chunk { spilled += Format.blocks(UInt64(bytes.count)) }
            if case .layer(let offset) = chunk { #expect(offset % 512 == 0) }
        }
        #expect(spilled == plan.spilledBlocks)
        #expect(chunks == plan.count)
    }

    static let wrong: [(String, UInt64, [Extent])] = [
        ("beyond the layer", 100, [Extent(fileOffset: 0, layerOffset: 1000, length: 100)]),
        ("beyond the file", 99, [Extent(fileOffset: 0, layerOffset: 0, length: 100)]),
        ("empty", 99, [Extent(fileOffset: 0, layerOffset: 0, length: 0)]),
        (
            "overlapping", 99,
            [Extent(fileOffset: 0, layerOffset: 0, length: 10), Extent(fileOffset: 9, layerOffset: 512, length: 10)]
        ),
        ("without end", 99, [Extent(fileOffset: .max, layerOffset: 0, length: 2)]),
        ("without end in the layer", 99, [Extent(fileOffset: 0, layerOffset: .max, length: 2)]),
        ("too many for the size", 1 << 62, [Extent(fileOffset: 1 << 61, layerOffset: 0, length: 1)]),
    ]

    @Test(arguments: wrong) func `extents that cannot be are errors`(name: String, size: UInt64, extents: [Extent]) {
        #expect(throws: EROFSError.self) { try ChunkPlan(size: size, extents: extents, layerSize: 1024, place: "f") }
    }
}
