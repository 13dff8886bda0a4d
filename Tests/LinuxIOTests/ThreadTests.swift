// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Threads

@Suite(.timeLimit(.minutes(15))) struct WorkerThreadTests {
    @Test func `a result comes from another thread`() throws {
        let here = pthread_self()
        let worker = WorkerThread { pthread_equal(pthread_self(), here) == 0 }
        #expect(try worker.join())
    }

    @Test func `an error is thrown where the thread is joined`() throws {
        let worker = try WorkerThread<Int>.started { throw Errno.noSpace }
        #expect(throws: Errno.noSpace) { try worker.join() }
    }

    @Test func `many threads at once all give their results`() throws {
        let workers = (0..<64).map { number in WorkerThread { number * number } }
        #expect(try workers.map { try $0.join() } == (0..<64).map { $0 * $0 })
    }
}

@Suite(.timeLimit(.minutes(15))) struct MonitorTests {
    @Test func `who waits for a time is told whether it passed`() throws {
        let monitor = Monitor()
        // A wait may end for no reason.
        while monitor.hold({ monitor.wait(milliseconds: 1) }) {}
        let worker = WorkerThread {
            monitor.hold { monitor.wait(milliseconds: 3_600_000) }
        }
        let isDone = Mutex(false)
        let other = WorkerThread {
            while !isDone.withLock({ $0 }) {
                monitor.hold { monitor.notify() }
                usleep(1000)
            }
        }
        #expect(try worker.join())
        isDone.withLock { $0 = true }
        try other.join()
    }
}

@Suite(.timeLimit(.minutes(15))) struct BoundedQueueTests {
    @Test func `elements come out in order, at most so many wait`() throws {
        let queue = BoundedQueue<Int>(capacity: 3)
        let thread = Mutex("")
        let writer = WorkerThread {
            thread.withLock { $0 = Waiting.thread }
            return (0..<1000).map { queue.push($0) }.allSatisfy { $0 }
        }
        try Waiting.untilAsleep { thread.withLock { $0 } }
        var seen: [Int] = []
        for _ in 0..<1000 { seen += queue.pop().map { [$0] } ?? [] }
        #expect(seen == Array(0..<1000))
        #expect(try writer.join())
    }

    @Test func `a full queue holds its writer back`() throws {
        let queue = BoundedQueue<Int>(capacity: 2)
        #expect(queue.push(1))
        #expect(queue.push(2))
        let thread = Mutex("")
        let writer = WorkerThread {
            thread.withLock { $0 = Waiting.thread }
            return queue.push(3)
        }
        try Waiting.untilAsleep { thread.withLock { $0 } }
        #expect(queue.pop() == 1)
        #expect(try writer.join())
        #expect([queue.pop(), queue.pop()] == [2, 3])
    }

    @Test func `what was pushed before the end still comes out`() {
        let queue = BoundedQueue<Int>(capacity: 8)
        #expect(queue.push(1))
        queue.finish()
        #expect(queue.pop() == 1)
        #expect(queue.pop() == nil)
        #expect(queue.pop() == nil)
    }

    @Test func `the end wakes a waiting reader`() throws {
        let queue = BoundedQueue<Int>(capacity: 1)
        let thread = Mutex("")
        let reader = WorkerThread {
            thread.withLock { $0 = Waiting.thread }
            return queue.pop() == nil
        }
        try Waiting.untilAsleep { thread.withLock { $0 } }
        queue.finish()
        #expect(try reader.join())
    }

    @Test func `cancelling drops what waits and turns writers away`() throws {
        let queue = BoundedQueue<Int>(capacity: 1)
        #expect(queue.push(1))
        let thread = Mutex("")
        let writer = WorkerThread {
            thread.withLock { $0 = Waiting.thread }
            return queue.push(2)
        }
        try Waiting.untilAsleep { thread.withLock { $0 } }
        queue.cancel()
        #expect(try !writer.join())
        #expect(!queue.push(3))
        #expect(queue.pop() == nil)
    }

    @Test(arguments: [-1, 0, 1]) func `a queue holds at least one element`(capacity: Int) {
        let queue = BoundedQueue<Int>(capacity: capacity)
        #expect(queue.push(7))
        #expect(queue.pop() == 7)
    }

    @Test func `elements are let go of`() {
        final class Element: Sendable {}
        let queue = BoundedQueue<Element>(capacity: 4)
        weak var kept: Element?
        do {
            let element = Element()
            kept = element
            #expect(queue.push(element))
        }
        #expect(kept != nil)
        queue.cancel()
        #expect(kept == nil)
    }
}
