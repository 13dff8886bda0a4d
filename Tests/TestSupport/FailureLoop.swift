// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import LinuxIO
    package import SystemPackage
    import Threads

    /// Runs an operation again and again, each time with another of its system calls failing, until it gets through
    /// untouched; then with every call interrupted, and with bytes moved in parts.
    ///
    /// After each run it demands:
    /// - The state is the old one or the new one. Where the operation did not throw, it is the new one.
    /// - What was thrown names the cause.
    /// - No descriptor stays open.
    /// - The next try, with nothing failing, gets through, leads to the new state and leaves nothing behind. Where all
    ///   calls failed from one on, what could not be removed may be left, unless there is a `sweep`.
    package struct FailureLoop<Place, State: Equatable> {
        private let name: String
        private let make: () throws -> Place
        private let operation: (Place) throws -> Void
        private let state: (Place) throws -> State
        private let leftovers: (Place) throws -> [String]
        /// The codes that calls fail with, by turns.
        package var codes: [Errno] = [.noSpace, .diskQuotaExceeded, .ioError, .tooManyOpenFiles, .noMemory]
        /// How many codes each call is tried with: 1…`codes.count`.
        package var codesForEach = 1
        /// Whether the operation is also tried with all calls failing from one on, as on a disk that stays full.
        package var includesLasting = true
        /// Whether the operation gets through once more, and changes nothing, where it got through before.
        package var isRepeatable = true
        /// Does what somebody does by the way later on to remove what is left; nil where nobody does.
        package var sweep: ((Place) throws -> Void)?
        /// Lets go of what a place keeps open on purpose; nil where it keeps nothing.
        ///
        /// Descriptors are counted after it, at the end of each run.
        package var release: ((Place) throws -> Void)?
        /// Does what happens by itself once calls get through again, where all failed from one on: what was to be undone
        /// cannot have been; nil where nothing happens.
        package var recover: ((Place) throws -> Void)?
        /// Reduces a state to what counts; all of it does.
        package var ignoring: (State) -> State = { $0 }
        /// What a thrown error must say of the code that a call failed with; nil where anything will do.
        package var tells: ((any Error, Errno) -> Bool)? = { "\($0)".contains("\($1)") }

        /// Describes a loop.
        ///
        /// - Parameters:
        ///   - name: the operation's name, for what is printed.
        ///   - make: makes a place in the old state, a new one for each run.
        ///   - operation: runs once, on the calling thread.
        ///   - state: what is at the place, in a form that is equal for equal outcomes.
        ///   - leftovers: what is at the place that is of no use.
        package init(
            _ name: String, make: @escaping () throws -> Place, operation: @escaping (Place) throws -> Void,
            state: @escaping (Place) throws -> State, leftovers: @escaping (Place) throws -> [String] = { _ in [] }
        ) {
            self.name = name
            self.make = make
            self.operation = operation
            self.state = state
            self.leftovers = leftovers
        }

        /// Runs the loop and prints how many failures there were.
        ///
        /// - Throws: `FailureLoopProblems` with what was not as demanded.
        @discardableResult
        package func run() throws -> FailureCount {
            var count = FailureCount()
            var problems: [String] = []
            let place = try make()
            let old = ignoring(try state(place))
            let counting = FailurePlan()
            try counting.run { try operation(place) }
            let expected = try (old: old, new: ignoring(state(place)))
            count.calls = counting.callCount
            problems += try leftovers(place).map { "untouched: \($0) is left" }
            try release?(place)
            if counting.openCount != 0 { problems.append("untouched: \(counting.openCount) descriptors stay open") }

            /// Tries a failure, and says whether the operation met it.
            func meets(_ failure: FailurePlan.Failure) throws -> Bool {
                let (injected, found) = try attempt(failure, expected)
                count.injected += injected
                count.runs += 1
                problems += found.map { "\(failure): \($0)" }
                return injected > 0
            }
            for turn in 0..<max(1, codesForEach) {
                var number = 0
                while try meets(.call(number, codes[(number + turn) % codes.count])) { number += 1 }
            }
            var number = 0
            while includesLasting, try meets(.callsFrom(number, codes[number % codes.count])) { number += 1 }
            number = 0
            while try meets(.shortTransfer(number)) || number < counting.transferCount { number += 1 }
            _ = try meets(.shortTransfers)
            _ = try meets(.interruptions)

            print("\(name): \(count)")
            guard problems.isEmpty else { throw FailureLoopProblems(name: name, problems: problems) }
            return count
        }

        private func attempt(
            _ failure: FailurePlan.Failure, _ expected: (old: State, new: State)
        ) throws -> (injected: Int, problems: [String]) {
            let place = try make()
            let plan = FailurePlan(failure)
            var problems: [String] = []
            var thrown: String?
            do {
                try plan.run { try operation(place) }
            } catch {
                thrown = "\(error)"
                switch failure {
                case .call(_, let code), .callsFrom(_, let code):
                    if let tells, !tells(error, code) { problems.append("says \"\(error)\"") }
                case .none, .interruptions, .shortTransfer, .shortTransfers: problems.append("throws \"\(error)\"")
                }
            }
            if release == nil, plan.openCount != 0 { problems.append("\(plan.openCount) descriptors stay open") }
            do {
                if case .callsFrom = failure { try recover?(place) }
                let found = ignoring(try state(place))
                if thrown == nil && found != expected.new {
                    problems.append("nothing thrown, but the state is \(found), not \(expected.new)")
                } else if found != expected.old && found != expected.new {
                    problems.append("threw \"\(thrown ?? "")\", the state is \(found)")
                }
            } catch { problems.append("threw \"\(thrown ?? "nothing")\", the state is unreadable: \(error)") }
            // What has happened needs no other try where one would not make it happen again.
            if thrown != nil || isRepeatable {
                do {
                    try operation(place)
                } catch { problems.append("the next try after \"\(thrown ?? "nothing")\": \(error)") }
            }
            problems += try settled(place, failure, expected.new)
            if let release {
                try release(place)
                if plan.openCount != 0 { problems.append("\(plan.openCount) descriptors stay open at the end") }
            }
            return (plan.injectedCount, problems)
        }

        /// What is not as it shall be after the operation got through.
        private func settled(
            _ place: Place, _ failure: FailurePlan.Failure, _ expected: State
        ) throws -> [String] {
            do {
                let found = ignoring(try state(place))
                let problems = found == expected ? [] : ["the next try leads to \(found), not \(expected)"]
                try sweep?(place)
                if case .callsFrom = failure, sweep == nil { return problems }
                return problems + (try leftovers(place).map { "\($0) is left" })
            } catch { return ["the state after the next try is unreadable: \(error)"] }
        }
    }

    /// How much a loop has tried.
    package struct FailureCount: Sendable, CustomStringConvertible {
        /// System calls of the operation where nothing fails.
        package var calls = 0
        /// How often the operation ran.
        package var runs = 0
        /// Calls that failed or were cut short.
        package var injected = 0

        package var description: String {
            "\(calls) system calls, \(injected) failures injected in \(runs) runs"
        }
    }

    /// What was not as it must be.
    package struct FailureLoopProblems: Error, CustomStringConvertible {
        /// The operation's name.
        package let name: String
        /// One line for each problem.
        package let problems: [String]

        package var description: String {
            "\(name): \(problems.count) problems\n" + problems.prefix(40).joined(separator: "\n")
        }
    }
#endif
