// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Why an image cannot be made.
package struct AuthoringError: Error, Equatable, CustomStringConvertible {
    /// What of, where and why, in a line.
    package let description: String

    /// Makes an error.
    package init(_ description: String) { self.description = description }

    /// Makes an error of a path in a tree, without the slash at its start.
    init(_ path: [UInt8], _ reason: String) { self.init("\"/\(Bytes.escaped(path))\": \(reason)") }
}
