// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Synchronization
import TestSupport
import Testing
import Threads

@testable import Archive

@Suite(.timeLimit(.minutes(15))) struct DecompressionTests {
    private static let text = (0..<3000).flatMap { Array("line \($0 % 700)\n".utf8) }

    private func decompress(_ bytes: [UInt8], buffer: Int = 4096, piece: Int = .max) throws -> [UInt8] {
        try readAll(decompressing(BytesStream(bytes, pieceByteCount: piece)), bufferByteCount: buffer)
    }

    @Test(arguments: LayerCompression.allCases)
    func `what was compressed comes out, whatever the pieces`(compression: LayerCompression) throws {
        let bytes = compression(Self.text)
        for (buffer, piece) in [(65_536, Int.max), (1, Int.max), (4096, 1), (7, 3)] {
            #expect(try decompress(bytes, buffer: buffer, piece: piece) == Self.text, "\(buffer) \(piece)")
        }
        #expect(try decompress(compression([])) == [])
    }

    @Test(
        arguments: [
            ([], .none), ([0x1F], .none), ([0x1F, 0x8B], .none), ([0x1F, 0x8B, 8], .gzip), ([0x1F, 0x8B, 7, 0], .none),
            ([0x28, 0xB5, 0x2F], .none), ([0x28, 0xB5, 0x2F, 0xFD], .zstd), ([0x50, 0x2A, 0x4D, 0x18], .zstd),
            ([0x5F, 0x2A, 0x4D, 0x18], .zstd), ([0x60, 0x2A, 0x4D, 0x18], .none), ([0x50, 0x2A, 0x4D], .none),
        ] as [([UInt8], Compression)])
    func `the first bytes tell the compression`(bytes: [UInt8], compression: Compression) {
        #expect(Compression(firstBytes: bytes) == compression)
    }

    @Test func `nothing and a few bytes come through`() throws {
        for bytes in [[], [0x1F], [1, 2, 3]] as [[UInt8]] { #expect(try decompress(bytes) == bytes) }
    }

    @Test func `gzip cut off at any byte is an error`() throws {
        let bytes = LayerCompression.gzipMember(Array(Self.text.prefix(500)))
        for count in 3..<bytes.count {
            let error = #expect(throws: ArchiveError.self) { try decompress(Array(bytes[..<count])) }
            #expect(error?.description == "gzip: the data is cut off", "\(count) bytes")
        }
    }

    @Test func `of cut-off gzip members the whole ones do not hide the fault`() throws {
        let member = LayerCompression.gzipMember([1, 2, 3])
        for count in 1..<member.count {
            #expect(throws: ArchiveError(reason: "gzip: the data is cut off")) {
                try decompress(member + member[..<count])
            }
        }
    }

    @Test func `zeros may follow gzip members, nothing else`() throws {
        let member = LayerCompression.gzipMember([1, 2, 3])
        let zeros = [UInt8](repeating: 0, count: 300_000)
        #expect(try decompress(member + zeros) == [1, 2, 3])
        #expect(try decompress(member + zeros + member) == [1, 2, 3, 1, 2, 3])
        #expect(throws: ArchiveError(reason: "gzip: something else follows the compressed data")) {
            try decompress(member + [0x61])
        }
        #expect(throws: ArchiveError(reason: "gzip: something else follows the compressed data")) {
            try decompress(member + zeros + [0x61])
        }
    }

    @Test func `damaged gzip is an error`() throws {
        let member = LayerCompression.gzipMember(Self.text)
        var wrongSum = member
        wrongSum[member.count - 8] ^= 1
        try checkDamage(wrongSum)
        var wrongLength = member
        wrongLength[member.count - 4] ^= 1
        try checkDamage(wrongLength)
        var wrongBlock = member
        wrongBlock[10] |= 6
        try checkDamage(wrongBlock)
    }

    /// The cause is told in the words of whichever library inflates.
    private func checkDamage(_ bytes: [UInt8]) throws {
        let error = #expect(throws: ArchiveError.self) { try decompress(bytes) }
        #expect(error?.description.hasPrefix("gzip: damaged data: ") == true)
    }

    @Test func `zstd cut off at any byte is an error, but between frames`() throws {
        let first = LayerCompression.skippableFrame([1, 2]) + LayerCompression.zstdFrame(Array(Self.text.prefix(300)))
        let bytes = first + LayerCompression.zstdFrame(Array(Self.text.suffix(300)))
        for count in 4..<bytes.count {
            if count == 10 || count == first.count {
                #expect(try decompress(Array(bytes[..<count])) == Array(Self.text.prefix(count == 10 ? 0 : 300)))
                continue
            }
            let error = #expect(throws: ArchiveError.self) { try decompress(Array(bytes[..<count]), piece: 5) }
            #expect(error?.description == "zstd: the data is cut off", "\(count) bytes")
        }
    }

    @Test func `nothing may follow zstd frames`() throws {
        let frame = LayerCompression.zstdFrame([1, 2, 3])
        #expect(throws: ArchiveError(reason: "zstd: damaged data: Unknown frame descriptor")) {
            try decompress(frame + [UInt8](repeating: 0, count: 8))
        }
    }

    @Test func `a zstd window of more than 128 MiB is refused`() throws {
        // A frame header with a window of 2^28 bytes and an empty last block (RFC 8878 §3.1.1).
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 18 << 3, 1, 0, 0]
        #expect(throws: ArchiveError(reason: "zstd: damaged data: Frame requires too much memory for decoding")) {
            try decompress(frame)
        }
        var allowed = frame
        allowed[5] = 17 << 3
        #expect(try decompress(allowed) == [])
    }

    /// The header of a frame with one empty block: one that is last.
    private func emptyFrame(_ header: [UInt8]) -> [UInt8] { [0x28, 0xB5, 0x2F, 0xFD] + header + [1, 0, 0] }

    @Test func `the size of a zstd window is read as the specification has it`() {
        for (header, size) in [
            ([0x00, 0x00], 1 << 10), ([0x00, 0x07], 1 << 10 + 7 << 7), ([0x00, 13 << 3], 1 << 23),
            ([0x00, 13 << 3 | 1], 9 << 20), ([0x20, 5], 5), ([0x60, 1, 2], 0x0201 + 256),
            ([0xA0, 1, 2, 3, 4], 0x0403_0201), ([0xE0, 0, 0, 0, 0, 0, 1, 0, 0], 1 << 40), ([0x21, 9, 6], 6),
            ([0x63, 9, 9, 9, 9, 1, 0], 257), ([0xE0, 1, 2], 0), ([0x20], 0),
        ] as [([UInt8], UInt64)] {
            let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD] + header
            #expect(frame.withUnsafeBytes { ZstdFrameHeader.windowByteCount($0) } == size, "\(header)")
        }
        for other in [[], [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0], [0x28, 0xB5]] as [[UInt8]] {
            #expect(other.withUnsafeBytes { ZstdFrameHeader.windowByteCount($0) } == 0)
        }
    }

    @Test func `a second stream with a large window waits until the first one is gone`() throws {
        let window = LargeWindow()
        let large = emptyFrame([0x00, 14 << 3])
        let small = LayerCompression.zstdFrame([7])
        var first: (any ByteStream)? = try decompressing(
            BytesStream(small + large, pieceByteCount: 5), largeWindow: window)
        var byte: [UInt8] = [0]
        #expect(try byte.withUnsafeMutableBytes { try first?.read(into: $0) } == 1)
        #expect(try byte.withUnsafeMutableBytes { try first?.read(into: $0) } == 0)
        // A small one does not ask.
        #expect(try readAll(decompressing(BytesStream(small, pieceByteCount: 3), largeWindow: window)) == [7])
        let isDone = Mutex(false)
        let second = try WorkerThread.started {
            let bytes = try readAll(decompressing(BytesStream(large + small, pieceByteCount: 1), largeWindow: window))
            isDone.withLock { $0 = true }
            return bytes
        }
        #expect(isDone.withLock { !$0 })
        first = nil
        #expect(try second.join() == [7])
    }

    @Test(arguments: [LayerCompression.gzip, .gzipMembers, .zstd, .zstdFrames])
    func `flipped bits are errors or other bytes, never more`(compression: LayerCompression) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let bytes = compression(Array(Self.text.prefix(3000)))
        var errorCount = 0
        for round in 0..<500 {
            var damaged = bytes
            damaged[Int.random(in: damaged.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            do {
                _ = try decompress(damaged, piece: 100)
            } catch is ArchiveError {
                errorCount += 1
            } catch {
                Issue.record("seed \(seed), round \(round): \(error)")
            }
        }
        #expect(errorCount > 50, "seed \(seed)")
    }
}
