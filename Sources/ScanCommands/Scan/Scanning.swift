// SPDX-License-Identifier: Apache-2.0

import Advisories
import Bills
import Browsing
import CommandTrees
import Console
import Inventory
import InventoryCache
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

    /// What was found before, and is kept.
    var memory: InventoryFolder?

    /// Whether an image's own bill of materials is judged instead of it; nil where none is.
    var bills: ScannedBill.Origin?

    /// Scans what a user named.
    func scan(_ name: String) throws -> ScannedObject {
        defer { memory?.finish() }
        if let file = ScannedBill.file(name) { return try scan(ScannedBill.document(file: file), name) }
        if let bills, let document = try ScannedBill.document(attachedTo: name, bills, in: finder) {
            finder.place.tell("\(name.printable): its attached bill of materials is judged")
            return try scan(document, name)
        }
        if changedOnly { return try scanChanges(name) }
        if let known = try scanKnown(name) { return known }
        var finder = finder
        // That was told with the documents.
        finder.tellsMoved = false
        let opened = try OpenedTree.open(name, in: finder)
        let image = opened.digest == nil ? nil : try finder.describeIfImage(name)
        return try scan(opened, image)
    }

    /// Scans an image whose layers were looked into before, without a look at them; nil for all else.
    private func scanKnown(_ name: String) throws -> ScannedObject? {
        guard let memory, let image = try finder.documents(name),
            let inventory = TreeInventory(of: image.configuration.rootfs.diffIDs, request, in: memory)
        else { return nil }
        finder.place.tell("\(name.printable): its layers were looked into before")
        return try scan(name, "\(image.digest)", image, inventory)
    }

    /// Scans what a document says.
    private func scan(_ document: BillDocument, _ name: String) throws -> ScannedObject {
        var scanned = try scan(name, nil, nil, ScannedBill.inventory(document, of: request.kinds))
        for (type, count) in document.unknownTypes.sorted(by: { $0.key < $1.key }) {
            let count = counted(count, "package")
            scanned.notes.append("nobody collects advisories of \(type.printable): \(count) of it were not judged")
        }
        return scanned
    }

    /// Scans an opened tree.
    func scan(
        _ opened: OpenedTree, _ image: ImageDescription?, inventory: TreeInventory? = nil,
        includes: (InstalledPackage) -> Bool = { _ in true }
    ) throws -> ScannedObject {
        var inventory = inventory ?? TreeInventory(of: opened.tree, request)
        // One that was read for something else too has not looked for these.
        if inventory.recorded.isEmpty { inventory.recorded = RecordedFiles(of: opened.tree, at: ScannedObject.paths) }
        return try scan(opened.name, opened.digest, image, inventory, includes: includes)
    }

    private func scan(
        _ name: String, _ digest: String?, _ image: ImageDescription?, _ inventory: TreeInventory,
        includes: (InstalledPackage) -> Bool = { _ in true }
    ) throws -> ScannedObject {
        var scanned = try ScannedObject(
            name: name, digest: digest, image: image, advisories, inventory: inventory,
            base: image.flatMap { image in known.flatMap { BaseImage(of: image.configuration, known: $0) } }, at: now,
            expectsSystem: types.system, includes: includes)
        filter.apply(to: &scanned, at: now)
        return scanned
    }

    /// What is looked for in a tree: the packages that are judged.
    private var request: TreeInventory.Request {
        let kinds = PackageKind.allCases.filter { $0.isSystem ? types.system : types.languages }
        var request = TreeInventory.Request(kinds: Set(kinds), owners: types.languages)
        request.paths = ScannedObject.paths
        request.memory = memory
        return request
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
