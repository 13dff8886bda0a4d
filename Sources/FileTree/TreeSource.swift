// SPDX-License-Identifier: Apache-2.0

package import OCI

/// A file of a tree source: a number that stays good while the source lives.
///
/// Two names of one file share it.
package struct TreeNode: Hashable, Sendable {
    /// The number; its meaning is the source's own.
    package let rawValue: UInt64

    /// Wraps a source's own number.
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// What makes two names of this machine one file: the device that it lies on and its inode number there.
package struct FileIdentity: Hashable, Sendable {
    /// `st_dev`.
    package var device: UInt64
    /// `st_ino`.
    package var inode: UInt64

    /// Makes an identity.
    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

/// A name in a directory of a tree source.
package struct TreeChild: Sendable {
    /// The name: 1…255 bytes, neither `/` nor NUL.
    package var name: [UInt8]
    /// The file.
    package var node: TreeNode
    /// Its type.
    package var type: FileType

    /// Makes a child.
    package init(name: [UInt8], node: TreeNode, type: FileType) {
        self.name = name
        self.node = node
        self.type = type
    }
}

/// What a source knows of a regular file's bytes from some offset on without reading them.
package enum NextData: Equatable, Sendable {
    /// Nothing.
    case unknown
    /// They are zeros up to the end.
    case none
    /// They are zeros up to this run, which is not empty; within it, and behind it, they may be anything.
    case run(Range<UInt64>)
}

/// Any tree that can be walked and compared: a mapped EROFS tree, a directory on disk, a tree with an upper directory.
///
/// Nodes of one source are meaningless in another. A source may be used from several threads.
package protocol TreeSource: AnyObject, Sendable {
    /// The root directory.
    var root: TreeNode { get }

    /// Metadata of a file.
    func attributes(of node: TreeNode) throws -> Attributes

    /// Names that the file has (`st_nlink`).
    func linkCount(of node: TreeNode) throws -> UInt32

    /// A directory's names, sorted by unsigned bytes, without `.` and `..`; an error for anything else.
    func children(of directory: TreeNode) throws -> [TreeChild]

    /// SHA-256 of a regular file's content where it is known without reading; else nil.
    func contentDigest(of node: TreeNode) throws -> Digest?

    /// A digest of a file and, for a directory, of everything below it, where it is known; else nil.
    ///
    /// Equal digests of two sources mean that nothing a comparison could report differs. Digests of content and of
    /// places on this machine are made so that one never equals the other.
    func subtreeDigest(of node: TreeNode) throws -> Digest?

    /// Which file of this machine holds a regular file's bytes, where it is known; else nil.
    ///
    /// Files of two sources that have the same identity have the same bytes.
    func contentIdentity(of node: TreeNode) throws -> FileIdentity?

    /// What the names of a file have in common, and no other file has: what two names share that lead to one file.
    func identity(of node: TreeNode) throws -> FileIdentity

    /// Where data of a regular file that may be other than zeros comes next, at or after an offset below its size.
    func nextData(of node: TreeNode, from offset: UInt64) throws -> NextData

    /// How many directories the tree has at the most, where it is known: who meets more goes in circles.
    var directoryLimit: UInt64? { get }

    /// The names of a directory and of one of another source together, where the two sources can tell files that are
    /// the same in both at less cost than one after the other; else, and where that fails, nil.
    ///
    /// - Parameters:
    ///   - directory: a directory of this source.
    ///   - other: the other source.
    ///   - otherDirectory: a directory of that one.
    ///   - comparesTimes: whether files whose times of modification differ are not the same.
    func paired(
        _ directory: TreeNode, with other: any TreeSource, _ otherDirectory: TreeNode, comparesTimes: Bool
    ) -> (any PairedDirectories)?

    /// Reads a regular file's bytes from `offset` on into `buffer`.
    ///
    /// - Returns: the bytes read: fewer than the buffer holds only at the end of the file; 0 at or beyond it.
    func read(_ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension TreeSource {
    package func contentIdentity(of node: TreeNode) throws -> FileIdentity? { nil }

    package func identity(of node: TreeNode) throws -> FileIdentity {
        try contentIdentity(of: node) ?? FileIdentity(device: 0, inode: node.rawValue)
    }

    package func nextData(of node: TreeNode, from offset: UInt64) throws -> NextData { .unknown }

    package var directoryLimit: UInt64? { nil }

    package func paired(
        _ directory: TreeNode, with other: any TreeSource, _ otherDirectory: TreeNode, comparesTimes: Bool
    ) -> (any PairedDirectories)? { nil }
}
