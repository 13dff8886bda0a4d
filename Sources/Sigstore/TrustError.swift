// SPDX-License-Identifier: Apache-2.0

/// A policy, a configuration of signature storage or a signature that is not what it should be.
package struct TrustError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    package let description: String

    /// Makes an error.
    package init(_ description: String) { self.description = description }
}
