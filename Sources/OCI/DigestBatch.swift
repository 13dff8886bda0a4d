// SPDX-License-Identifier: Apache-2.0

import CSHA256

/// SHA-256 of many small messages at once, one in each lane of the processor's vectors.
///
/// Where the processor has instructions for SHA-256, or no wide vectors, a batch takes no messages: `DigestHasher` is
/// as fast.
package struct DigestBatch {
    /// The most bytes of a message.
    package static let maximumMessageByteCount = 1 << 20
    /// Bytes of messages after which a batch is full.
    package static let capacity = 8 << 20
    /// Messages after which a batch is full.
    package static let maximumMessageCount = 4096

    private struct Message {
        var start: Int
        var blockCount: Int
    }

    private static let lanes = Int(csha256_lanes())
    private var memory: UnsafeMutableRawBufferPointer?
    private var filled = 0
    private var messageByteCount = 0
    private var messages: [Message] = []

    /// Whether batches are of use on this processor.
    package static var isUseful: Bool { lanes > 1 }

    /// Makes an empty batch, which takes no memory before its first message.
    ///
    /// `deallocate()` must be called at its end.
    package init() {}

    /// Gives the memory back.
    package mutating func deallocate() {
        memory?.deallocate()
        memory = nil
    }

    /// Messages in the batch.
    package var count: Int { messages.count }

    /// Whether a message of so many bytes still finds room.
    package func hasRoom(for byteCount: Int) -> Bool {
        byteCount <= Self.maximumMessageByteCount && messages.count < Self.maximumMessageCount
            && filled + byteCount + 128 <= Self.capacity + Self.maximumMessageByteCount
    }

    /// Begins a message of exactly `byteCount` bytes, for which there is room.
    package mutating func begin(byteCount: Int) {
        precondition(hasRoom(for: byteCount), "a message beyond the batch")
        if memory == nil {
            memory = .allocate(byteCount: Self.capacity + Self.maximumMessageByteCount, alignment: 64)
        }
        messages.append(Message(start: filled, blockCount: (byteCount + 9 + 63) / 64))
        messageByteCount = byteCount
    }

    /// Adds bytes to the message that was begun last.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let memory, let message = messages.last else { return }
        precondition(filled - message.start + bytes.count <= messageByteCount, "more bytes than the message has")
        UnsafeMutableRawBufferPointer(rebasing: memory[filled..<filled + bytes.count]).copyMemory(from: bytes)
        filled += bytes.count
    }

    /// Ends the message that was begun last, all of whose bytes were added: the padding of FIPS 180-4, section 5.1.1.
    package mutating func end() {
        guard let memory, let message = messages.last else { return }
        precondition(filled - message.start == messageByteCount, "fewer bytes than the message has")
        let end = message.start + message.blockCount * 64
        memory[filled] = 0x80
        for index in filled + 1..<end - 8 { memory[index] = 0 }
        memory.storeBytes(of: UInt64(messageByteCount * 8).bigEndian, toByteOffset: end - 8, as: UInt64.self)
        filled = end
    }

    /// The digests of all messages in the order in which they were begun; the batch is empty after it.
    package mutating func finish() -> [Digest] {
        defer {
            messages.removeAll(keepingCapacity: true)
            filled = 0
        }
        guard let memory, let base = memory.baseAddress, Self.isUseful else { return [] }
        var digests = [Digest](repeating: Self.empty, count: messages.count)
        // The longest first, so that all lanes end at about the same time.
        let order = messages.indices.sorted { messages[$0].blockCount > messages[$1].blockCount }
        var run = LaneRun(lanes: Self.lanes, base: UnsafeRawPointer(base))
        var next = order.startIndex
        while true {
            for lane in 0..<Self.lanes where run.isFree(lane) && next < order.endIndex {
                let message = messages[order[next]]
                run.start(order[next], at: message.start, blockCount: message.blockCount, in: lane)
                next += 1
            }
            guard run.advance({ digests[$0] = $1 }) else { return digests }
        }
    }

    private static let empty = Digest(of: [])
}

/// The lanes of a batch while it is computed.
private struct LaneRun {
    private static let start: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]

    private let lanes: Int
    private let base: UnsafeRawPointer
    private var state: [UInt32]
    private var messages: [Int?]
    private var offsets: [Int]
    private var left: [Int]
    private var data: [UnsafePointer<UInt8>]

    init(lanes: Int, base: UnsafeRawPointer) {
        self.lanes = lanes
        self.base = base
        state = [UInt32](repeating: 0, count: 8 * lanes)
        messages = [Int?](repeating: nil, count: lanes)
        offsets = [Int](repeating: 0, count: lanes)
        left = [Int](repeating: 0, count: lanes)
        // A lane without a message computes nonsense over the batch's first bytes.
        data = [UnsafePointer<UInt8>](repeating: base.assumingMemoryBound(to: UInt8.self), count: lanes)
    }

    func isFree(_ lane: Int) -> Bool { messages[lane] == nil }

    mutating func start(_ message: Int, at offset: Int, blockCount: Int, in lane: Int) {
        messages[lane] = message
        offsets[lane] = offset
        left[lane] = blockCount
        for word in 0..<8 { state[word * lanes + lane] = Self.start[word] }
    }

    /// Goes on until at least one lane's message has ended; false if no lane has one.
    mutating func advance(_ ended: (Int, Digest) -> Void) -> Bool {
        var count = Int.max
        for lane in 0..<lanes where messages[lane] != nil { count = min(count, left[lane]) }
        guard count < Int.max else { return false }
        for lane in 0..<lanes {
            data[lane] = (base + (messages[lane] == nil ? 0 : offsets[lane])).assumingMemoryBound(to: UInt8.self)
        }
        state.withUnsafeMutableBufferPointer { state in
            data.withUnsafeBufferPointer { data in
                guard let words = state.baseAddress, let lanes = data.baseAddress else { return }
                csha256_compress(words, lanes, count)
            }
        }
        for lane in 0..<lanes {
            guard let message = messages[lane] else { continue }
            offsets[lane] += count * 64
            left[lane] -= count
            guard left[lane] == 0 else { continue }
            func word(_ index: Int) -> UInt64 {
                UInt64(state[2 * index * lanes + lane]) << 32 | UInt64(state[(2 * index + 1) * lanes + lane])
            }
            ended(message, Digest(words: (word(0), word(1), word(2), word(3))))
            messages[lane] = nil
        }
        return true
    }
}
