// SPDX-License-Identifier: Apache-2.0

import FileTree
import Threads

/// A walk over two trees in step: one thread reports in tree order, others compare ahead of it.
///
/// Names are compared in segments. Whoever has compared one puts the segments below it on a stack, from which the
/// others take: what comes next in tree order lies on top. The reporting thread compares the segment that it needs next
/// itself unless another thread is at it: then it takes from the stack as well. How far the others may be ahead is bounded. No recursion: trees may be
/// deeper than the threads' stacks.
final class TreeWalk: @unchecked Sendable {
    // SAFETY: `waiting`, `aheadCount`, `isOver` and the state of every segment are touched by who holds `monitor`;
    // `comparison`, `aloneCount` and `helpers` by the reporting thread.

    /// Segments that others may have compared before they are reported.
    private static let aheadLimit = 256
    /// Segments that the reporting thread compares before others join in: what is less ends sooner than they start.
    private static let aloneLimit = 4

    /// A place of the reporting thread: what it still has to go through.
    private enum Step {
        case items(ArraySlice<Segment.Item>)
        case segments(ArraySlice<Segment>)
    }

    private let comparison: PairComparison
    private let threadCount: Int
    private let monitor = Monitor()
    private var waiting: [Segment] = []
    private var aheadCount = 0
    private var isOver = false
    private var aloneCount = 0
    private var helpers: [WorkerThread<Void>] = []

    /// Prepares a walk whose reporting thread uses `comparison`.
    init(_ comparison: PairComparison, threadCount: Int) {
        self.comparison = comparison
        self.threadCount = threadCount
    }

    /// Visits everything from some starts on, in their order.
    func run(from starts: [WalkStart], _ body: (Change) throws -> Void) throws {
        defer { end() }
        for start in starts {
            let first = try Segment(start: start, with: comparison)
            monitor.hold { offer(first) }
            var steps = [Step.items(first.takeItems()[...])]
            while let step = steps.popLast() {
                switch step {
                case .items(var rest):
                    guard let item = rest.popFirst() else { continue }
                    steps.append(.items(rest))
                    switch item {
                    case .change(let change): try body(change)
                    case .below(let segments): steps.append(.segments(segments[...]))
                    case .failure(let error): throw error
                    }
                case .segments(var rest):
                    guard let segment = rest.popFirst() else { continue }
                    steps.append(.segments(rest))
                    complete(segment)
                    steps.append(.items(segment.takeItems()[...]))
                }
            }
        }
    }

    /// Compares a segment unless another thread does, and others until that one is done.
    private func complete(_ segment: Segment) {
        while let next = claimed(for: segment) {
            compare(next, with: comparison)
            guard next !== segment else { break }
        }
        aloneCount += 1
        if aloneCount == Self.aloneLimit { startHelpers() }
    }

    /// The segment that is needed, now the caller's, or one to compare until another thread is done with it; nil when it
    /// is.
    private func claimed(for needed: Segment) -> Segment? {
        monitor.hold {
            while true {
                switch needed.state {
                case .done:
                    aheadCount -= 1
                    monitor.notify()
                    return nil
                case .waiting:
                    needed.state = .claimed
                    while let last = waiting.last, last.state != .waiting { waiting.removeLast() }
                    return needed
                case .claimed:
                    if let other = claimNext() { return other }
                    monitor.wait()
                }
            }
        }
    }

    /// The segment that comes next, if there is one and nobody is too far ahead; the caller holds the monitor.
    private func claimNext() -> Segment? {
        while aheadCount < Self.aheadLimit, let segment = waiting.popLast() {
            guard segment.state == .waiting else { continue }
            segment.state = .claimed
            aheadCount += 1
            return segment
        }
        return nil
    }

    private func compare(_ segment: Segment, with comparison: PairComparison) {
        segment.compare(with: comparison)
        monitor.hold {
            segment.state = .done
            offer(segment)
        }
    }

    /// Lets others compare what lies below a segment; the caller holds the monitor.
    private func offer(_ segment: Segment) {
        guard threadCount > 1 else { return }
        waiting += segment.below.reversed()
        monitor.notify()
    }

    private func startHelpers() {
        let (left, right, fields) = (comparison.left, comparison.right, comparison.fields)
        let counts = comparison.counts
        for _ in 1..<max(1, threadCount) {
            // Where no thread can be had, those that are there do it.
            guard
                let helper = try? WorkerThread.started({ [self] in  // As above.
                    compareAhead(with: PairComparison(left: left, right: right, fields: fields, counts: counts))
                })
            else { return }
            helpers.append(helper)
        }
    }

    private func compareAhead(with comparison: PairComparison) {
        while let segment = claimed() { compare(segment, with: comparison) }
    }

    /// The segment that comes next, now the caller's; nil at the end of the walk.
    private func claimed() -> Segment? {
        monitor.hold {
            while !isOver {
                if let segment = claimNext() { return segment }
                monitor.wait()
            }
            return nil
        }
    }

    private func end() {
        monitor.hold {
            isOver = true
            monitor.notify()
        }
        // They throw nothing.
        for helper in helpers { try? helper.join() }
    }
}
