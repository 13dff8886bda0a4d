// SPDX-License-Identifier: Apache-2.0

/// A database that cannot be read, or is none.
package struct BoltError: Error, Equatable, CustomStringConvertible, Sendable {
    /// Which database, and where in it.
    package let object: String
    /// What is wrong.
    package let cause: String

    /// Makes an error.
    package init(_ object: String, _ cause: String) {
        self.object = object
        self.cause = cause
    }

    package var description: String { "\(object): \(cause)" }
}
