// SPDX-License-Identifier: Apache-2.0

package import FileTree
package import OCI

/// A directory of a tree with all below it as a tree of its own.
package final class Subtree: TreeSource {
    private let whole: any TreeSource
    package let root: TreeNode

    /// Takes a directory of a tree for a root.
    package init(_ directory: BrowsedFile, of tree: BrowsedTree) {
        whole = tree.source
        root = directory.node
    }

    package func attributes(of node: TreeNode) throws -> Attributes { try whole.attributes(of: node) }

    package func linkCount(of node: TreeNode) throws -> UInt32 { try whole.linkCount(of: node) }

    package func children(of directory: TreeNode) throws -> [TreeChild] { try whole.children(of: directory) }

    package func contentDigest(of node: TreeNode) throws -> Digest? { try whole.contentDigest(of: node) }

    package func subtreeDigest(of node: TreeNode) throws -> Digest? { try whole.subtreeDigest(of: node) }

    package func contentIdentity(of node: TreeNode) throws -> FileIdentity? { try whole.contentIdentity(of: node) }

    package func nextData(of node: TreeNode, from offset: UInt64) throws -> NextData {
        try whole.nextData(of: node, from: offset)
    }

    package var directoryLimit: UInt64? { whole.directoryLimit }

    package func paired(
        _ directory: TreeNode, with other: any TreeSource, _ otherDirectory: TreeNode, comparesTimes: Bool
    ) -> (any PairedDirectories)? {
        whole.paired(
            directory, with: (other as? Subtree)?.whole ?? other, otherDirectory, comparesTimes: comparesTimes)
    }

    package func read(_ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try whole.read(node, at: offset, into: buffer)
    }
}
