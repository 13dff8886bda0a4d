// SPDX-License-Identifier: Apache-2.0

/// The extended attributes with which cimg itself says something of a file.
///
/// An image that has attributes of these names cannot show them: what a reader takes for cimg's word must be cimg's.
package enum OwnAttribute {
    /// The diff ID of the layer that brought a regular file or directory.
    ///
    /// It stands in tree images, for the kernel, and is not among the attributes that `EROFSImage` tells.
    package static let layer = Array("user.cimg.layer".utf8)
    /// The digest of a regular file's content; it stands in no tree image.
    package static let digest = Array("user.cimg.digest".utf8)

    /// Whether a name is one of them.
    package static func isOne(_ name: [UInt8]) -> Bool { name == layer || name == digest }
}
