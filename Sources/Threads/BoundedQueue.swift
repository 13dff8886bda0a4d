// SPDX-License-Identifier: Apache-2.0

/// A queue between threads that holds a bounded number of elements: a full queue blocks its writer, an empty one its
/// reader.
package final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    // SAFETY: every access to the mutable state is by who holds `monitor`.
    private let monitor = Monitor()
    private let capacity: Int
    private var elements: [Element] = []
    private var isFinished = false
    private var isCancelled = false

    /// Makes an empty queue for at most `capacity` (at least 1) elements.
    package init(capacity: Int) { self.capacity = max(1, capacity) }

    /// Adds an element, waiting while the queue is full.
    ///
    /// Returns false if the reader has cancelled.
    package func push(_ element: Element) -> Bool {
        monitor.hold {
            while elements.count >= capacity && !isCancelled { monitor.wait() }
            guard !isCancelled else { return false }
            elements.append(element)
            monitor.notify()
            return true
        }
    }

    /// Says that no element follows.
    package func finish() {
        monitor.hold {
            isFinished = true
            monitor.notify()
        }
    }

    /// Says that nobody reads any more: waiting and later writers get false.
    package func cancel() {
        monitor.hold {
            isCancelled = true
            elements.removeAll()
            monitor.notify()
        }
    }

    /// The oldest element, waiting while there is none; nil at the end or after `cancel()`.
    package func pop() -> Element? {
        monitor.hold {
            while elements.isEmpty && !isFinished && !isCancelled { monitor.wait() }
            guard !elements.isEmpty else { return nil }
            let element = elements.removeFirst()
            monitor.notify()
            return element
        }
    }
}
