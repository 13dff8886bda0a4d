// SPDX-License-Identifier: Apache-2.0

/// A count with its noun: `1 layer`, `2 layers`.
package func counted(_ count: some BinaryInteger, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
}

/// The time since it was made, as text for people: `1.23 s`, `4.5 ms`.
package struct Stopwatch: CustomStringConvertible {
    private let start = ContinuousClock.now

    /// Starts now.
    package init() {}

    package var description: String {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        if seconds > 0 {
            let hundredths = attoseconds / 10_000_000_000_000_000
            return "\(seconds).\(hundredths < 10 ? "0" : "")\(hundredths) s"
        }
        let tenths = attoseconds / 100_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}

/// Why a command cannot do what it was asked.
package struct CommandError: Error, Equatable, CustomStringConvertible {
    package let description: String

    /// An error that says object, place and cause in one line.
    package init(_ description: String) { self.description = description }
}
