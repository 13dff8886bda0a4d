// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import Glibc
    import Synchronization
    public import SystemPackage

    /// Which system calls of an operation fail, so that tests can see what it makes of that; only in debug builds.
    ///
    /// A plan belongs to the thread that runs the operation and to each `WorkerThread` that is started meanwhile. Other
    /// threads, of other tests, notice nothing. It counts calls in the order in which they come to `retrying(_:)` and its
    /// siblings, and the descriptors that the operation has opened and not yet closed.
    @usableFromInline
    package final class FailurePlan: Sendable {
        /// What goes wrong.
        package enum Failure: Hashable, Sendable {
            /// Nothing: calls are only counted.
            case none
            /// The call of a number, counted from 0, fails; all others are made.
            case call(Int, Errno)
            /// The call of a number and every one after it fail.
            case callsFrom(Int, Errno)
            /// Each call is interrupted once: `EINTR`. What is made through `attempting(_:)` fails.
            case interruptions
            /// The call of a number that moves bytes, counted from 0 among those, moves half of them.
            case shortTransfer(Int)
            /// Each call that moves bytes moves half of them.
            case shortTransfers
        }

        private let failure: Failure
        private let calls = Atomic(0)
        private let transfers = Atomic(0)
        private let injected = Atomic(0)
        private let descriptors = Atomic(0)

        /// Makes a plan that nothing follows yet.
        package init(_ failure: Failure = .none) { self.failure = failure }

        /// How many calls were asked for so far.
        package var callCount: Int { calls.load(ordering: .relaxed) }
        /// How many of them move bytes.
        package var transferCount: Int { transfers.load(ordering: .relaxed) }
        /// How many failed, or were cut short, because of this plan.
        package var injectedCount: Int { injected.load(ordering: .relaxed) }
        /// How many `Descriptor`s that were made under the plan are still open.
        package var openCount: Int { descriptors.load(ordering: .relaxed) }

        /// Runs `body` under this plan, on the calling thread.
        ///
        /// Not to be called twice at the same time for one plan.
        package func run<Result>(_ body: () throws -> Result) rethrows -> Result {
            let before = Self.current
            Self.set(self)
            defer { Self.set(before) }
            // SAFETY: `self` outlives the call, and the thread forgets it at the end.
            return try body()
        }

        /// Puts the calling thread under this plan, which must live as long as the thread.
        package func begin() { Self.set(self) }

        /// Lets the calling thread go on without a plan.
        package func end() { Self.set(nil) }

        /// The plan of the calling thread; nil for none.
        @usableFromInline
        package static var current: FailurePlan? {
            pthread_getspecific(key).map { Unmanaged<FailurePlan>.fromOpaque($0).takeUnretainedValue() }
        }

        /// The code that the next call fails with; nil where it is to be made.
        @usableFromInline
        package func nextCall() -> Errno? {
            let number = calls.add(1, ordering: .relaxed).oldValue
            switch failure {
            case .call(number, let code): return inject(code)
            case .callsFrom(let first, let code) where number >= first: return inject(code)
            case .interruptions: return inject(.interrupted)
            default: return nil
            }
        }

        /// How many bytes the next call may move of so many.
        @usableFromInline
        package func nextTransfer(of count: Int) -> Int {
            let number = transfers.add(1, ordering: .relaxed).oldValue
            guard count > 1, failure == .shortTransfers || failure == .shortTransfer(number) else { return count }
            injected.add(1, ordering: .relaxed)
            return count / 2
        }

        /// Counts a descriptor that was opened.
        package func opened() { descriptors.add(1, ordering: .relaxed) }
        /// Counts one that was closed.
        package func closed() { descriptors.subtract(1, ordering: .relaxed) }

        private func inject(_ code: Errno) -> Errno {
            injected.add(1, ordering: .relaxed)
            return code
        }

        private static func set(_ plan: FailurePlan?) {
            pthread_setspecific(key, plan.map { Unmanaged.passUnretained($0).toOpaque() })
        }

        private static let key: pthread_key_t = {
            var key = pthread_key_t()
            let code = pthread_key_create(&key, nil)
            precondition(code == 0, "no room for a thread's own value")
            return key
        }()
    }

    /// Runs `body` while system calls fail as told; see `FailurePlan`.
    ///
    /// - Returns: what `body` returns, and the plan with its counts.
    package func withFailures<Result>(
        _ failure: FailurePlan.Failure, _ body: () throws -> Result
    ) rethrows -> (result: Result, plan: FailurePlan) {
        let plan = FailurePlan(failure)
        return (try plan.run(body), plan)
    }
#endif
