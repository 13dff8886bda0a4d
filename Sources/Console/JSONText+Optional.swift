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

    /// Writes a member that is a string; what is not UTF-8 becomes U+FFFD.
    package mutating func member(_ name: String, _ value: [UInt8]) {
        key(name)
        string(value)
    }

    /// Writes a member that is an array of strings.
    package mutating func words(_ words: [String], key: String) {
        self.key(key)
        beginArray()
        for word in words { string(word) }
        endArray()
    }
}
