// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Bytes of a stream on their way between threads: filled by one, then only read, by any number.
///
/// The memory goes back to its pool when the last owner lets go.
package final class Chunk: @unchecked Sendable {
    // SAFETY: the memory is written only before the chunk is handed on, and lives as long as this object.
    private let memory: UnsafeMutableRawBufferPointer
    private let pool: ChunkPool
    private var count = 0

    fileprivate init(memory: UnsafeMutableRawBufferPointer, pool: ChunkPool) {
        self.memory = memory
        self.pool = pool
    }

    deinit { pool.recycle(memory) }

    /// The bytes, valid while this object lives.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    /// Fills the chunk from `read`, which is called until it returns 0 or nothing is free.
    ///
    /// To be called once, before the chunk is handed on.
    package func fill(_ read: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        while count < memory.count {
            let added = try read(UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
            if added == 0 { return }
            count += added
        }
    }
}

/// Memory for chunks, used again.
package final class ChunkPool: Sendable {
    private struct Free: @unchecked Sendable {
        // SAFETY: what is in the list belongs to nobody else.
        var memory: [UnsafeMutableRawBufferPointer] = []
    }

    private let byteCount: Int
    private let free = Mutex(Free())

    /// Makes a pool of chunks of `byteCount` bytes.
    package init(byteCount: Int) { self.byteCount = byteCount }

    deinit {
        free.withLock { free in free.memory.forEach { $0.deallocate() } }
    }

    /// An empty chunk.
    package func take() -> Chunk {
        let memory = free.withLock { $0.memory.popLast() }
        return Chunk(memory: memory ?? .allocate(byteCount: byteCount, alignment: 4096), pool: self)
    }

    fileprivate func recycle(_ memory: UnsafeMutableRawBufferPointer) {
        free.withLock { $0.memory.append(memory) }
    }
}
