// SPDX-License-Identifier: Apache-2.0

package import OCI

/// A frozen flattened tree: what a builder of trees hands to the EROFS writer.
///
/// Inodes are numbered in depth-first order, directories before their children, the root is 0. Hard links are several
/// entries with one inode number. Names and numbers are in memory, about 50 bytes for each file; the files themselves
/// may be looked up where their layers describe them.
package struct Tree: Sendable {
    /// A name in a directory.
    package struct Entry: Sendable {
        /// The directory as the assembly numbered it.
        let parent: UInt32
        /// The file's number: below `inodeCount`.
        package internal(set) var inode: UInt32
        let nameStart: UInt32
        let nameCount: UInt8

        /// Bytes of the name: 1…255.
        package var nameByteCount: Int { Int(nameCount) }
    }

    /// What tells of the files, which it numbers in its own way.
    enum Files: Sendable {
        case memory([Inode])
        case layers(LayerStack, [FileReference])
    }

    /// The layers that files lie in, base layer first: `Inode.layer` is an index of it.
    package let layers: [DiffID]
    private let files: Files
    /// The number of each inode in `files`, `types` and `starts`.
    private let order: [UInt32]
    private let types: [FileType]
    private let linkCounts: [UInt32]
    /// Where the entries of a directory begin; where they end is where the next file's begin.
    private let starts: [UInt32]
    private let entries: [Entry]
    private let names: [UInt8]

    init(
        layers: [DiffID], files: Files, order: [UInt32], types: [FileType], linkCounts: [UInt32], starts: [UInt32],
        entries: [Entry], names: [UInt8]
    ) {
        (self.layers, self.files, self.order, self.types) = (layers, files, order, types)
        (self.linkCounts, self.starts, self.entries, self.names) = (linkCounts, starts, entries, names)
    }

    /// How many inodes there are: their numbers are all those below.
    package var inodeCount: Int { order.count }

    /// An inode, with its true link count.
    ///
    /// - Throws: what looking it up in its layer does.
    package func inode(_ number: UInt32) throws -> Inode {
        let file = Int(order[Int(number)])
        var inode =
            switch files {
            case .memory(let inodes): inodes[file]
            case .layers(let layers, let references): try layers.inode(references[file])
            }
        inode.linkCount = linkCounts[Int(number)]
        return inode
    }

    /// The entry that describes an inode; nil in a tree that was not made of layers.
    package func reference(of number: UInt32) -> FileReference? {
        guard case .layers(_, let references) = files else { return nil }
        return references[Int(order[Int(number)])]
    }

    /// The extended attributes of an inode, without looking it up where it has none.
    ///
    /// - Throws: as `inode(_:)` does.
    package func xattrs(of number: UInt32) throws -> [ExtendedAttribute] {
        if case .layers(_, let references) = files, !references[Int(order[Int(number)])].hasXattrs { return [] }
        return try inode(number).attributes.xattrs
    }

    /// The type of an inode.
    package func type(of number: UInt32) -> FileType { types[Int(order[Int(number)])] }

    /// The names in a directory, sorted by unsigned bytes, without `.` and `..`; empty for anything but a directory.
    package func children(of inode: UInt32) -> ArraySlice<Entry> {
        let file = Int(order[Int(inode)])
        return entries[Int(starts[file])..<Int(starts[file + 1])]
    }

    /// A name of an inode from the root on, for errors: found by looking through the directories before it.
    package func path(of inode: UInt32) -> [UInt8] {
        var components: [ArraySlice<UInt8>] = []
        var wanted = inode
        // An inode is numbered after the directory in which it was met first.
        for directory in (0..<wanted).reversed() {
            guard let entry = children(of: directory).first(where: { $0.inode == wanted }) else { continue }
            components.append(name(of: entry))
            wanted = directory
        }
        return Array(components.reversed().joined(separator: [UInt8(ascii: "/")]))
    }

    /// The bytes of an entry's name: 1…255, neither `/` nor NUL.
    package func name(of entry: Entry) -> ArraySlice<UInt8> {
        names[Int(entry.nameStart)..<Int(entry.nameStart) + Int(entry.nameCount)]
    }
}
