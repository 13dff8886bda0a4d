// SPDX-License-Identifier: Apache-2.0

import Web

/// Why a registry did not give or take what was asked.
package struct RegistryError: Error, Equatable, CustomStringConvertible {
    /// What kind of trouble it is, for callers that act on it.
    package enum Code: Sendable {
        /// The registry says that there is no such thing.
        case notFound
        /// The registry wants to know who asks, or refuses who does.
        case denied
        /// No connection could be made, or it broke and trying again did not help.
        case unreachable
        /// The other end is not who it should be.
        case untrusted
        /// What came is not what its digest, size or format says.
        case damaged
        /// A bound was hit.
        case tooLarge
        /// A name, option or file that cannot be.
        case invalid
        /// The registry cannot do what was asked.
        case unsupported
        /// The registry answered that it is in trouble.
        case failed
    }

    /// The kind of trouble.
    package let code: Code
    /// What was asked for: `docker://localhost:5000/app:1`, `registry localhost:5000`.
    package let object: String
    /// What is wrong, and what to do about it.
    package let reason: String

    /// Makes an error.
    package init(_ code: Code, _ object: String, _ reason: String) {
        self.code = code
        self.object = object
        self.reason = reason
    }

    package var description: String { "\(object): \(reason)" }
}
