// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Synchronization
import Threads

/// Whether requests are answered by threads that run where the asker runs, and below everybody else.
///
/// A question and its answer are two wake-ups, each of a processor that has gone to sleep. On the asker's own processor
/// neither is one: the asker waits, so its processor is free for the answer. The answering thread runs under
/// `SCHED_IDLE`; so the kernel takes that processor for a free one, leaves the asker there, and lets it go on at once.
/// Such a thread gets next to nothing where somebody else computes. That is found by a request that nobody takes; then
/// other threads answer, for longer each time.
struct NearMode: ~Copyable {
    /// Requests after which a program is taken for one that goes on asking.
    static let threshold = 64
    private static let firstPause: UInt64 = 1_000_000_000
    private static let longestPause: UInt64 = 64_000_000_000
    /// As long as this without a request left lying makes the next pause a short one again.
    private static let goodTime: UInt64 = 10_000_000_000

    private let isPossible: Bool
    private let isOn = Atomic<Bool>(false)
    private let began = Atomic<UInt64>(0)
    private let notBefore = Atomic<UInt64>(0)
    private let pause = Atomic<UInt64>(firstPause)

    /// Begins with other threads.
    ///
    /// - Parameter isPossible: whether it may be; of no use on a machine with one processor.
    init(isPossible: Bool) { self.isPossible = isPossible && Processors.count > 1 }

    /// Whether near threads answer.
    var isActive: Bool { isOn.load(ordering: .acquiring) }

    /// Whether near threads may be tried now.
    func mayBegin(at time: UInt64) -> Bool {
        isPossible && time >= notBefore.load(ordering: .relaxed)
    }

    /// Near threads answer from now on.
    func begin(at time: UInt64) {
        began.store(time, ordering: .relaxed)
        isOn.store(true, ordering: .releasing)
    }

    /// Other threads answer from now on, as nothing is asked any more.
    func end() { isOn.store(false, ordering: .releasing) }

    /// Other threads answer from now on and for a while, as a near one did not come to answer.
    func giveUp(at time: UInt64) {
        guard isOn.exchange(false, ordering: .acquiringAndReleasing) else { return }
        let wasGood = time &- began.load(ordering: .relaxed) > Self.goodTime
        let length = wasGood ? Self.firstPause : pause.load(ordering: .relaxed)
        pause.store(min(length * 2, Self.longestPause), ordering: .relaxed)
        notBefore.store(time &+ length, ordering: .relaxed)
    }

    /// Near threads are of no use for as long as the mount is there: askers are not to be seen.
    func giveUpForGood() {
        notBefore.store(.max, ordering: .relaxed)
        end()
    }
}

/// What a near thread knows of the asker.
struct NearPlace {
    private var requests = 0
    private var processor: Int32 = -1

    /// Goes to the processor of the thread that asks, with the first request and each 64th; false where that cannot be.
    mutating func follow(_ asker: UInt32) -> Bool {
        defer { requests &+= 1 }
        // What the kernel asks by itself is nobody's.
        guard requests % 64 == 0, asker != 0 else { return true }
        guard let identifier = Int32(exactly: asker),
            let seen = ThreadPlacement.processor(ofThread: identifier)
        else { return false }
        if seen != processor {
            guard ThreadPlacement.keep(on: seen) else { return false }
            processor = seen
        }
        return true
    }
}
