// SPDX-License-Identifier: Apache-2.0

package import FileTree
package import OCI

/// One side of a change: the file as its tree has it.
package struct ChangedFile: Hashable, Sendable {
    /// The file's number in its tree: two names of one file share it.
    package let node: TreeNode
    /// Its metadata.
    package let attributes: Attributes
    /// How many names it has.
    package let linkCount: UInt32
    /// SHA-256 of a regular file's content where the tree knows it without reading.
    package let contentDigest: Digest?
}

/// A path on which two trees disagree.
package struct Change: Hashable, Sendable {
    /// What happened to the path on the way from the left tree to the right one.
    package enum Kind: String, Hashable, Sendable {
        /// Only the right tree has it.
        case added
        /// Only the left tree has it.
        case removed
        /// Both have it; `fields` tells what of it differs.
        case modified
    }

    /// The absolute path: `/` for the root, else components of any bytes, each after a `/`.
    package let path: [UInt8]
    /// What happened.
    package let kind: Kind
    /// What differs: at least one field of a modified file, none otherwise; `type` stands alone.
    package let fields: ChangedFields
    /// The file in the left tree; nil exactly for an added one.
    package let left: ChangedFile?
    /// The file in the right tree; nil exactly for a removed one.
    package let right: ChangedFile?

    /// Makes a change; the parts must agree as their descriptions say.
    package init(path: [UInt8], kind: Kind, fields: ChangedFields, left: ChangedFile?, right: ChangedFile?) {
        self.path = path
        self.kind = kind
        self.fields = fields
        self.left = left
        self.right = right
    }

    /// The kind of file: in the right tree if it is there, else in the left one.
    package var type: FileType { (right ?? left)?.attributes.type ?? .regular }
}

/// One of the two trees of a comparison.
package enum Side: String, Hashable, Sendable {
    /// The first: what was.
    case left
    /// The second: what is.
    case right
}

/// Why a comparison ended before its time.
package struct TreeDiffError: Error, CustomStringConvertible {
    /// The tree that failed; nil where it is neither's fault.
    package let side: Side?
    /// The path at which it failed.
    package let path: [UInt8]
    /// What the tree answered, or what is wrong.
    package let cause: any Error

    /// What is wrong with the path of a part to compare.
    package enum PathError: Error, Equatable, CustomStringConvertible {
        /// Neither tree has it.
        case missing
        /// It has a `..` component or a NUL.
        case malformed

        package var description: String {
            switch self {
            case .missing: "no such path on either side"
            case .malformed: "a path with \"..\" or a NUL names nothing in a tree"
            }
        }
    }

    package var description: String {
        let place = "\"\(Bytes.escaped(path))\": \(cause)"
        guard let side else { return place }
        return "\(side.rawValue) tree, \(place)"
    }
}
