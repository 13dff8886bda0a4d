// SPDX-License-Identifier: Apache-2.0

/// What a template may be and cost; each is an error that names it.
package enum TemplateLimit {
    /// Bytes of a template: 64 KiB.
    package static let template = 64 << 10
    /// Blocks and parentheses inside each other.
    package static let depth = 64
    /// Bytes that one filling in makes, those of functions' results too: 64 MiB.
    package static let output = 64 << 20
    /// Actions, operands and rounds of `range` of one filling in.
    package static let steps = 250_000
    /// Columns that a width or a precision of `printf` may ask for.
    package static let width = 1_000_000
}

/// A template that cannot be read or filled in.
package struct TemplateError: Error, Equatable, CustomStringConvertible {
    /// The action, `{{.Name}}`; empty where the template as a whole is meant.
    package var place: String
    /// What is wrong with it.
    package let cause: String

    /// Makes an error.
    package init(at place: String = "", _ cause: String) {
        self.place = place
        self.cause = cause
    }

    package var description: String {
        place.isEmpty ? "template: \(cause)" : "template: \(place): \(cause)"
    }
}
