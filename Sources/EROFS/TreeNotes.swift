// SPDX-License-Identifier: Apache-2.0

package import FileTree
package import OCI

/// What an EROFS image has no place for, kept beside it: which layer brought each file, and digests.
///
/// The form: 8 bytes `cimgnts1`, the number of inodes as 8 bytes, then for each inode of the tree in order 4 bytes with
/// its layer and 32 bytes with a SHA-256: of the content of a regular file, of everything below a directory; all zero
/// where unknown. Numbers are little-endian.
package struct TreeNotes: @unchecked Sendable {
    // SAFETY: everything is immutable; `bytes` is never written and lives as long as `owner`, which this value keeps.

    private static let magic = Array("cimgnts1".utf8)
    private static let headerSize = 16
    private static let recordSize = 4 + Digest.byteCount

    private let bytes: UnsafeRawBufferPointer
    private let owner: any AnyObject & Sendable
    /// The number of inodes that there are notes of.
    package let count: Int

    /// Opens notes in memory that `owner` keeps in place.
    ///
    /// - Throws: `EROFSError` if the size or the first bytes are not what `encode` makes.
    package init(bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable) throws(EROFSError) {
        guard bytes.count >= Self.headerSize, bytes[..<Self.magic.count].elementsEqual(Self.magic) else {
            throw EROFSError("notes", "not the notes of a tree")
        }
        let space = bytes.count - Self.headerSize
        let stated = bytes.number(at: Self.magic.count, as: UInt64.self)
        guard space % Self.recordSize == 0, UInt64(space / Self.recordSize) == stated else {
            throw EROFSError("notes", "the size does not fit the number of files")
        }
        self.bytes = bytes
        self.owner = owner
        count = space / Self.recordSize
    }

    /// The layer that brought a file (an index of the image's devices); nil where no layer did or nothing is known.
    package func layer(of ordinal: UInt32) -> UInt32? {
        guard let offset = offset(of: ordinal) else { return nil }
        let layer: UInt32 = bytes.number(at: offset)
        return layer == Inode.noLayer ? nil : layer
    }

    /// The content digest of a regular file or the subtree digest of a directory; nil where unknown.
    package func digest(of ordinal: UInt32) -> Digest? {
        guard let offset = offset(of: ordinal) else { return nil }
        var digits: UInt64 = 0
        for word in 0..<4 { digits |= bytes.number(at: offset + 4 + word * 8, as: UInt64.self) }
        return digits == 0 ? nil : Digest(bytes, at: offset + 4)
    }

    private func offset(of ordinal: UInt32) -> Int? {
        guard Int(ordinal) < count else { return nil }
        return Self.headerSize + Int(ordinal) * Self.recordSize
    }

    /// Writes the notes of a tree, with the subtree digests of all its directories.
    ///
    /// A directory's digest covers its own mode, ids, time and attributes and, for each child in order, all that a
    /// comparison of two trees could report. It is unknown if below the directory some regular file that is not empty
    /// has no content digest.
    ///
    /// - Parameter output: gets the bytes in order, in pieces of bounded size, valid during the call.
    /// - Throws: what looking up the tree's files and `output` throw.
    package static func write(_ tree: Tree, output: (UnsafeRawBufferPointer) throws -> Void) throws {
        let digests = try SubtreeDigests(tree).computed()
        try withoutActuallyEscaping(output) { output in
            var sink = ImageSink(output)
            try sink.append(magic)
            try sink.append(UInt64(tree.inodeCount))
            for number in 0..<UInt32(tree.inodeCount) {
                let inode = try tree.inode(number)
                try sink.append(inode.layer)
                if let digest = inode.attributes.type == .directory ? digests[number] : inode.contentDigest {
                    try sink.append(digest.bytes)
                } else {
                    try sink.pad(to: sink.position + UInt64(Digest.byteCount))
                }
            }
            try sink.flush()
        }
    }

    /// The notes of a tree in memory.
    ///
    /// See `write(_:output:)`.
    package static func encode(_ tree: Tree) throws -> [UInt8] {
        var notes: [UInt8] = []
        notes.reserveCapacity(headerSize + tree.inodeCount * recordSize)
        try write(tree) { notes.append(contentsOf: $0) }
        return notes
    }
}
