// SPDX-License-Identifier: Apache-2.0

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
package import Objects
import OverlayLayers
package import TreeDiff

/// The two sides of a comparison, opened with an eye on each other: what they share need not be read.
package struct DiffPair {
    /// What was before.
    package let left: DiffSide
    /// What came after.
    package let right: DiffSide
    /// Whether an engine put files into one of the sides that are not the container's doing.
    private let hasEngineFiles: Bool
    /// Whether the root directories differ for no container's doing: engines make those of their layers themselves.
    private let hasEngineRoot: Bool
    /// Fields that the sides do not count in the same way: an overlay has the link counts of its layers, in which names
    /// are hidden that a flattened tree does not count.
    package let incomparable: ChangedFields

    /// The same sides as other trees: parts of them, in which nothing is an engine's own.
    package init(_ left: DiffSide, _ right: DiffSide, partsOf pair: DiffPair) {
        self.init(left, right, [], incomparable: pair.incomparable)
    }

    private init(
        _ left: DiffSide, _ right: DiffSide, _ objects: [EngineObject], unrelated sides: [EngineSide] = [],
        incomparable: ChangedFields = []
    ) {
        self.left = left
        self.right = right
        hasEngineFiles = objects.contains(where: \.hasEngineFiles)
        hasEngineRoot = !sides.isEmpty && sides.allSatisfy(\.hasEngineRoot)
        self.incomparable = incomparable
    }

    /// What a writable mount shows against what lies below its upper; nil for a directory that is none.
    private static func ofMount(_ name: String) throws -> DiffPair? {
        guard isDirectoryName(name), let mount = try Unmounting.mountOfCimg(at: RawArguments.bytes(of: name)),
            let process = try MountedServer.of(mount).process()
        else { return nil }
        let content = try process.opened()
        guard case .writable = content else { return nil }
        // What is read must be whole before it is looked at: a copy that gets its name takes another's place.
        try UnfinishedCopies.finish(in: mount)
        guard let trees = try WrittenTree(content, name: name) else { return nil }
        return DiffPair(
            DiffSide(name: "what is below \(name)", digest: nil, tree: trees.below),
            DiffSide(name: name, digest: nil, tree: trees.whole), [], incomparable: .nlink)
    }

    /// An image against an upper directory over it, `upper:DIR`; nil for another text.
    private static func ofUpper(_ left: String, _ right: String, in finder: ObjectFinder) throws -> DiffPair? {
        let bytes = RawArguments.bytes(of: right)
        guard bytes.starts(with: "upper:".utf8) else { return nil }
        let image = try finder.open(left)
        let tree = try mappedTree(image.tree)
        let trees = try WrittenTree(
            upper: Array(bytes.dropFirst(6)), over: .tree(tree), below: tree, identity: "\(image.digest)", name: right)
        trees.remark.map { StandardError.print("cimg: \($0)") }
        return DiffPair(
            DiffSide(name: left, digest: "\(image.digest)", tree: tree),
            DiffSide(name: right, digest: nil, tree: trees.whole), [], incomparable: .nlink)
    }

    /// A container against what it was made of, or a writable mount against what lies below its upper.
    ///
    /// - Parameter showsAll: whether what the engine put on top of the image counts as a change.
    package static func ofContainer(_ name: String, in finder: ObjectFinder, showsAll: Bool) throws -> DiffPair {
        if finder.unpacking != nil {
            // What the engine makes of an image, against what the specification says of it.
            var plain = finder
            plain.unpacking = nil
            let other = try OpenedTree.openUnpacked(name, in: finder)
            return DiffPair(
                try openDiffSide(name, in: plain),
                DiffSide(name: "\(name) as \(finder.unpackingName)", digest: other.digest, tree: other.tree), [])
        }
        if let mount = try ofMount(name) { return mount }
        if isUpperName(name) {
            guard let recorded = try OpenedTree.recordedImage(ofUpper: name) else {
                throw CommandError(
                    "\"\(name.printable)\": does not say which image its changes are of; name it on the left")
            }
            if let pair = try ofUpper(recorded, name, in: finder) { return pair }
        }
        guard !isDirectoryName(name), case .engine(let object) = try finder.resolve(name),
            case .container(let container) = object
        else {
            throw CommandError("\"\(name.printable)\": not a container; name what it is to be compared with")
        }
        let side = try EngineSide(name, object)
        guard side.tree.layers.upper != nil else {
            // A storage that copies has the image in a directory of its own.
            if let image = finder.image(of: container) {
                return DiffPair(
                    try EngineSide("the image of \(name)", .image(image)).side(.whole), try side.side(.whole), [object])
            }
            throw CommandError("\"\(name.printable)\": has no image below it; name what it is to be compared with")
        }
        return DiffPair(
            try side.side(showsAll ? .image : .withoutUpper, called: "the image of \(name)"),
            try side.side(.whole), [object])
    }

    /// Two objects, images or directories.
    ///
    /// - Parameters:
    ///   - readsAll: whether layers are read even where both sides are said to have the same.
    ///   - showsAll: whether what the engine put on top of an image counts as a change.
    package static func of(
        _ left: String, _ right: String, in finder: ObjectFinder, readsAll: Bool, showsAll: Bool
    ) throws -> DiffPair {
        if finder.unpacking != nil {
            let layers = OpenedLayers()
            return DiffPair(
                try OpenedTree.openUnpacked(left, in: finder, sharing: layers),
                try OpenedTree.openUnpacked(right, in: finder, sharing: layers), [])
        }
        if let upper = try ofUpper(left, right, in: finder) { return upper }
        let part = showsAll ? EngineTree.Part.whole : .withoutInitLayer
        switch try resolve(left, right, in: finder) {
        case (nil, nil):
            let layers = OpenedLayers()
            return DiffPair(
                try openDiffSide(left, in: finder, sharing: layers),
                try openDiffSide(right, in: finder, sharing: layers), [],
                incomparable: isUpperName(left) ? .nlink : [])
        case (let object?, nil):
            let side = try EngineSide(left, object)
            let (other, image) = try open(right, beside: side, in: finder, readsAll: readsAll)
            return DiffPair(
                try side.side(part, over: image), other, [object], unrelated: [side],
                incomparable: image == nil ? .nlink : [])
        case (nil, let object?):
            let side = try EngineSide(right, object)
            let (other, image) = try open(left, beside: side, in: finder, readsAll: readsAll)
            return DiffPair(
                other, try side.side(part, over: image), [object], unrelated: [side],
                incomparable: image == nil ? .nlink : [])
        case (let first?, let second?):
            let (one, two) = (try EngineSide(left, first), try EngineSide(right, second))
            if two.isMade(of: one) {
                // Its init layer belongs to what the container was made of, so that changes to that are told.
                let image = try two.side(showsAll ? .image : .withoutUpper)
                return DiffPair(
                    DiffSide(name: left, digest: one.digest, tree: image.tree), try two.side(.whole), [second])
            }
            return DiffPair(
                try one.side(part), try two.side(part), [first, second],
                unrelated: one.object.storage == two.object.storage ? [] : [one, two])
        }
    }

    /// Finds the engines' objects among two names; a container first: of several engines that have the same image, its
    /// own is meant.
    private static func resolve(
        _ left: String, _ right: String, in finder: ObjectFinder
    ) throws -> (EngineObject?, EngineObject?) {
        func object(_ text: String, near other: EngineObject? = nil) throws -> EngineObject? {
            guard !isDirectoryName(text), !isUpperName(text),
                case .engine(let object) = try finder.resolve(text, near: other?.storage)
            else { return nil }
            return object
        }
        // The failure comes again below, unless the other name helps.
        if let first = try? object(left), case .container = first {
            return (first, try object(right, near: first))
        }
        let second = try object(right)
        return (try object(left, near: second), second)
    }

    /// Opens the side that is no engine's.
    ///
    /// - Returns: the side, and its tree once more if the engine's object is made of the same layers: then their
    ///   directories need not be read.
    private static func open(
        _ text: String, beside side: EngineSide, in finder: ObjectFinder, readsAll: Bool
    ) throws -> (DiffSide, MappedTree?) {
        guard !isDirectoryName(text), !isUpperName(text) else { return (try openDiffSide(text, in: finder), nil) }
        let image = try finder.open(text)
        let tree = try mappedTree(image.tree)
        let other = DiffSide(name: text, digest: "\(image.digest)", tree: tree)
        guard !readsAll, side.tree.layers.diffIDs.map({ ChainID($0) }) == image.tree.chainID else {
            return (other, nil)
        }
        finder.place.tell("\(side.name.printable): has the layers of \(text.printable), which are not read again")
        return (other, tree)
    }

    /// Whether a change is the container's doing.
    ///
    /// podman and buildah make the places on which they mount: empty files and directories that nobody in the
    /// container can reach.
    package func isShown(_ change: Change) -> Bool {
        if hasEngineRoot, change.path == [UInt8(ascii: "/")] { return false }
        guard hasEngineFiles, change.kind != .modified, EngineFiles.paths.contains(change.path),
            let attributes = (change.right ?? change.left)?.attributes
        else { return true }
        return attributes.type != .directory && !EngineFiles.isPlaceholder(change.path, attributes)
    }
}
