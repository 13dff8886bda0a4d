// SPDX-License-Identifier: Apache-2.0

import Browsing
import FileTree
import OCI
import Packages

/// A look through a tree for records of packages.
struct InventoryReading {
    let tree: BrowsedTree
    let request: TreeInventory.Request
    var distribution: OSRelease?
    var packages: [InstalledPackage] = []
    var problems: [InventoryProblem] = []
    /// Records that were read: several names may lead to one.
    private var seen: Set<TreeNode> = []
    /// Whether layers differ, so that it must be asked which one brought a package.
    let hasLayers: Bool
    private let onlyLayer: FileLayer?

    init(_ tree: BrowsedTree, _ request: TreeInventory.Request) {
        self.tree = tree
        self.request = request
        let layers = tree.layers ?? []
        hasLayers = layers.count > 1
        onlyLayer = layers.count == 1 ? FileLayer(index: 0, diffID: layers[0]) : nil
    }

    // MARK: - Reading

    /// Runs a part; what it throws becomes a problem of the path.
    mutating func at(_ path: [UInt8], _ read: (inout InventoryReading) throws -> Void) {
        do {
            try read(&self)
        } catch let error as BrowsingError {
            note(InventoryProblem(path: path, cause: "\(error)"))
        } catch {
            note(
                InventoryProblem(
                    path: path, cause: "\(Bytes.escaped(tree.name)): \"\(Bytes.escaped(path))\": \(error)"))
        }
    }

    /// Takes note of a problem, once: several questions lead to the same database.
    private mutating func note(_ problem: InventoryProblem) {
        if !problems.contains(problem) { problems.append(problem) }
    }

    /// A regular file that was not read yet, of a path of the program's own; nil where there is none.
    mutating func record(_ path: String) throws -> BrowsedFile? {
        guard let file = try tree.find(path), file.type == .regular, seen.insert(file.node).inserted else { return nil }
        return file
    }

    /// Whether a file was not read yet.
    mutating func isNew(_ file: BrowsedFile) -> Bool { seen.insert(file.node).inserted }

    /// The files of a directory of the program's own; none where it is not there.
    func files(_ path: String) throws -> [BrowsedFile] {
        guard let directory = try tree.find(path), directory.type == .directory else { return [] }
        return try tree.children(of: directory)
    }

    /// A file that is read a range at a time.
    func recordFile(_ file: BrowsedFile) throws -> RecordFile {
        let tree = tree
        return RecordFile(size: try tree.attributes(of: file).size) { offset, count in
            try tree.bytes(of: file, at: offset, count: count)
        }
    }

    /// Adds what a reader found in a record, and its problems.
    mutating func add(_ list: PackageList, from file: BrowsedFile, layer: FileLayer? = nil) {
        for record in list.records where request.kinds.contains(record.package.kind) {
            add(record.package, record.files, from: file, layer: layer)
        }
        for problem in list.problems {
            problems.append(
                InventoryProblem(
                    path: file.path,
                    cause: "\(Bytes.escaped(tree.name)): \"\(Bytes.escaped(file.path))\": \(problem)"))
        }
    }

    /// Adds a package.
    mutating func add(_ package: Package, _ files: [OwnedFile], from file: BrowsedFile, layer: FileLayer?) {
        packages.append(
            InstalledPackage(
                package: package, record: file.path, layer: layer ?? onlyLayer, files: request.files ? files : []))
    }

    // MARK: - Builds

    /// Whether it is asked which build of a version a package is: of images always, as digests are known there.
    var tellsBuilds: Bool { request.builds || tree.layers != nil }

    /// What tells a build whose files' digests a file lists: its own digest; nothing where that is not known, nor wanted.
    func build(of list: BrowsedFile) throws -> [UInt8] {
        try (request.builds ? tree.digest(of: list) : tree.knownDigest(of: list))?.bytes ?? []
    }

    // MARK: - Layers

    /// The layer that brought a file; nil where the tree has only one, or none.
    func layer(of file: BrowsedFile) throws -> FileLayer? { hasLayers ? try tree.layer(of: file) : nil }

    /// The layer that brought most of a package's files; of a few files, and where two brought the same, the newer one.
    func layer(ofMost files: some Sequence<OwnedFile>) throws -> FileLayer? {
        guard hasLayers else { return nil }
        var counts: [FileLayer: Int] = [:]
        var asked = 0
        for owned in files where asked < 8 {
            guard let file = try tree.find(owned.path, followsLast: false), file.type == .regular,
                let layer = try tree.layer(of: file)
            else { continue }
            asked += 1
            counts[layer, default: 0] += 1
        }
        return counts.max { ($0.value, $0.key.index) < ($1.value, $1.key.index) }?.key
    }

    // MARK: - The distribution

    mutating func readDistribution() {
        for path in ["/etc/os-release", "/usr/lib/os-release"] where distribution == nil {
            at(Array(path.utf8)) { reading throws in
                guard let file = try reading.tree.find(path), file.type == .regular else { return }
                reading.distribution = OSRelease(try reading.tree.bytes(of: file, limit: 1 << 20))
            }
        }
    }
}
