// SPDX-License-Identifier: Apache-2.0

import Browsing
import CommandTrees
import Console
import Exploring
import FileTree
import LayerCommands
import LayerStore
import Layering
import LinuxIO
import OCI
import Objects
import Synchronization
import TreeDiff

/// Ends work that nobody waits for any more.
struct ExploringEnded: Error {}

/// Where what an explorer shows comes from; several threads may use it.
final class ExploredSource: Sendable {
    private enum Content: Sendable {
        case layers([StoredLayer], blobs: [UInt64?])
        case tree(BrowsedTree)
        case pair(DiffPairBox, BrowsedTree, BrowsedTree)
    }

    /// A pair of sides; both are trees, which several threads may use.
    private struct DiffPairBox: @unchecked Sendable {
        // SAFETY: immutable after it was made.
        let pair: DiffPair
    }

    /// What is known before anything is read.
    let object: ExploredObject
    private let content: Content
    private let isEnded = Atomic(false)

    private init(_ object: ExploredObject, _ content: Content) {
        self.object = object
        self.content = content
    }

    /// Opens an object; an image with its layers.
    static func open(_ name: String, base: String?, in finder: ObjectFinder) throws -> ExploredSource {
        guard try LayeredImage.isImage(name, in: finder) else {
            if base != nil { throw CommandError("--base: \"\(name.printable)\" is no image") }
            let opened = try OpenedTree.open(name, in: finder)
            return ExploredSource(
                ExploredObject(name: name, layers: [.init(title: name, identity: opened.digest ?? "")]),
                .tree(opened.tree))
        }
        let image = try LayeredImage.open(name, base: base, in: finder)
        let manifest = image.object.manifest.layers
        let blobs = image.layers.indices.map { index in
            manifest.indices.contains(index) ? UInt64(clamping: manifest[index].size) : nil
        }
        let layers = zip(image.layers, zip(image.steps, blobs)).map { layer, facts in
            ExploredObject.Layer(
                title: LayeredImage.command(facts.0), blobByteCount: facts.1, identity: "\(layer.diffID)")
        }
        return ExploredSource(
            ExploredObject(name: name, layers: layers, baseCount: image.base.count),
            .layers(image.layers, blobs: blobs))
    }

    /// Opens two objects that are to be compared.
    static func comparison(_ left: String, _ right: String, in finder: ObjectFinder) throws -> ExploredSource {
        let pair = try DiffPair.of(left, right, in: finder, readsAll: false, showsAll: false)
        func tree(_ side: DiffSide) -> BrowsedTree { BrowsedTree(side.tree, name: RawArguments.bytes(of: side.name)) }
        return ExploredSource(
            ExploredObject(
                name: "\(left) | \(right)",
                layers: [pair.left, pair.right].map { .init(title: $0.name, identity: $0.digest ?? "") },
                isComparison: true),
            .pair(DiffPairBox(pair: pair), tree(pair.left), tree(pair.right)))
    }

    /// What is printed of an object where there is no terminal.
    static func plainText(_ name: String, base: String?, in finder: ObjectFinder) throws -> String {
        guard try LayeredImage.isImage(name, in: finder) else {
            if base != nil { throw CommandError("--base: \"\(name.printable)\" is no image") }
            return try SizesCommand.text(of: OpenedTree.open(name, in: finder))
        }
        return try LayersCommand.text(of: LayeredImage.open(name, base: base, in: finder))
    }

    /// Lets whatever reads come to an end.
    func end() { isEnded.store(true, ordering: .relaxed) }

    private func proceed() throws {
        if isEnded.load(ordering: .relaxed) { throw ExploringEnded() }
    }

    // MARK: Names

    /// All names.
    func history() throws -> FileHistory {
        switch content {
        case .layers(let layers, _): return try FileHistory(layers: layers.map { Stoppable($0.index, proceed) })
        case .tree(let tree):
            var history = FileHistory()
            try add(tree, to: &history)
            history.finish()
            return history
        case .pair(let box, let left, _):
            var history = FileHistory()
            try add(left, to: &history)
            try compare(box.pair, into: &history)
            history.finish()
            return history
        }
    }

    /// What the layers cost; nil of what has none.
    func costs() throws -> LayerCosts? {
        guard case .layers(let layers, let blobs) = content else { return nil }
        return try LayerCosts(
            zip(layers, blobs).map { layer, blob in
                CountedLayer(
                    entries: Stoppable(layer.index, proceed), tarByteCount: layer.index.layerByteCount,
                    blobByteCount: blob)
            })
    }

    private func add(_ tree: BrowsedTree, to history: inout FileHistory) throws {
        history.beginLayer()
        var parents: [FileHistory.NodeID] = [0]
        try tree.walk(from: tree.root) { walked in
            try proceed()
            guard walked.depth > 0 else { return .into }
            parents.removeLast(max(0, parents.count - walked.depth))
            guard let parent = parents.last, let node = history.child(of: parent, named: walked.name) else {
                return .past
            }
            let facts = try tree.facts(of: walked.node)
            history.put(
                FileHistory.Facts(
                    type: facts.type, permissions: facts.permissions, uid: facts.uid, gid: facts.gid, size: facts.size,
                    isLinked: facts.type != .directory && facts.linkCount > 1),
                FileAddress(layer: 0, position: walked.node.rawValue), at: node)
            parents.append(node)
            return .into
        }
    }

    private func compare(_ pair: DiffPair, into history: inout FileHistory) throws {
        history.beginLayer()
        let options = ComparisonOptions(
            fields: ChangedFields.timeless.subtracting(pair.incomparable), threadCount: 2)
        try TreeComparison(left: pair.left.tree, right: pair.right.tree, options: options).forEachChange { change in
            try proceed()
            guard pair.isShown(change) else { return }
            var node: FileHistory.NodeID = 0
            for name in change.path.split(separator: UInt8(ascii: "/")) {
                guard let next = history.child(of: node, named: name) else { return }
                node = next
            }
            guard let right = change.right else { return history.remove(node) }
            history.replace(
                FileHistory.Facts(right.attributes, isLinked: right.linkCount > 1),
                FileAddress(layer: 1, position: right.node.rawValue), at: node)
        }
    }

    // MARK: Files

    /// A tree in which a number stands for a file.
    private func tree(_ address: FileAddress) -> BrowsedTree? {
        switch content {
        case .layers: nil
        case .tree(let tree): tree
        case .pair(_, let left, let right): address.layer == 0 ? left : right
        }
    }

    private func entry(_ address: FileAddress) throws -> (layer: StoredLayer, kind: LayerEntry.Kind)? {
        guard case .layers(let layers, _) = content, layers.indices.contains(address.layer) else { return nil }
        let layer = layers[address.layer]
        return (layer, try layer.index.kind(at: address.position))
    }

    /// Bytes of a regular file; fewer only at its end.
    func bytes(_ address: FileAddress, offset: UInt64, count: Int) throws -> [UInt8] {
        if let tree = tree(address) {
            let file = BrowsedFile(path: Array("/".utf8), node: TreeNode(address.position), type: .regular)
            return try tree.bytes(of: file, at: offset, count: count)
        }
        guard let (layer, kind) = try entry(address), case .file(let attributes, let extents, _) = kind,
            offset < attributes.size
        else { return [] }
        let end = min(attributes.size, offset + UInt64(count))
        var bytes = [UInt8](repeating: 0, count: Int(end - offset))
        for extent in extents {
            let (start, stop) = (max(offset, extent.fileOffset), min(end, extent.fileOffset &+ extent.length))
            guard start < stop else { continue }
            let place = Int(start - offset)..<Int(stop - offset)
            let read = try bytes.withUnsafeMutableBytes { buffer in
                try layer.data.read(
                    at: extent.layerOffset + (start - extent.fileOffset),
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[place]))
            }
            guard read == place.count else { throw CommandError("layer \(layer.diffID): its data ends too early") }
        }
        return bytes
    }

    /// What else is known of a file.
    func facts(_ address: FileAddress, path: [UInt8]) throws -> [(name: String, value: String)] {
        var facts = [("path", Bytes.escaped(path))]
        let attributes: Attributes
        var digest: Digest?
        if let tree = tree(address) {
            attributes = try tree.source.attributes(of: TreeNode(address.position))
            if attributes.type == .regular { digest = try tree.source.contentDigest(of: TreeNode(address.position)) }
        } else if let (layer, kind) = try entry(address), case .file(let own, _, let known) = kind {
            attributes = own
            digest = known
            facts.append(("layer", "\(address.layer)  \(layer.diffID)"))
        } else {
            return facts
        }
        facts += [
            ("type", DiffValue.type(attributes.type)), ("mode", DiffValue.mode(attributes)),
            ("owner", "\(attributes.uid):\(attributes.gid)"), ("modified", DiffValue.time(attributes.mtime)),
        ]
        if attributes.type == .regular { facts.append(("size", "\(attributes.size)")) }
        if attributes.type == .symbolicLink { facts.append(("target", Bytes.escaped(attributes.target))) }
        if attributes.type == .characterDevice || attributes.type == .blockDevice {
            facts.append(("device", DiffValue.device(attributes)))
        }
        if let digest { facts.append(("digest", "\(digest)")) }
        for attribute in attributes.xattrs {
            facts.append((Bytes.escaped(attribute.name), Bytes.escaped(attribute.value.prefix(1024))))
        }
        return facts
    }
}

/// Entries of a layer whose reading can be ended.
private struct Stoppable: LayerEntries {
    private let entries: LayerIndex
    private let proceed: @Sendable () throws -> Void

    init(_ entries: LayerIndex, _ proceed: @escaping @Sendable () throws -> Void) {
        self.entries = entries
        self.proceed = proceed
    }

    var diffID: DiffID { entries.diffID }

    func forEach(_ body: (LayerEntry, UInt64) throws -> Void) throws {
        try entries.forEach { entry, position in
            try proceed()
            try body(entry, position)
        }
    }

    func kind(at position: UInt64) throws -> LayerEntry.Kind { try entries.kind(at: position) }
    func path(at position: UInt64) throws -> [UInt8] { try entries.path(at: position) }
    func release() { entries.release() }
    func forEachMarker(_ body: ([UInt8]) throws -> Void) throws { try entries.forEachMarker(body) }
}
