// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A queue between threads that holds a bounded number of elements: a full queue blocks its writer, an empty one its
/// reader.
package final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    // SAFETY: every access to the mutable state is between lock and unlock of `mutex`.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private let capacity: Int
    private var elements: [Element] = []
    private var isFinished = false
    private var isCancelled = false

    /// Makes an empty queue for at most `capacity` (at least 1) elements.
    package init(capacity: Int) {
        self.capacity = max(1, capacity)
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

    /// Adds an element, waiting while the queue is full.
    ///
    /// Returns false if the reader has cancelled.
    package func push(_ element: Element) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while elements.count >= capacity && !isCancelled { pthread_cond_wait(changed, mutex) }
        guard !isCancelled else { return false }
        elements.append(element)
        pthread_cond_broadcast(changed)
        return true
    }

    /// Says that no element follows.
    package func finish() {
        pthread_mutex_lock(mutex)
        isFinished = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    /// Says that nobody reads any more: waiting and later writers get false.
    package func cancel() {
        pthread_mutex_lock(mutex)
        isCancelled = true
        elements.removeAll()
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    /// The oldest element, waiting while there is none; nil at the end or after `cancel()`.
    package func pop() -> Element? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while elements.isEmpty && !isFinished && !isCancelled { pthread_cond_wait(changed, mutex) }
        guard !elements.isEmpty else { return nil }
        let element = elements.removeFirst()
        pthread_cond_broadcast(changed)
        return element
    }
}
