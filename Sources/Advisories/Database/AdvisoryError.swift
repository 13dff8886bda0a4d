// SPDX-License-Identifier: Apache-2.0

import Bolt
import OCI

/// A database or a file of advisories that cannot be read, or is none.
package struct AdvisoryError: Error, Equatable, CustomStringConvertible, Sendable {
    /// What is wrong, with the object and the place.
    package let description: String

    /// Makes an error.
    package init(_ description: String) { self.description = description }

    init(_ error: BoltError) { self.init(error.description) }

    init(_ error: FormatError) { self.init("\(error)") }
}
