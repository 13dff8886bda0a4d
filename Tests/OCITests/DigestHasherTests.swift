// SPDX-License-Identifier: Apache-2.0

import CSHA256
import Cryptography
import OCI
import Testing

/// SHA-256 of bytes that count for two digests; libcrypto's is what it has to be.
@Suite(.timeLimit(.minutes(15))) struct DigestHasherTests {
    private static let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: ($0 &* 31) ^ ($0 >> 8)) }

    private func expected(_ bytes: some Sequence<UInt8>) throws -> Digest {
        try #require(Digest(bytes: HashAlgorithm.sha256.digest(of: Array(bytes))))
    }

    private func add(_ range: Range<Int>, to hasher: inout DigestHasher) {
        Self.bytes[range].withUnsafeBytes { hasher.update($0) }
    }

    @Test func `every length and every split has the digest of the whole`() throws {
        for count in 0...260 {
            let whole = try expected(Self.bytes[..<count])
            for split in 0...count {
                var hasher = DigestHasher()
                add(0..<split, to: &hasher)
                try #expect(hasher.finish() == expected(Self.bytes[..<split]))
                add(split..<count, to: &hasher)
                #expect(hasher.finish() == whole, "\(split) of \(count)")
            }
        }
        var empty = DigestHasher()
        empty.update(UnsafeRawBufferPointer(start: nil, count: 0))
        try #expect(empty.finish() == expected([]))
    }

    @Test func `what is added to two is in both, wherever each of them stands`() throws {
        for (first, second) in [(0, 0), (64, 0), (512, 1024), (3, 3), (67, 3), (63, 127), (1, 2), (64, 65)] {
            for count in [0, 1, 60, 61, 62, 63, 64, 65, 127, 128, 129, 640, 3000] {
                var hashers = (DigestHasher(), DigestHasher())
                add(0..<first, to: &hashers.0)
                add(0..<second, to: &hashers.1)
                Self.bytes[1500..<1500 + count].withUnsafeBytes { DigestHasher.update(&hashers.0, &hashers.1, $0) }
                add(10..<17, to: &hashers.0)
                let common = Self.bytes[1500..<1500 + count]
                try #expect(hashers.0.finish() == expected(Self.bytes[..<first] + common + Self.bytes[10..<17]))
                try #expect(hashers.1.finish() == expected(Self.bytes[..<second] + common))
            }
        }
    }

    @Test func `without the processor's instructions the digest is the same, of little and of much`() throws {
        for blocks in [1, 2, 7, 1023, 1024, 1500] {
            let bytes = (0..<64 * blocks).map { UInt8(truncatingIfNeeded: ($0 &* 7) ^ ($0 >> 9)) }
            var states = [[UInt32]](repeating: [1, 2, 3, 4, 5, 6, 7, 8], count: 2)
            csha256_add(&states[0], bytes, blocks)
            csha256_add_portably(&states[1], bytes, blocks)
            #expect(states[0] == states[1], "\(blocks)")
        }
    }
}
