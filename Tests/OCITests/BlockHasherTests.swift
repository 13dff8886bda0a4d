// SPDX-License-Identifier: Apache-2.0

import OCI
import Testing

/// SHA-256 of bytes that count for two digests; swift-crypto's is what it has to be.
@Suite(.enabled(if: BlockHasher.isUseful), .timeLimit(.minutes(15))) struct BlockHasherTests {
    private static let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: ($0 &* 31) ^ ($0 >> 8)) }

    private func add(_ range: Range<Int>, to hasher: inout BlockHasher) {
        Self.bytes[range].withUnsafeBytes { hasher.update($0) }
    }

    @Test func `every length and every split has the digest of the whole`() {
        for count in 0...260 {
            let expected = Digest(of: Self.bytes[..<count])
            for split in 0...count {
                var hasher = BlockHasher()
                add(0..<split, to: &hasher)
                #expect(hasher.finish() == Digest(of: Self.bytes[..<split]))
                add(split..<count, to: &hasher)
                #expect(hasher.finish() == expected, "\(split) of \(count)")
            }
        }
        var empty = BlockHasher()
        empty.update(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(empty.finish() == Digest(of: []))
    }

    @Test func `what is added to two is in both, wherever each of them stands`() {
        for (first, second) in [(0, 0), (64, 0), (512, 1024), (3, 3), (67, 3), (63, 127), (1, 2), (64, 65)] {
            for count in [0, 1, 60, 61, 62, 63, 64, 65, 127, 128, 129, 640, 3000] {
                var hashers = (BlockHasher(), BlockHasher())
                add(0..<first, to: &hashers.0)
                add(0..<second, to: &hashers.1)
                Self.bytes[1500..<1500 + count].withUnsafeBytes { BlockHasher.update(&hashers.0, &hashers.1, $0) }
                add(10..<17, to: &hashers.0)
                let common = Self.bytes[1500..<1500 + count]
                #expect(hashers.0.finish() == Digest(of: Self.bytes[..<first] + common + Self.bytes[10..<17]))
                #expect(hashers.1.finish() == Digest(of: Self.bytes[..<second] + common))
            }
        }
    }
}
