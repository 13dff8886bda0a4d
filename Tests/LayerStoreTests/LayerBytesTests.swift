// SPDX-License-Identifier: Apache-2.0

import Archive
import Glibc
import LinuxIO
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import LayerStore

@Suite(.timeLimit(.minutes(15))) struct LayerBytesTests {
    private func read(_ bytes: LayerBytes, upTo count: Int) throws -> [UInt8] {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: count)
        while case let read = try buffer.withUnsafeMutableBytes({ try bytes.read(into: $0) }), read > 0 {
            result += buffer[..<read]
        }
        return result
    }

    @Test(arguments: LayerCompression.allCases, [(1, 1), (1, 4), (3, 100), (7, 2), (Int.max, 1)])
    func `compression is told from four bytes however they come`(
        _ compression: LayerCompression, sizes: (piece: Int, buffer: Int)
    ) throws {
        let scratch = ScratchDirectory()
        let blob = compression(Array("some text".utf8))
        let copy = try Descriptor.open(scratch.path("copy"), O_RDWR | O_CREAT)
        let bytes = LayerBytes(
            MemoryStream(blob, piece: sizes.piece), expected: nil, copy: copy, name: "layer", advanced: { _ in })
        #expect(try read(bytes, upTo: sizes.buffer) == blob)
        let expected: [LayerCompression: Compression] = [
            .none: .none, .gzip: .gzip, .gzipMembers: .gzip, .zstd: .zstd, .zstdFrames: .zstd,
        ]
        #expect(bytes.compression == expected[compression])
        #expect(bytes.count == UInt64(blob.count))
        #expect(try bytes.verify() == Digest(of: blob))
        // What is not compressed is kept as the uncompressed layer.
        #expect(try Descriptor.open(scratch.path("copy")).readToEnd() == (compression == .none ? [] : blob))
    }

    @Test(arguments: 0..<5) func `a layer shorter than the magic bytes is a layer`(count: Int) throws {
        let blob = Array([0x1F, 0x8B, 0x08, 0x00, 0x00].prefix(count)) as [UInt8]
        let bytes = LayerBytes(MemoryStream(blob), expected: nil, copy: nil, name: "layer", advanced: { _ in })
        #expect(try read(bytes, upTo: 100) == blob)
        #expect(bytes.compression == (count < 3 ? .none : .gzip))
        #expect(try bytes.verify() == Digest(of: blob))
    }

    @Test func `progress tells the bytes so far`() throws {
        let seen = Counts()
        let bytes = LayerBytes(
            MemoryStream(Array(1...20), piece: 3), expected: nil, copy: nil, name: "layer",
            advanced: { seen.values.append($0) })
        try bytes.drain()
        #expect(seen.values == [10, 13, 16, 19, 20])
    }
}

private final class Counts {
    var values: [UInt64] = []
}
