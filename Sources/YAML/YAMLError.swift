// SPDX-License-Identifier: Apache-2.0

/// Why a document in YAML cannot be read.
package struct YAMLError: Error, Equatable, CustomStringConvertible {
    /// The file, the place in it, and what is wrong.
    package let description: String

    /// Makes an error.
    package init(_ description: String) { self.description = description }
}
