// SPDX-License-Identifier: Apache-2.0

import LayerStore
import LinuxIO
import OCI

/// What a mount serves, as open files: the server needs no store and no names, and nothing can be taken from under it.
struct MountSource: Sendable {
    /// The object as the user knows it, without its digest.
    var name: String
    /// The digest that identifies what is mounted.
    var digest: Digest
    /// The EROFS image of the tree.
    var tree: Descriptor
    /// Its `TreeNotes`, where there are any.
    var notes: Descriptor?
    /// The uncompressed layers, in the order of the image's devices.
    var layers: [Descriptor]

    /// What the mount table shows: the kernel takes less than a page.
    var title: String { "\(name.prefix(500))@\(digest)" }
}

/// Opens the tree of an image that a user named.
func openMountSource(_ object: String, in finder: ObjectFinder) throws -> MountSource {
    let image = try finder.open(object)
    return MountSource(
        name: object, digest: image.digest, tree: image.tree.image, notes: image.tree.notes, layers: image.tree.layers)
}
