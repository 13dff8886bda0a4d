// SPDX-License-Identifier: Apache-2.0

import Cryptography

/// A policy, a configuration of signature storage or a signature that is not what it should be.
package struct TrustError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    package let description: String

    /// Makes an error.
    package init(_ description: String) { self.description = description }

    /// Does something with libcrypto, whose errors become ones of this kind.
    static func ofLibrary<Result>(
        _ body: () throws(CryptographyError) -> Result
    ) throws(TrustError) -> Result {
        do { return try body() } catch { throw TrustError(error.description) }
    }
}
