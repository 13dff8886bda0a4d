// SPDX-License-Identifier: Apache-2.0

/// Why it cannot be said whether an image may be used, or a signature cannot be made or kept.
package struct SignatureError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, and what to do about it.
    package let description: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - object: what it is about: a file, a store of signatures, gpg.
    ///   - reason: what is wrong.
    package init(_ object: String, _ reason: String) { description = "\(object): \(reason)" }
}
