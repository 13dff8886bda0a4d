// SPDX-License-Identifier: Apache-2.0

/// The names of two directories of two sources, listed together to be compared a few at a time by any thread.
package protocol PairedDirectories: AnyObject, Sendable {
    /// How many names there are, one that both directories have counted once.
    var count: Int { get }

    /// What there is left to compare of some neighbouring names in byte order: all but those of which both directories
    /// have the same file, which is looked at whole, but for times of modification if they do not matter.
    ///
    /// - Parameters:
    ///   - range: within `0..<count`.
    ///   - room: memory to read into, at least 8 KiB; what it holds does not matter.
    /// - Returns: what is left of each directory, sorted by name; a name that only one of them has is left.
    /// - Throws: `PairFailure` if what is left can no longer be told.
    func remaining(
        in range: Range<Int>, room: UnsafeMutableRawBufferPointer
    ) throws(PairFailure) -> (left: [TreeChild], right: [TreeChild])
}

/// What one of two sources answered while both were asked together.
package struct PairFailure: Error {
    /// Whether it was the right one.
    package let isRight: Bool
    /// What it answered.
    package let cause: any Error

    /// Makes a failure.
    package init(isRight: Bool, cause: any Error) {
        self.isRight = isRight
        self.cause = cause
    }
}
