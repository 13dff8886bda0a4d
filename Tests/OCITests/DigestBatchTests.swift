// SPDX-License-Identifier: Apache-2.0

import OCI
import Testing

@Suite(.timeLimit(.minutes(15))) struct DigestBatchTests {
    private func message(_ count: Int, seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 31 &+ seed) ^ ($0 >> 8)) }
    }

    private func digests(_ messages: [[UInt8]]) -> [Digest] {
        var batch = DigestBatch()
        defer { batch.deallocate() }
        for message in messages {
            batch.begin(byteCount: message.count)
            // Messages come in pieces, as chunks of a stream cut them.
            for start in stride(from: 0, to: message.count, by: 1000) {
                message[start..<min(start + 1000, message.count)].withUnsafeBytes { batch.append($0) }
            }
            batch.end()
        }
        return batch.finish()
    }

    @Test(.enabled(if: DigestBatch.isUseful))
    func `messages of every length around a block have the digests of one at a time`() {
        let messages = (0...200).map { message($0, seed: $0) }
        #expect(digests(messages) == messages.map { Digest(of: $0) })
    }

    @Test(.enabled(if: DigestBatch.isUseful))
    func `long and short messages together keep their order`() {
        let counts = [1 << 20, 0, 3, 70_000, 64, 1 << 20, 55, 56, 4096, 119, 120, 1_000_003, 1, 2, 65, 63, 128, 9000]
        let messages = counts.enumerated().map { message($0.element, seed: $0.offset) }
        #expect(digests(messages) == messages.map { Digest(of: $0) })
    }

    @Test(.enabled(if: DigestBatch.isUseful))
    func `a batch is used again after it was finished`() {
        var batch = DigestBatch()
        defer { batch.deallocate() }
        for round in 0..<3 {
            let messages = (0..<40).map { message($0 * 7, seed: round) }
            for message in messages {
                batch.begin(byteCount: message.count)
                message.withUnsafeBytes { batch.append($0) }
                batch.end()
            }
            #expect(batch.count == 40)
            #expect(batch.finish() == messages.map { Digest(of: $0) })
            #expect(batch.count == 0)
        }
    }

    @Test func `what a batch has no room for is told`() {
        let batch = DigestBatch()
        #expect(batch.hasRoom(for: DigestBatch.maximumMessageByteCount))
        #expect(!batch.hasRoom(for: DigestBatch.maximumMessageByteCount + 1))
    }
}
