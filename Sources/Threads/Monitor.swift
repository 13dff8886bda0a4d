// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A mutex with a condition: what threads share that wait for each other.
///
/// A thread that holds it must not ask for it again.
package final class Monitor: @unchecked Sendable {
    // SAFETY: both are initialised before and destroyed after all use.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>

    /// Makes one that nobody holds.
    package init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        changed = .allocate(capacity: 1)
        changed.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // Times do not change when the clock is set.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` while nobody else holds the monitor.
    package func hold<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Lets others hold the monitor until one of them calls `notify()`, or for no reason.
    ///
    /// What is waited for must be looked at again. The caller holds the monitor.
    package func wait() { pthread_cond_wait(changed, mutex) }

    /// Waits as `wait()` does, but not for ever.
    ///
    /// - Returns: false if the time passed.
    package func wait(milliseconds: Int) -> Bool {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let nanoseconds = Int(end.tv_nsec) + milliseconds % 1000 * 1_000_000
        end.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
        end.tv_nsec = nanoseconds % 1_000_000_000
        return pthread_cond_timedwait(changed, mutex, &end) != ETIMEDOUT
    }

    /// Wakes one of those who wait.
    package func notifyOne() { pthread_cond_signal(changed) }

    /// Wakes everybody who waits.
    package func notify() { pthread_cond_broadcast(changed) }
}
