// SPDX-License-Identifier: Apache-2.0

/// The extended attributes with which cimg itself says something of a file.
///
/// All names that begin with `user.cimg.` are kept for them. What images, layers and upper directories have under such a
/// name is shown nowhere, and no program can set one on a mount that cimg serves: what a reader takes for cimg's word
/// must be cimg's.
package enum OwnAttribute {
    /// The diff ID of the layer that brought a regular file or directory.
    ///
    /// It stands in tree images, for the kernel, and is not among the attributes that `EROFSImage` tells.
    package static let layer = Array("user.cimg.layer".utf8)
    /// The digest of a regular file's content; it stands in no tree image.
    package static let digest = Array("user.cimg.digest".utf8)
    /// An attribute of the root directory of a writable mount that does not exist; who asks for it, and owns the mount,
    /// is answered when the upper has all that was written.
    package static let finished = Array("user.cimg.finished".utf8)

    /// Whether a name is one of those that are kept for cimg.
    package static func isOne(_ name: some Sequence<UInt8>) -> Bool { name.starts(with: "user.cimg.".utf8) }
}
