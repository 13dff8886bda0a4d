// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// The entries of a layer that, laid over one tree, gives another.
///
/// They come depth first, names by their bytes: a directory before what is in it, in it first what is taken away, then the
/// rest. Each directory above an entry has one too, with the attributes that it has in the end; the root only if its own
/// attributes changed. What is equal in both is left out, whoever wrote it again. Names of one file are all there or none
/// of them: the first is the file, the others are links to it.
package struct LayerPlan: Sendable {
    /// An entry.
    package enum Item: Sendable {
        /// A file of its own, or a directory.
        case file(path: [UInt8], node: TreeNode, attributes: Attributes)
        /// One more name for the file of an earlier entry.
        case link(path: [UInt8], target: [UInt8], attributes: Attributes)
        /// Takes away what is below.
        case whiteout(path: [UInt8])
        /// Takes away all that is below in a directory.
        case opaque(directory: [UInt8])
    }

    /// How a layer is written.
    package struct Options: Sendable {
        /// How it is told that a directory shows nothing of what is below.
        package enum Opaque: String, Sendable, CaseIterable {
            /// A whiteout for each name: the same whatever made the directory opaque.
            case whiteouts
            /// A marker.
            case marker
        }

        /// See `Opaque`.
        package var opaque = Opaque.whiteouts
        /// Whether times have whole seconds only.
        package var cutsTimes = true
        /// Later times become this one; nil to keep them.
        package var latest: Int64?
        /// Whether extended attributes without a value, which a tar cannot hold, are left out.
        package var dropsEmptyAttributes = false

        /// The defaults.
        package init() {}
    }

    /// The entries; paths are without a slash at their start, that of the root is empty.
    package internal(set) var items: [Item] = []
    /// Sockets that are left out: no tar has them.
    package internal(set) var socketCount = 0
    /// Bytes of the files.
    package internal(set) var byteCount: UInt64 = 0

    /// Whether nothing changed.
    package var isEmpty: Bool { items.isEmpty }

    /// Compares two trees.
    ///
    /// - Parameters:
    ///   - below: the tree that the layer will lie on.
    ///   - whole: the tree that is to be seen then.
    ///   - isLeftOut: whether a path of `whole`, with a slash at its start, is to be taken for not being there.
    /// - Throws: `AuthoringError` for what no layer can say; what the trees throw.
    package init(
        below: any TreeSource, whole: any TreeSource, options: Options = Options(),
        isLeftOut: (_ path: [UInt8], _ attributes: Attributes) -> Bool = { _, _ in false }
    ) throws {
        try withoutActuallyEscaping(isLeftOut) { isLeftOut in
            var walk = LayerWalk(below: below, whole: whole, options: options, isLeftOut: isLeftOut)
            try walk.run()
            if walk.metLinks {
                // What is one file is known when all names are.
                let forced = try LinkedNames(below: below, whole: whole, walk.comparison).forced
                if !forced.isEmpty {
                    walk = LayerWalk(below: below, whole: whole, options: options, isLeftOut: isLeftOut)
                    walk.force(forced)
                    try walk.run()
                }
            }
            self = walk.plan
        }
    }

    init() {}
}
