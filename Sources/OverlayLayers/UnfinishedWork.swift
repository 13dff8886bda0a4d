// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Synchronization
package import SystemPackage
import Threads

/// What ends a change, or undoes one, and could not be done when it was due: done again until it succeeds, and before
/// anything else is changed.
///
/// A piece of work finds for itself whether there is still something to do: nothing where it was done another way.
package final class UnfinishedWork: Sendable {
    /// Something that is to be tried again until it succeeds.
    package typealias Work = @Sendable () throws(Errno) -> Void

    private let waiting = Mutex<[Work]>([])
    /// Held by who works, so that nobody goes on before that is over.
    private let turn = Monitor()

    /// Does something now, or, where that fails, later.
    package func settle(_ work: @escaping Work) {
        do throws(Errno) {
            try work()
        } catch {
            waiting.withLock { $0.append(work) }
        }
    }

    /// Tries again what could not be done, in the order in which it came.
    ///
    /// - Returns: what the first of that failed with that still cannot be; nil where nothing is left.
    @discardableResult
    package func retry() -> Errno? {
        guard waiting.withLock({ !$0.isEmpty }) else { return nil }
        return turn.hold {
            let works = waiting.withLock { $0 }
            var failure: Errno?
            var left: [Work] = []
            for work in works {
                do throws(Errno) {
                    try work()
                } catch {
                    failure = failure ?? error
                    left.append(work)
                }
            }
            // What came meanwhile is behind.
            waiting.withLock { $0.replaceSubrange(..<works.count, with: left) }
            return failure
        }
    }
}
