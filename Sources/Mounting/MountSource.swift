// SPDX-License-Identifier: Apache-2.0

import FileTree
package import LayerStore
package import LinuxIO
package import OCI
package import OverlayLayers

/// What a mount serves, as open files: the server needs no store and no names, and nothing can be taken from under it.
package struct MountSource: Sendable {
    /// The files of a flattened tree.
    package struct TreeFiles: Sendable {
        /// The EROFS image.
        package var image: Descriptor
        /// Its `TreeNotes`, where there are any.
        package var notes: Descriptor?
        /// The uncompressed layers, in the order of the image's devices.
        package var layers: [Descriptor]

        /// Puts open files together.
        package init(image: Descriptor, notes: Descriptor?, layers: [Descriptor]) {
            self.image = image
            self.notes = notes
            self.layers = layers
        }
    }

    /// The kinds of things that can be served.
    package enum Content: Sendable {
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
    package var content: Content
    /// The tree of a store that it is, and the store; nil for what does not come from one.
    var stored: (tree: StoredTree, store: Store)?
    /// The numbers of users and groups whose files the server must be allowed to read; nil where it is as it is.
    package var owners: (users: [NumberRange], groups: [NumberRange])?
    /// What the server removes when it ends.
    package var discarded: DiscardedUpper?

    /// Why the kernel did not mount it, where it was asked first.
    var kernelRefusal: String?

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

    /// Whether changes have a place to go to.
    var isWritable: Bool {
        if case .writable = content { true } else { false }
    }

    /// Whether the server serves only what lies below the upper: the kernel puts the upper on top.
    var isBelow = false

    /// Something that can be served.
    ///
    /// - Parameters:
    ///   - name: the object as the user knows it.
    ///   - owners: see the property.
    package init(
        name: String, digest: Digest?, content: Content, owners: (users: [NumberRange], groups: [NumberRange])? = nil
    ) {
        self.name = name
        self.digest = digest
        self.content = content
        self.owners = owners
    }

    /// What the mount table shows: the kernel takes less than a page.
    ///
    /// Bytes that are no text are written out.
    package var title: String {
        let name = ArgumentText.isPlain(name) ? name : Bytes.escaped(ArgumentText.bytes(of: name))
        return "\(name.prefix(500))" + (digest.map { "@\($0)" } ?? "")
    }
}

extension MountSource {
    /// The tree of an image in a store.
    ///
    /// - Parameters:
    ///   - name: what the user called the image.
    ///   - digest: its manifest's.
    package init(_ tree: StoredTree, of name: String, digest: Digest, in store: Store) throws {
        let files = TreeFiles(image: tree.image, notes: tree.notes, layers: tree.layers)
        self.init(name: name, digest: digest, content: .tree(files))
        stored = (tree, store)
        self.store = try store.identity().fileText
    }
}
