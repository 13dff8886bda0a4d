// SPDX-License-Identifier: Apache-2.0

import FileTree
import LayerStore
import LinuxIO
import OCI
import Overlay

/// What a mount serves, as open files: the server needs no store and no names, and nothing can be taken from under it.
struct MountSource: Sendable {
    /// The files of a flattened tree.
    struct TreeFiles: Sendable {
        /// The EROFS image.
        var image: Descriptor
        /// Its `TreeNotes`, where there are any.
        var notes: Descriptor?
        /// The uncompressed layers, in the order of the image's devices.
        var layers: [Descriptor]
    }

    /// The kinds of things that can be served.
    enum Content: Sendable {
        /// A tree of the store.
        case tree(TreeFiles)
        /// Directories of this machine, the highest first.
        case directories([Descriptor], OverlayOptions)
        /// Either with an upper that changes go to.
        indirect case writable(Content, WritableUpper)
    }

    /// The object as the user knows it, without its digest.
    var name: String
    /// The digest that identifies what is mounted; nil for what has none.
    var digest: Digest?
    /// What is served.
    var content: Content
    /// The image whose tree it is; nil for what does not come from a store.
    var image: ImageObject?
    /// The numbers of users and groups whose files the server must be allowed to read; nil where it is as it is.
    var owners: (users: [NumberRange], groups: [NumberRange])?
    /// What the server removes when it ends.
    var discarded: DiscardedUpper?

    /// The store that it belongs to, as `PlaceIdentity.fileText` tells it; nil for none.
    var store: String?

    /// Whether the directories below are mounts of their own, in which nothing that is mounted elsewhere shows.
    var isApart = false

    /// The directories that are served and in which other mounts show.
    var directoriesInPlace: [Descriptor] {
        func directories(_ content: Content) -> [Descriptor] {
            switch content {
            case .tree: []
            case .directories(let directories, _): isApart ? [] : directories
            case .writable(let lower, let upper): directories(lower) + [upper.directory, upper.work]
            }
        }
        return directories(content)
    }

    /// Whether the server serves only what lies below the upper: the kernel puts the upper on top.
    var isBelow = false

    /// What the mount table shows: the kernel takes less than a page.
    ///
    /// Bytes that are no text are written out.
    var title: String {
        let name = ArgumentText.isPlain(name) ? name : Bytes.escaped(RawArguments.bytes(of: name))
        return "\(name.prefix(500))" + (digest.map { "@\($0)" } ?? "")
    }
}

/// Opens the tree of an image that a user named.
func openMountSource(_ object: String, in finder: ObjectFinder) throws -> MountSource {
    let image = try finder.open(object)
    let files = MountSource.TreeFiles(image: image.tree.image, notes: image.tree.notes, layers: image.tree.layers)
    var source = MountSource(name: object, digest: image.digest, content: .tree(files), image: image)
    source.store = try image.store.identity().fileText
    return source
}
