// SPDX-License-Identifier: Apache-2.0

import CSHA256

/// A running SHA-256 computation (FIPS 180-4), whose bytes can be added to another one at the same time.
///
/// The bytes of a file in a layer count for the file's digest and for the layer's. Where the processor has instructions
/// for SHA-256, adding them to both takes little more time than adding them to one.
package struct DigestHasher: Sendable {
    /// Whether adding to two at once is faster than adding twice.
    package static let isUseful = csha256_has_instructions() != 0

    private static let blockByteCount = 64
    // The initial value of FIPS 180-4, section 5.3.3.
    private var state = SIMD8<UInt32>(
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19)
    /// The first bytes of a block whose last are still to come.
    private var rest = SIMD64<UInt8>()
    private var byteCount: UInt64 = 0

    /// Starts a computation over no bytes.
    package init() {}

    private var restCount: Int { Int(byteCount % 64) }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let bytes = completed(with: bytes)
        let blocks = bytes.count / Self.blockByteCount
        if blocks > 0, let data = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) {
            withState { csha256_add($0, data, blocks) }
            byteCount &+= UInt64(blocks * Self.blockByteCount)
        }
        keep(UnsafeRawBufferPointer(rebasing: bytes[(blocks * Self.blockByteCount)...]))
    }

    /// Adds the same bytes to both.
    ///
    /// It is fast where both have had a multiple of 64 bytes, or the same number beyond one.
    package static func update(
        _ first: inout DigestHasher, _ second: inout DigestHasher, _ bytes: UnsafeRawBufferPointer
    ) {
        guard first.restCount == second.restCount else {
            first.update(bytes)
            second.update(bytes)
            return
        }
        _ = first.completed(with: bytes)
        let bytes = second.completed(with: bytes)
        let blocks = bytes.count / blockByteCount
        if blocks > 0, let data = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) {
            first.withState { first in second.withState { csha256_add_to_both(first, $0, data, blocks) } }
            first.byteCount &+= UInt64(blocks * blockByteCount)
            second.byteCount &+= UInt64(blocks * blockByteCount)
        }
        let last = UnsafeRawBufferPointer(rebasing: bytes[(blocks * blockByteCount)...])
        first.keep(last)
        second.keep(last)
    }

    /// The digest of all bytes added so far; more may be added after it.
    package func finish() -> Digest {
        var copy = self
        // The padding of FIPS 180-4, section 5.1.1: a bit, zeros, and the length in bits.
        var padding = [UInt8](repeating: 0, count: (restCount < 56 ? 64 : 128) - restCount)
        padding[0] = 0x80
        for position in 0..<8 {
            padding[padding.count - 1 - position] = UInt8(
                truncatingIfNeeded: (byteCount &* 8) >> (8 * UInt64(position)))
        }
        padding.withUnsafeBytes { copy.update($0) }
        func word(_ index: Int) -> UInt64 { UInt64(copy.state[2 * index]) << 32 | UInt64(copy.state[2 * index + 1]) }
        return Digest(words: (word(0), word(1), word(2), word(3)))
    }

    /// Adds as many bytes as the block that was begun lacks; returns the others.
    private mutating func completed(with bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard restCount > 0 else { return bytes }
        let count = min(bytes.count, Self.blockByteCount - restCount)
        keep(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        if restCount == 0 {
            let block = rest
            withUnsafeBytes(of: block) { block in
                guard let data = block.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
                withState { csha256_add($0, data, 1) }
            }
        }
        return UnsafeRawBufferPointer(rebasing: bytes[count...])
    }

    /// Keeps bytes of a block that is not complete; they have room.
    private mutating func keep(_ bytes: UnsafeRawBufferPointer) {
        let start = restCount
        withUnsafeMutableBytes(of: &rest) { rest in
            for (position, byte) in bytes.enumerated() { rest[start + position] = byte }
        }
        byteCount &+= UInt64(bytes.count)
    }

    private mutating func withState(_ body: (UnsafeMutablePointer<UInt32>) -> Void) {
        withUnsafeMutablePointer(to: &state) { state in
            state.withMemoryRebound(to: UInt32.self, capacity: 8, body)
        }
    }
}
