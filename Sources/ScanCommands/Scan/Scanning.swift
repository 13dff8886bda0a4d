// SPDX-License-Identifier: Apache-2.0

import Advisories
import Browsing
import CommandTrees
import Console
import Inventory
import LayerStore
import OCI
import Objects
import Packages

/// Opens objects and scans them, all by the same advisories and rules.
struct Scanning {
    let finder: ObjectFinder
    let advisories: OpenedAdvisories
    let filter: ScanFilter
    let types: (system: Bool, languages: Bool)
    /// Whether only what a container has else than its image is judged.
    let changedOnly: Bool
    let now: Moment
    /// The images of the store, of which some may be what others were made from; nil where that is not asked.
    var known: [BaseImage.Known]?

    /// Scans what a user named.
    func scan(_ name: String) throws -> ScannedObject {
        if changedOnly { return try scanChanges(name) }
        let opened = try OpenedTree.open(name, in: finder)
        let image = opened.digest == nil ? nil : try finder.describeIfImage(name)
        return try scan(opened, image)
    }

    /// Scans an opened tree.
    func scan(
        _ opened: OpenedTree, _ image: ImageDescription?, inventory: TreeInventory? = nil,
        includes: (InstalledPackage) -> Bool = { _ in true }
    ) throws -> ScannedObject {
        var scanned = try ScannedObject(
            opened, image: image, advisories, inventory: inventory ?? self.inventory(opened.tree),
            base: image.flatMap { image in known.flatMap { BaseImage(of: image.configuration, known: $0) } }, at: now,
            includes: includes)
        filter.apply(to: &scanned, at: now)
        return scanned
    }

    /// The packages of a tree that are judged.
    private func inventory(_ tree: BrowsedTree) -> TreeInventory {
        let kinds = PackageKind.allCases.filter { $0.isSystem ? types.system : types.languages }
        return TreeInventory(of: tree, .init(kinds: Set(kinds), owners: types.languages))
    }

    private struct Place: Hashable {
        let installed: Package
        let record: [UInt8]

        init(_ installed: InstalledPackage) {
            self.installed = installed.package
            record = installed.record
        }
    }

    private func scanChanges(_ name: String) throws -> ScannedObject {
        let pair = try DiffPair.rooted(name, nil, in: finder, readsAll: false, showsAll: false)
        let below = TreeInventory(of: BrowsedTree(pair.left.tree, name: RawArguments.bytes(of: pair.left.name)))
        if let problem = below.problems.first { throw CommandError("\(problem)") }
        let known = Set(below.packages.map(Place.init))
        let opened = OpenedTree(
            name: name, digest: nil, tree: BrowsedTree(pair.right.tree, name: RawArguments.bytes(of: name)))
        return try scan(opened, nil) { !known.contains(Place($0)) }
    }
}
