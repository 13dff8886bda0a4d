// SPDX-License-Identifier: Apache-2.0

import FileSystems
import Glibc
import SystemPackage

/// A lock whose holder may throw an `Errno`.
final class ChangeLock: @unchecked Sendable {
    // SAFETY: the mutex is initialised before and destroyed after all use.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` while nobody else holds the lock; must not be called by who holds it.
    func hold<Result>(_ body: () throws(Errno) -> Result) throws(Errno) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }
}

/// A lock for each file: who copies one does not keep others from copying another.
final class CopyLocks: @unchecked Sendable {
    // SAFETY: `held` is only used between lock and unlock of `mutex`.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var held: Set<FileNumber> = []

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        changed = .allocate(capacity: 1)
        changed.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` while nobody else holds the file's lock.
    func hold<Result>(_ file: FileNumber, _ body: () throws(Errno) -> Result) throws(Errno) -> Result {
        pthread_mutex_lock(mutex)
        while held.contains(file) { pthread_cond_wait(changed, mutex) }
        held.insert(file)
        pthread_mutex_unlock(mutex)
        defer {
            pthread_mutex_lock(mutex)
            held.remove(file)
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        return try body()
    }
}
