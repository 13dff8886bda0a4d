// SPDX-License-Identifier: Apache-2.0

package import OCI

/// A frozen flattened tree in memory: what a builder of trees hands to the EROFS writer.
///
/// Inodes are numbered in depth-first order, directories before their children, the root is 0. Hard links are several
/// entries with one inode number.
package struct Tree: Sendable {
    /// A name in a directory.
    package struct Entry: Sendable {
        let nameStart: Int
        let nameCount: UInt16
        /// The file's number: an index of `inodes`.
        package let inode: UInt32
    }

    /// All inodes; index 0 is the root directory.
    package let inodes: [Inode]
    /// The layers that files lie in, base layer first: `Inode.layer` is an index of it.
    package let layers: [DiffID]
    private let entries: [Entry]
    private let entryRanges: [Range<Int>]
    private let names: [UInt8]

    init(inodes: [Inode], layers: [DiffID], entries: [Entry], entryRanges: [Range<Int>], names: [UInt8]) {
        self.inodes = inodes
        self.layers = layers
        self.entries = entries
        self.entryRanges = entryRanges
        self.names = names
    }

    /// The names in a directory, sorted by unsigned bytes, without `.` and `..`; empty for anything but a directory.
    package func children(of inode: UInt32) -> ArraySlice<Entry> {
        entries[entryRanges[Int(inode)]]
    }

    /// The bytes of an entry's name: 1…255, neither `/` nor NUL.
    package func name(of entry: Entry) -> ArraySlice<UInt8> {
        names[entry.nameStart..<entry.nameStart + Int(entry.nameCount)]
    }
}
