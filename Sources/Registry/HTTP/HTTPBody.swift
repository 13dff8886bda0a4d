// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import NIOCore

/// The body of an answer on its way from an event loop to the thread that reads it.
///
/// The event loop is asked to wait when more than `capacity` bytes lie here unread, so memory stays bounded however
/// fast the other end is.
final class HTTPBody: ByteStream, @unchecked Sendable {
    // SAFETY: every access to the mutable state is by who holds `monitor`.
    private static let capacity = 2 << 20
    /// What a piece costs besides its bytes: a server may send them one by one.
    private static let pieceByteCount = 128
    private let monitor = Monitor()
    private var buffers = CircularBuffer<ByteBuffer>()
    /// Memory that the pieces take.
    private var byteCount = 0
    private var end: Result<Void, any Error>?
    private var isAbandoned = false
    /// Fulfilled when there is room again.
    private var room: EventLoopPromise<Void>?

    deinit { room?.succeed() }

    // MARK: - The event loop's side

    /// Takes bytes; the future is fulfilled when more may come.
    func add(_ buffer: ByteBuffer, on loop: any EventLoop) -> EventLoopFuture<Void> {
        monitor.hold {
            guard !isAbandoned else { return loop.makeSucceededVoidFuture() }
            buffers.append(buffer)
            byteCount += buffer.readableBytes + Self.pieceByteCount
            monitor.notify()
            guard byteCount > Self.capacity else { return loop.makeSucceededVoidFuture() }
            let promise = room ?? loop.makePromise(of: Void.self)
            room = promise
            return promise.futureResult
        }
    }

    /// Says that nothing follows, or why; only the first time counts.
    func finish(_ result: Result<Void, any Error>) {
        monitor.hold {
            if end == nil { end = result }
            monitor.notify()
        }
    }

    // MARK: - The reader's side

    /// Reads the next bytes, waiting for them.
    ///
    /// - Throws: what broke the connection, as the HTTP client has it, after all bytes that came before it.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let (count, waiting) = try monitor.hold {
            while buffers.isEmpty && end == nil { monitor.wait() }
            guard buffers.isEmpty else { return take(into: buffer) }
            try end?.get()
            return (0, nil)
        }
        waiting?.succeed()
        return count
    }

    /// Takes what is here, and the promise that has come true by that; the caller holds `monitor`.
    private func take(into buffer: UnsafeMutableRawBufferPointer) -> (count: Int, waiting: EventLoopPromise<Void>?) {
        var count = 0
        while count < buffer.count, var piece = buffers.popFirst() {
            let wanted = min(buffer.count - count, piece.readableBytes)
            piece.readWithUnsafeReadableBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: buffer[count..<count + wanted])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<wanted]))
                return wanted
            }
            count += wanted
            byteCount -= wanted
            if piece.readableBytes == 0 { byteCount -= Self.pieceByteCount } else { buffers.prepend(piece) }
        }
        return (count, byteCount <= Self.capacity / 2 ? room.take() : nil)
    }

    /// Lets go of everything: nobody reads any more.
    func abandon() {
        let waiting = monitor.hold {
            isAbandoned = true
            buffers = CircularBuffer()
            byteCount = 0
            return room.take()
        }
        waiting?.succeed()
    }
}
