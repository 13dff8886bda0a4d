// SPDX-License-Identifier: Apache-2.0

package import OCI

/// Why bytes of a layer are not seen in the tree.
package enum DeadCause: String, CaseIterable, Sendable {
    /// A later layer took the file away.
    case deleted
    /// A later layer has other content in its place.
    case replaced
    /// A later layer has the same content once more: only mode, owner, times or attributes changed.
    case touched
    /// The tree has the same content under another name.
    case moved
}

/// A file whose bytes are in a layer, and not seen in the tree.
package struct DeadFile: Hashable, Sendable {
    /// The name that its layer has for it.
    package let path: [UInt8]
    /// Bytes of it in its layer.
    package let byteCount: UInt64
    /// The layer that brought it: 0 is the base.
    package let addedBy: Int
    /// The layer that took its last name.
    package let removedBy: Int
    /// Why.
    package let cause: DeadCause
    /// Where the tree has the same content, of a moved file.
    package let survivor: [UInt8]?
}

/// Content that the tree has in several files.
package struct DuplicateContent: Hashable, Sendable {
    /// Its digest.
    package let digest: Digest
    /// Bytes of each copy.
    package let byteCount: UInt64
    /// The names of the copies; of a file with several names one.
    package let paths: [[UInt8]]

    /// Bytes of all copies but one.
    package var excess: UInt64 { byteCount &* UInt64(max(0, paths.count - 1)) }
}
