// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import NIOCore

/// The body of an answer on its way from an event loop to the thread that reads it.
///
/// The event loop is asked to wait when more than `capacity` bytes lie here unread, so memory stays bounded however
/// fast the other end is.
final class HTTPBody: ByteStream, @unchecked Sendable {
    // SAFETY: every access to the mutable state is between lock and unlock of `mutex`.
    private static let capacity = 2 << 20
    /// What a piece costs besides its bytes: a server may send them one by one.
    private static let pieceByteCount = 128
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var buffers = CircularBuffer<ByteBuffer>()
    /// Memory that the pieces take.
    private var byteCount = 0
    private var end: Result<Void, any Error>?
    private var isAbandoned = false
    /// Fulfilled when there is room again.
    private var room: EventLoopPromise<Void>?

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        changed = .allocate(capacity: 1)
        changed.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        room?.succeed()
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    // MARK: - The event loop's side

    /// Takes bytes; the future is fulfilled when more may come.
    func add(_ buffer: ByteBuffer, on loop: any EventLoop) -> EventLoopFuture<Void> {
        locked {
            guard !isAbandoned else { return loop.makeSucceededVoidFuture() }
            buffers.append(buffer)
            byteCount += buffer.readableBytes + Self.pieceByteCount
            pthread_cond_signal(changed)
            guard byteCount > Self.capacity else { return loop.makeSucceededVoidFuture() }
            let promise = room ?? loop.makePromise(of: Void.self)
            room = promise
            return promise.futureResult
        }
    }

    /// Says that nothing follows, or why; only the first time counts.
    func finish(_ result: Result<Void, any Error>) {
        locked {
            if end == nil { end = result }
            pthread_cond_signal(changed)
        }
    }

    // MARK: - The reader's side

    /// Reads the next bytes, waiting for them.
    ///
    /// - Throws: what broke the connection, as the HTTP client has it, after all bytes that came before it.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        pthread_mutex_lock(mutex)
        while buffers.isEmpty && end == nil { pthread_cond_wait(changed, mutex) }
        guard !buffers.isEmpty else {
            let result = end
            pthread_mutex_unlock(mutex)
            try result?.get()
            return 0
        }
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
        let waiting = byteCount <= Self.capacity / 2 ? room.take() : nil
        pthread_mutex_unlock(mutex)
        waiting?.succeed()
        return count
    }

    /// Lets go of everything: nobody reads any more.
    func abandon() {
        let waiting = locked {
            isAbandoned = true
            buffers = CircularBuffer()
            byteCount = 0
            return room.take()
        }
        waiting?.succeed()
    }
}
