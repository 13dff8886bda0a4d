// SPDX-License-Identifier: Apache-2.0

import Browsing
import CommandTrees
import Console
import FileTree
import Inventory
import LayerStore
import OCI
import Objects
import PackageCommands
import Rebuilding
import Threads
import TreeDiff

/// Two builds of an image, and why they differ.
struct Reproduction {
    /// A file that differs.
    struct File {
        let change: Change
        /// Why, one for each of its respects; empty where one is not known.
        var findings: [RebuildFinding] = []
        /// What is not explained.
        var open: ChangedFields = []
        /// Whether something is not explained.
        var isOpen = false
        /// The layer that brought it, on the right side where that has it.
        var layer: FileLayer?
    }

    /// A key of the configurations or annotations that differs.
    struct Key {
        let difference: DiffConfiguration.Difference
        let finding: RebuildFinding?
    }

    /// The images, with what is read of them.
    let left: ImageDescription
    let right: ImageDescription
    let pair: DiffPair
    /// The files that differ, in the order of the trees.
    private(set) var files: [File] = []
    /// The keys that differ.
    private(set) var keys: [Key] = []
    /// What is different of the blobs alone.
    private(set) var forms: [RebuildFinding] = []
    /// Why packages could not be compared in full.
    private(set) var gaps: [String] = []
    private(set) var verdict = RebuildVerdict.different
    private let isSemantic: Bool

    /// How many files one value holds.
    private static let limit = DiffRenames.limit

    /// Compares two images.
    ///
    /// - Parameter isSemantic: whether times, the history and what an image is called are no difference.
    init(_ names: (left: String, right: String), in finder: ObjectFinder, isSemantic: Bool) throws {
        self.isSemantic = isSemantic
        left = try finder.describe(names.left)
        right = try finder.describe(names.right)
        pair = try DiffPair.rooted(names.left, names.right, in: finder, readsAll: false, showsAll: false)
        var evidence = RebuildEvidence()
        evidence.hasSameManifest = left.digest == right.digest
        evidence.hasSameLayers = left.configuration.rootfs.diffIDs == right.configuration.rootfs.diffIDs
        evidence.hasSameConfiguration = left.manifest.config.digest == right.manifest.config.digest
        if !evidence.hasSameManifest {
            try compareKeys()
            if !evidence.hasSameLayers { try compareFiles(in: finder) }
            evidence.files = files.map { $0.isOpen ? nil : $0.findings.map(\.cause) }
            evidence.keys = keys.map { $0.finding?.cause }
        }
        if files.isEmpty, !evidence.hasSameManifest {
            try compareForms(evidence, in: finder)
            evidence.hasSameForm = isSemantic && forms.isEmpty
        }
        verdict = evidence.verdict
    }

    // MARK: - Documents

    private mutating func compareKeys() throws {
        for difference in try DiffConfiguration(left, right).differences {
            let finding = RebuiltKey.finding(difference.key)
            if isSemantic, finding?.cause == .created || RebuiltKey.isName(difference.key) { continue }
            keys.append(Key(difference: difference, finding: finding))
        }
        guard !isSemantic else { return }
        let (old, new) = (left.configuration.history ?? [], right.configuration.history ?? [])
        guard old != new else { return }
        let index =
            zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(old.count, new.count)
        let place = "history step \(index + 1) of \(old.count) and \(new.count)"
        keys.append(
            Key(
                difference: .init(
                    key: "history", left: .integer(Int64(old.count)), right: .integer(Int64(new.count))),
                finding: RebuildFinding(.created, place)))
    }

    // MARK: - Files

    private mutating func compareFiles(in finder: ObjectFinder) throws {
        let options = ComparisonOptions(
            fields: (isSemantic ? ChangedFields.timeless : .all).subtracting(pair.incomparable),
            threadCount: Processors.count)
        let trees = (BrowsedTree(pair.left.tree, name: []), BrowsedTree(pair.right.tree, name: []))
        var found: [Change] = []
        try TreeComparison(left: pair.left.tree, right: pair.right.tree, options: options).forEachChange { change in
            guard found.count < Self.limit else { throw CommandError("more than \(Self.limit) files differ") }
            found.append(change)
        }
        for change in found {
            var file = File(change: change)
            if let changed = change.right ?? change.left {
                file.layer = try (change.right == nil ? trees.0 : trees.1).layer(
                    of: BrowsedFile(path: change.path, node: changed.node, type: changed.attributes.type))
            }
            files.append(file)
        }
        let packages = try packages(in: trees)
        let bases = try (baseCount(left, finder), baseCount(right, finder))
        let owners = ownerEvidence()
        var known: [Pair: RebuildFinding?] = [:]
        for index in files.indices {
            var file = files[index]
            try explain(&file, trees, owners, packages, bases, &known)
            files[index] = file
        }
    }

    /// Which changes a package in another version accounts for.
    private struct PackageEvidence {
        let explanation: ChangeExplanation
        let evidence: String

        func finding(_ change: Change) throws -> RebuildFinding? {
            let file = change.right.map { BrowsedFile(path: change.path, node: $0.node, type: $0.attributes.type) }
            guard try explanation.reason(change.path, file: file) == nil else { return nil }
            return RebuildFinding(.packages, evidence)
        }
    }

    private mutating func packages(in trees: (BrowsedTree, BrowsedTree)) throws -> PackageEvidence? {
        // What only has other times needs no package.
        guard files.contains(where: { $0.change.kind != .modified || !$0.change.fields.isSubset(of: .mtime) }) else {
            return nil
        }
        let difference = PackageDiff(pair, .init(files: true, owners: true))
        gaps = (difference.left.problems + difference.right.problems).map(\.description)
        guard difference.differs else { return nil }
        let explanation = try ChangeExplanation(
            left: (trees.0, difference.left.packages), right: (trees.1, difference.right.packages),
            changes: difference.changes, paths: files.map(\.change.path))
        let first = difference.text().prefix { $0 != "\n" }
        return PackageEvidence(
            explanation: explanation,
            evidence: "\(counted(difference.changes.count, "package")) differ: \(first)")
    }

    /// How many layers an image has of the base that its annotation names, where the store has that.
    private func baseCount(_ image: ImageDescription, _ finder: ObjectFinder) throws -> Int {
        let annotation = "org.opencontainers.image.base.digest"
        guard left.manifest.annotations?[annotation] != right.manifest.annotations?[annotation],
            // What is no digest names no base.
            let text = image.manifest.annotations?[annotation], let digest = try? Digest(parsing: text),
            // A base that is not there, or cannot be read, explains nothing.
            let found = try finder.place.openStore().find("\(digest)"),
            let base = try? finder.place.openStore().describe(found).configuration.rootfs.diffIDs,  // As above.
            image.configuration.rootfs.diffIDs.starts(with: base)
        else { return 0 }
        return base.count
    }

    /// The one way in which owners and modes differ everywhere, if there is one.
    private func ownerEvidence() -> RebuildFinding? {
        var kinds: Set<String> = []
        var bits: UInt16 = 0
        for file in files {
            guard let old = file.change.left?.attributes, let new = file.change.right?.attributes else { continue }
            if file.change.fields.contains(.mode) {
                guard (old.permissions ^ new.permissions) & ~0o077 == 0 else { return nil }
                // One side has all the bits that the other lacks: a mask.
                kinds.insert(old.permissions & ~new.permissions == 0 ? "mode +" : "mode -")
                guard old.permissions & new.permissions == min(old.permissions, new.permissions) else { return nil }
                bits |= old.permissions ^ new.permissions
            }
            if !file.change.fields.isDisjoint(with: [.uid, .gid]) {
                kinds.insert("owner \(old.uid):\(old.gid) -> \(new.uid):\(new.gid)")
            }
        }
        guard !kinds.isEmpty, kinds.filter({ $0.hasPrefix("mode") }).count <= 1,
            kinds.filter({ $0.hasPrefix("owner") }).count <= 1
        else { return nil }
        let words = kinds.sorted().map { $0.hasPrefix("mode") ? "\($0)\(String(bits, radix: 8))" : $0 }
        return RebuildFinding(.owners, "everywhere \(words.joined(separator: ", "))")
    }

    private func explain(
        _ file: inout File, _ trees: (BrowsedTree, BrowsedTree), _ owners: RebuildFinding?,
        _ packages: PackageEvidence?, _ bases: (Int, Int), _ known: inout [Pair: RebuildFinding?]
    ) throws {
        let change = file.change
        var rest = change.fields
        if change.kind == .modified, rest.contains(.mtime), let old = change.left, let new = change.right {
            let times = [old, new].map { Moment(seconds: $0.attributes.mtime.seconds).rfc3339 }
            file.findings.append(RebuildFinding(.times, times.joined(separator: " and ")))
            rest.remove(.mtime)
        }
        guard change.kind != .modified || !rest.isEmpty else { return }
        if let layer = file.layer, layer.index < (change.right == nil ? bases.0 : bases.1) {
            file.findings.append(RebuildFinding(.base, "layer \(layer.index) is of the base image"))
            return
        }
        let contents: ChangedFields = [.content, .size, .target]
        if let known = RebuiltPath.finding(change.path), change.kind != .modified || !rest.isDisjoint(with: contents) {
            file.findings.append(known)
            guard change.kind == .modified else { return }
            // Of who may do what with it a path says nothing.
            rest.subtract(contents)
        } else if let ofPackage = try packages?.finding(change) {
            file.findings.append(ofPackage)
            return
        }
        let ownership: ChangedFields = [.mode, .uid, .gid]
        if change.kind == .modified, !rest.isDisjoint(with: ownership), let owners {
            file.findings.append(owners)
            rest.subtract(ownership)
        }
        if rest.contains(.content), let finding = try content(change, trees, &known) {
            file.findings.append(finding)
            rest.subtract([.content, .size])
        }
        file.open = rest
        file.isOpen = change.kind != .modified || !rest.isEmpty
    }

    /// A file on both sides, whatever names it has.
    private struct Pair: Hashable {
        let left: TreeNode
        let right: TreeNode
    }

    private func content(
        _ change: Change, _ trees: (BrowsedTree, BrowsedTree), _ known: inout [Pair: RebuildFinding?]
    ) throws -> RebuildFinding? {
        guard let old = change.left, let new = change.right,
            max(old.attributes.size, new.attributes.size) <= RebuiltContent.byteLimit
        else { return nil }
        let pair = Pair(left: old.node, right: new.node)
        if let finding = known[pair] { return finding }
        let finding = RebuiltContent.finding(
            change.path, try Self.bytes(old, change.path, trees.0), try Self.bytes(new, change.path, trees.1))
        known[pair] = .some(finding)
        return finding
    }

    private static func bytes(_ file: ChangedFile, _ path: [UInt8], _ tree: BrowsedTree) throws -> [UInt8] {
        let found = BrowsedFile(path: path, node: file.node, type: .regular)
        return try tree.bytes(of: found, limit: RebuiltContent.byteLimit)
    }

    // MARK: - Blobs

    /// What is different where all that is seen is the same.
    private mutating func compareForms(_ evidence: RebuildEvidence, in finder: ObjectFinder) throws {
        if evidence.hasSameLayers {
            for (index, pair) in zip(left.manifest.layers, right.manifest.layers).enumerated()
            where pair.0.digest != pair.1.digest {
                let sizes = [pair.0, pair.1].map { "\($0.mediaType.printable), \($0.size) bytes" }
                forms.append(RebuildFinding(.compression, "layer \(index): \(sizes.joined(separator: " and "))"))
            }
            return
        }
        let (old, new) = (left.configuration.rootfs.diffIDs, right.configuration.rootfs.diffIDs)
        guard old.count == new.count else {
            forms.append(RebuildFinding(.tarForm, "\(counted(old.count, "layer")) and \(new.count)"))
            return
        }
        let store = try finder.place.openStore()
        for (index, pair) in zip(old, new).enumerated() where pair.0 != pair.1 {
            guard let first = try store.openLayer(pair.0), let second = try store.openLayer(pair.1) else {
                throw CommandError("layer \(index) was pruned while it was looked at; try again")
            }
            guard let difference = try difference(first, second) else { continue }
            forms.append(RebuildFinding(.tarForm, "layer \(index): \(difference)"))
        }
    }

    /// How the tars of two layers differ; nil where only times do, and they do not count.
    private func difference(_ left: StoredLayer, _ right: StoredLayer) throws -> String? {
        let layers = (try Self.entries(left), try Self.entries(right))
        if layers.0 == layers.1 { return "the same entries in the same order, with other headers or padding" }
        if isSemantic, layers.0.map(Self.timeless) == layers.1.map(Self.timeless) { return nil }
        let (old, new) = (layers.0.map(\.path), layers.1.map(\.path))
        if old == new { return "the same names in the same order, other in times, or in what a later layer replaces" }
        if Set(old) == Set(new) { return "the same \(old.count) entries in another order" }
        let extra = Set(old).symmetricDifference(new).min { $0.lexicographicallyPrecedes($1) } ?? []
        return "other entries that show the same: \"\(Bytes.escaped(extra))\" in one of them"
    }

    /// The entries of a layer, wherever in it their content lies.
    private static func entries(_ layer: StoredLayer) throws -> [LayerEntry] {
        var entries: [LayerEntry] = []
        try layer.index.forEach { entry, _ in
            var entry = entry
            if case .file(let attributes, _, let digest) = entry.kind {
                entry.kind = .file(attributes, extents: [], contentDigest: digest)
            }
            entries.append(entry)
        }
        return entries
    }

    private static func timeless(_ entry: LayerEntry) -> LayerEntry {
        guard case .file(var attributes, let extents, let digest) = entry.kind else { return entry }
        attributes.mtime = Timestamp()
        return LayerEntry(path: entry.path, kind: .file(attributes, extents: extents, contentDigest: digest))
    }
}
