// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
package import SystemPackage

/// A thread of our own for blocking or computing work, joined for its result.
package final class WorkerThread<Result: Sendable>: Sendable {
    private let state: WorkerState<Result>

    /// Starts a thread that runs `body` once.
    ///
    /// If no thread can be made, `body` runs at `join()`.
    package init(_ body: @escaping @Sendable () throws -> Result) {
        state = WorkerState(body)
        // What was not started runs at `join()`.
        try? state.start()
    }

    /// Starts a thread that runs `body` once, for work that others wait for before they come to `join()`.
    ///
    /// - Throws: the `Errno` of pthread_create(3), mostly `.resourceTemporarilyUnavailable`; `body` then never runs.
    package static func started(
        _ body: @escaping @Sendable () throws -> Result
    ) throws(Errno) -> WorkerThread {
        let state = WorkerState(body)
        try state.start()
        return WorkerThread(state)
    }

    private init(_ state: WorkerState<Result>) { self.state = state }

    /// Sends the thread a signal: pthread_kill(3); nothing for one that was joined or could not be started.
    package func signal(_ number: Int32) {
        state.thread.withLock { thread in
            if let thread { pthread_kill(thread, number) }
        }
    }

    /// Waits for the thread to end and gives its result or throws its error.
    ///
    /// Call it once, always.
    package func join() throws -> Result {
        if let thread = state.thread.withLock({ $0.take() }) {
            pthread_join(thread, nil)
        } else {
            state.run()
        }
        guard let outcome = state.outcome.withLock({ $0 }) else { preconditionFailure("a joined thread has run") }
        return try outcome.get()
    }
}

/// Runs `body` so that threads that it starts take no signal: the one that waits for signals must be the one that gets
/// them.
package func withSignalsBlocked<Result>(_ body: () throws -> Result) rethrows -> Result {
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    return try body()
}

class WorkerBody: @unchecked Sendable {
    // SAFETY: no state of its own; subclasses guard theirs.
    func run() {}
}

private final class WorkerState<Result: Sendable>: WorkerBody, @unchecked Sendable {
    // SAFETY: `body` is immutable, the rest is behind mutexes.
    let body: @Sendable () throws -> Result
    let thread = Mutex<pthread_t?>(nil)
    let outcome = Mutex<Swift.Result<Result, any Error>?>(nil)

    #if DEBUG
        /// What is to fail is inherited.
        private let plan = FailurePlan.current
    #endif

    init(_ body: @escaping @Sendable () throws -> Result) { self.body = body }

    /// Starts the thread: pthread_create(3).
    func start() throws(Errno) {
        var started = pthread_t()
        let context = Unmanaged.passRetained(self as WorkerBody)
        do throws(Errno) {
            try checking {
                pthread_create(
                    &started, nil,
                    { raw in
                        guard let raw else { return nil }
                        Unmanaged<WorkerBody>.fromOpaque(raw).takeRetainedValue().run()
                        return nil
                    }, context.toOpaque())
            }
        } catch {
            context.release()
            throw error
        }
        thread.withLock { $0 = started }
    }

    override func run() {
        #if DEBUG
            let result = Swift.Result { try plan?.run(body) ?? body() }
        #else
            let result = Swift.Result { try body() }
        #endif
        outcome.withLock { $0 = result }
    }
}
