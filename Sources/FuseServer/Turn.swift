// SPDX-License-Identifier: Apache-2.0

import CFuse
import Glibc

/// Who takes requests, and how far it is: a count of the threads that had the turn, a count of requests, and whether one
/// is being answered.
struct Turn {
    var rawValue: UInt64 = 0

    var isBusy: Bool { rawValue & 1 == 1 }
    /// While the next request is answered.
    var busy: Turn { Turn(rawValue: rawValue | 1) }
    /// When it is answered.
    var done: Turn { Turn(rawValue: (rawValue & ~1) &+ 2) }
    /// When another thread has the turn.
    var next: Turn { Turn(rawValue: (rawValue >> 40 &+ 1) << 40) }
}

/// Whether several programs ask at the same time, judged by the last requests.
struct Crowd {
    private var last: UInt32 = 0
    private var changes = 0
    private var count = 0
    private var isCrowded = false

    init() {}

    /// Takes note of who asks.
    mutating func hasMore(than process: UInt32) -> Bool {
        // What the kernel does by itself, such as closing, is nobody's.
        if process != 0 {
            if process != last { changes += 1 }
            last = process
        }
        count += 1
        if count == 16 {
            isCrowded = changes >= 4
            changes = 0
            count = 0
        }
        return isCrowded
    }
}

/// Waits awake for a request that is likely to come at once: to be woken from sleep costs more than most answers.
struct Patience {
    /// Nanoseconds; about what it takes to be woken, so that at most as much is lost as can be won.
    private static let limit: UInt64 = 50_000
    private static let isUseful = sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1

    /// Waits to go to sleep at once, and how many there are after the next one that was in vain.
    private var skipped = 0
    private var skips = 1
    private let waitsAwake: Bool

    /// - Parameter waitsAwake: whether it may; a thread that would keep its processor from the asker must not.
    init(waitsAwake: Bool) { self.waitsAwake = waitsAwake && Self.isUseful }

    /// Takes a request as fuse_session_receive_buf(3) does from a session that does not block.
    mutating func receive(_ request: inout fuse_buf, from session: OpaquePointer) -> Int32 {
        var count = fuse_session_receive_buf(session, &request)
        guard count == -EAGAIN else { return count }
        if skipped > 0 {
            skipped -= 1
        } else if waitsAwake {
            let start = Self.now()
            repeat {
                count = fuse_session_receive_buf(session, &request)
                guard count == -EAGAIN else {
                    skips = 1
                    return count
                }
            } while Self.now() &- start < Self.limit
            skipped = skips
            skips = min(skips * 2, 64)
        }
        var file = pollfd(fd: fuse_session_fd(session), events: Int16(POLLIN), revents: 0)
        poll(&file, 1, -1)
        return -EINTR
    }

    /// Nanoseconds of a clock that nobody sets.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000 &+ UInt64(truncatingIfNeeded: time.tv_nsec)
    }
}
