// SPDX-License-Identifier: Apache-2.0

/// Why an EROFS image or its notes cannot be read or written.
package struct EROFSError: Error, Equatable, CustomStringConvertible {
    /// What is at fault: `superblock`, `inode 36`, `inode 36: attributes` …; the number is the inode's nid when reading
    /// and its number in the tree when writing.
    package let place: String
    /// What is wrong there.
    package let reason: String

    /// Makes an error.
    package init(_ place: String, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    package var description: String { "tree image: \(place): \(reason)" }
}
