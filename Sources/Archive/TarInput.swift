// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
package import Threads

/// Where a tar reader gets its bytes.
package protocol TarInput: AnyObject {
    /// The next bytes, at least one, valid until the next call; nil at the end.
    func next() throws -> UnsafeRawBufferPointer?

    /// Passes over up to `count` bytes that nobody wants to see. Returns how many; 0 where the input cannot.
    func skip(_ count: UInt64) throws -> UInt64
}

/// The bytes of chunks that come through a queue from another thread.
package final class ChunkInput: TarInput {
    private let queue: BoundedQueue<Chunk>
    private var current: Chunk?

    /// Reads the chunks of a queue.
    package init(_ queue: BoundedQueue<Chunk>) { self.queue = queue }

    package func next() -> UnsafeRawBufferPointer? {
        current = queue.pop()
        return current?.bytes
    }

    package func skip(_ count: UInt64) -> UInt64 { 0 }
}

/// The bytes of a file, read as they are needed; what nobody wants to see is not read.
package final class FileInput: TarInput {
    private let descriptor: Descriptor
    private let buffer: UnsafeMutableRawBufferPointer
    private let size: UInt64
    private var offset: UInt64 = 0

    /// Reads an open file from its first byte in pieces of `pieceByteCount`.
    ///
    /// - Throws: the `Errno` of asking for its size.
    package init(_ descriptor: Descriptor, pieceByteCount: Int = 64 * 1024) throws {
        self.descriptor = descriptor
        size = try descriptor.size()
        buffer = .allocate(byteCount: max(512, pieceByteCount), alignment: 512)
    }

    deinit { buffer.deallocate() }

    package func next() throws -> UnsafeRawBufferPointer? {
        let count = try descriptor.read(at: offset, into: buffer)
        offset += UInt64(count)
        return count == 0 ? nil : UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    package func skip(_ count: UInt64) -> UInt64 {
        let skipped = min(count, size - min(size, offset))
        offset += skipped
        return skipped
    }
}

/// The bytes of a stream.
package final class StreamInput: TarInput {
    private let stream: any ByteStream
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 512)

    /// Reads a stream to its end.
    package init(_ stream: any ByteStream) { self.stream = stream }

    deinit { buffer.deallocate() }

    package func next() throws -> UnsafeRawBufferPointer? {
        let count = try stream.read(into: buffer)
        return count == 0 ? nil : UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    package func skip(_ count: UInt64) -> UInt64 { 0 }
}
