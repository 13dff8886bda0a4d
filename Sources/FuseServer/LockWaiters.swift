// SPDX-License-Identifier: Apache-2.0

import CFuse
import Glibc
import LinuxIO
import Synchronization
import SystemPackage
import Threads

/// A request for a lock that is answered later.
struct LockRequest: @unchecked Sendable {
    // SAFETY: libfuse lets any thread answer a request, once; whoever takes it out of the list of waiters does.
    private let request: fuse_req_t

    init(_ request: fuse_req_t) { self.request = request }

    /// Whether the program that waits has got a signal.
    var isInterrupted: Bool { fuse_req_interrupted(request) != 0 }

    /// Answers with 0 or an error number.
    func reply(_ code: Int32) { fuse_reply_err(request, code) }
}

/// Programs that wait for locks of files which others than the mount's users hold too.
///
/// Waiting in the system call would take one of the few threads that answer, and there would be none left for who ends
/// the lock. One thread tries for all of them in turn, and only while there are any.
final class LockWaiters: Sendable {
    private struct Waiter {
        var request: LockRequest
        var attempt: @Sendable () throws(Errno) -> Void
    }

    private struct State {
        var waiters: [Waiter] = []
        /// The last thread that was started; it may have ended.
        var thread: WorkerThread<Void>?
        var isRunning = false
        var isEnded = false
    }

    private let state = Mutex(State())
    private static let limit = 4096

    /// Takes a request in, to be answered when the attempt succeeds or fails for another reason than a lock.
    ///
    /// - Returns: false if too many wait already; the request is still to be answered then.
    func add(_ request: LockRequest, _ attempt: @escaping @Sendable () throws(Errno) -> Void) -> Bool {
        state.withLock { state in
            guard !state.isEnded, state.waiters.count < Self.limit else { return false }
            if !state.isRunning {
                _ = try? state.thread.take()?.join()  // It throws nothing.
                // The loop must be the one that a signal wakes.
                let started = try? withSignalsBlocked { try WorkerThread.started { [self] in run() } }
                guard let started else { return false }
                state.thread = started
                state.isRunning = true
            }
            state.waiters.append(Waiter(request: request, attempt: attempt))
            return true
        }
    }

    /// Lets go of all requests, which nobody can answer any more.
    func end() {
        let thread = state.withLock { state in
            state.isEnded = true
            return state.thread.take()
        }
        // It throws nothing.
        _ = try? thread?.join()
    }

    private func run() {
        var pause: UInt32 = 500
        while let waiting = next() {
            let left = waiting.filter { !Self.isAnswered($0) }
            state.withLock { $0.waiters = left + $0.waiters }
            // Who has waited long can wait a little longer.
            pause = left.count < waiting.count ? 500 : min(pause * 2, 20_000)
            if !left.isEmpty { usleep(pause) }
        }
    }

    /// All who wait; nil if the thread shall end.
    private func next() -> [Waiter]? {
        state.withLock { state in
            guard !state.isEnded, !state.waiters.isEmpty else {
                state.isRunning = false
                return nil
            }
            defer { state.waiters = [] }
            return state.waiters
        }
    }

    private static func isAnswered(_ waiter: Waiter) -> Bool {
        if waiter.request.isInterrupted {
            waiter.request.reply(EINTR)
            return true
        }
        do throws(Errno) {
            try waiter.attempt()
            waiter.request.reply(0)
        } catch .resourceTemporarilyUnavailable {
            return false
        } catch {
            waiter.request.reply(error.rawValue > 0 ? error.rawValue : EIO)
        }
        return true
    }
}
