// SPDX-License-Identifier: Apache-2.0

import Authoring
import CommandOptions
import CommandTrees
import Console
import EROFS
import EngineTrees
import Engines
import FileTree
import FuseServer
import LayerStore
import LinuxIO
import Mounting
import OCI
import Objects
import OverlayLayers
import SystemPackage
import Transports

/// What an image is to be made of: an image, and a tree that lies on it.
struct CommitSource {
    /// The image that is below, which the store has whole.
    let base: ImageDescription
    /// What the image is called where others can find it; nil where nobody knows.
    let baseName: String?
    /// The image's files.
    let below: any TreeSource
    /// What is to be seen in the end.
    let whole: any TreeSource
    /// Whether an engine put its own places into the tree.
    private var hasEngineFiles = false

    private init(_ base: ImageDescription, _ name: String?, below: any TreeSource, whole: any TreeSource) {
        self.base = base
        baseName = name.flatMap { Self.qualified($0) }
        self.below = below
        self.whole = whole
    }

    /// Opens a writable mount, `upper:DIR`, a container, or a directory.
    ///
    /// - Parameter onto: the image that lies below; nil for the one that the mount, the upper or the container is of.
    static func open(_ text: String, onto: String?, in finder: ObjectFinder) throws -> CommitSource {
        Spawn.raiseOpenFileLimit()
        let bytes = RawArguments.bytes(of: text)
        if bytes.starts(with: "upper:".utf8) { return try ofUpper(Array(bytes.dropFirst(6)), text, onto, finder) }
        if isDirectoryName(text) { return try ofDirectory(bytes, text, onto, finder) }
        // An image has no changes, so a directory is never meant as one.
        var finder = finder
        finder.directoryHint = "./"
        guard case .engine(.container(let container)) = try finder.resolve(text) else {
            throw CommandError(
                "\"\(text.printable)\": an image; a writable mount of one (./DIR), an upper (upper:DIR) or a container "
                    + "has changes")
        }
        return try ofContainer(container, text, onto, finder)
    }

    /// The plan of the layer.
    func plan(_ options: LayerPlan.Options) throws -> LayerPlan {
        let hasEngineFiles = hasEngineFiles
        return try LayerPlan(below: below, whole: whole, options: options) { path, attributes in
            hasEngineFiles && EngineFiles.isPlaceholder(path, attributes)
        }
    }

    /// A name that begins with a registry; nil for another.
    private static func qualified(_ name: String) -> String? {
        guard let registry = RegistryName.of(name) else { return nil }
        return registry
    }

    private static func image(_ name: String, _ finder: ObjectFinder) throws -> (ImageDescription, MappedTree) {
        let base = try finder.whole(name)
        return (base, try mappedTree(try finder.place.openStore().tree(of: base)))
    }

    private static func ofUpper(
        _ path: [UInt8], _ text: String, _ onto: String?, _ finder: ObjectFinder
    ) throws -> CommitSource {
        let directory: Descriptor
        do throws(Errno) {
            directory = try UpperDirectory.opened(path)
        } catch {
            throw CommandError(UpperDirectory.problem(text, error))
        }
        guard let name = try onto ?? UpperDirectory.recordedImage(directory) else {
            throw CommandError("\"\(text.printable)\": does not say which image its changes are of; --onto names it")
        }
        let (base, tree) = try image(name, finder)
        let trees = try WrittenTree(
            upper: path, over: .tree(tree), below: tree, identity: "\(base.digest)", name: text)
        trees.remark.map { StandardError.print("cimg: \($0)") }
        return CommitSource(base, name, below: tree, whole: trees.whole)
    }

    private static func ofDirectory(
        _ path: [UInt8], _ text: String, _ onto: String?, _ finder: ObjectFinder
    ) throws -> CommitSource {
        guard let mount = try Unmounting.mountOfCimg(at: path) else {
            guard let onto else {
                throw CommandError(
                    "\"\(text.printable)\": no mount of cimg; for a plain directory, --onto names the image below")
            }
            let (base, tree) = try image(onto, finder)
            return CommitSource(base, onto, below: tree, whole: try DirectoryTree(path: FilePath(path)))
        }
        let process = try MountedServer.of(mount).process()
        // What is read must be whole before it is opened: a copy that gets its name takes another's place.
        if process != nil { try UnfinishedCopies.finish(in: mount) }
        let content = try process?.opened()
        try content?.checkUpper(text)
        guard let content, let trees = try WrittenTree(content, name: text) else {
            throw CommandError("\"\(text.printable)\": is not mounted to be written to (--rw)")
        }
        guard trees.below is MappedTree else {
            throw CommandError("\"\(text.printable)\": is no mount of an image; commit its upper with --onto IMAGE")
        }
        let (name, digest) = Self.title(of: mount)
        let base = try base(onto, name, digest, text, finder)
        return CommitSource(
            base, onto ?? name, below: try mappedTree(try finder.place.openStore().tree(of: base)), whole: trees.whole)
    }

    /// The name and the digest of what is mounted.
    private static func title(of mount: MountEntry) -> (name: String, digest: String) {
        let listed = ListedMount(mount)
        return (listed.name, listed.digest ?? "")
    }

    /// The image that a mount is of: by its digest, or by the name that it was mounted by.
    private static func base(
        _ onto: String?, _ name: String, _ digest: String, _ text: String, _ finder: ObjectFinder
    ) throws -> ImageDescription {
        if let onto { return try finder.whole(onto) }
        let store = try finder.place.openStore()
        if let found = try store.find(digest) { return try store.describe(found) }
        // What was mounted from a registry is taken from there once more, without what the store has of it.
        let isPlain = RegistryName.of(name) == nil && EngineKind.prefixed(name) == nil
        if isPlain, try ImageLocation(parsing: name) == nil, try store.find(name) == nil {
            throw CommandError(
                "\"\(text.printable)\": its image, \(name.printable)@\(digest), is not in the store \(store.path); --root "
                    + "names the store that it was mounted from, --onto another image")
        }
        let base = try finder.whole(name)
        guard "\(base.digest)" == digest else {
            throw CommandError(
                "\"\(text.printable)\": is of \(digest), but \(name.printable) is \(base.digest) now; --onto names another"
            )
        }
        return base
    }

    private static func ofContainer(
        _ container: EngineContainer, _ text: String, _ onto: String?, _ finder: ObjectFinder
    ) throws -> CommitSource {
        let side = try EngineSide(text, .container(container))
        let base: ImageDescription
        if let onto {
            base = try finder.whole(onto)
        } else {
            guard let image = finder.image(of: container) else {
                throw CommandError("\"\(text.printable)\": its image is not there; --onto names what lies below")
            }
            base = try finder.whole(try finder.source(of: image), called: container.imageName ?? text)
        }
        let tree = try mappedTree(try finder.place.openStore().tree(of: base))
        let hasSameLayers = side.tree.layers.diffIDs.map { ChainID($0) } == ChainID(base.configuration.rootfs.diffIDs)
        let part = side.tree.layers.upper == nil ? EngineTree.Part.whole : .withoutInitLayer
        var source = CommitSource(
            base, onto ?? container.imageName, below: tree,
            whole: try side.tree.tree(
                part, called: text, over: hasSameLayers && side.tree.layers.upper != nil ? tree : nil))
        source.hasEngineFiles = EngineObject.container(container).hasEngineFiles
        return source
    }
}
