// SPDX-License-Identifier: Apache-2.0

extension JSONText {
    /// Writes a string, or `null` where there is none, as a value.
    package mutating func optional(_ text: String?) {
        if let text { string(text) } else { null() }
    }

    /// Writes a member that is a string, or null.
    package mutating func member(_ name: String, _ value: String?) {
        key(name)
        optional(value)
    }
}
