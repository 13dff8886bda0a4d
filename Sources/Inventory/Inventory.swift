// SPDX-License-Identifier: Apache-2.0

// Which packages a tree has: where their records lie, which layer brought them, which files are theirs.
//
// In comes a `BrowsedTree`; out go `TreeInventory` values, the owners of paths, and what differs from what packages'
// makers promised. Nothing of the tree is run, links resolve inside it, and a record that cannot be read is a problem
// with its path beside what the others say.
//
// What must not be in here: the formats of records (`Packages` reads bytes), how a tree was found and opened, printing.

package import Browsing
package import OCI
package import Packages

/// A package of a tree.
package struct InstalledPackage: Sendable {
    /// The package.
    package var package: Package
    /// The record that it was found in.
    package var record: [UInt8]
    /// The layer that brought it; nil where the tree knows no layers.
    package var layer: FileLayer?
    /// Its files, where they were asked for.
    package var files: [OwnedFile] = []
    /// The package of the system that owns its record; nil where none does.
    package var owner: [UInt8]?

    /// Makes a package of a tree.
    package init(package: Package, record: [UInt8], layer: FileLayer? = nil, files: [OwnedFile] = []) {
        self.package = package
        self.record = record
        self.layer = layer
        self.files = files
    }
}

/// A record of packages that could not be read, or not wholly.
package struct InventoryProblem: Hashable, Sendable, CustomStringConvertible {
    /// Its path.
    package let path: [UInt8]
    /// What is wrong.
    package let cause: String

    /// Makes a problem.
    package init(path: [UInt8], cause: String) {
        self.path = path
        self.cause = cause
    }

    package var description: String { cause }
}

/// What a tree contains.
package struct TreeInventory: Sendable {
    /// What the tree says that it is; nil where it does not.
    package var distribution: OSRelease?
    /// Its packages: those of the system first, by kind, name, version and architecture.
    package var packages: [InstalledPackage] = []
    /// What could not be read.
    package var problems: [InventoryProblem] = []
    /// The small files that were asked for.
    package var recorded = RecordedFiles()

    /// What of a tree is looked for.
    package struct Request: Sendable {
        /// Kinds of packages.
        package var kinds: Set<PackageKind>
        /// Whether the files that packages own are wanted.
        package var files: Bool
        /// Whether the owners of languages' packages are wanted.
        package var owners: Bool
        /// Whether files are read to tell builds of one version apart, where records do not and digests are not known.
        package var builds = false
        /// Small files that are wanted beside the records.
        package var paths: [String] = []
        /// What was read before.
        package var memory: (any InventoryMemory)?

        /// Makes a request.
        package init(
            kinds: Set<PackageKind> = Set(PackageKind.allCases), files: Bool = false, builds: Bool = false,
            owners: Bool = false
        ) {
            self.kinds = kinds
            self.files = files
            self.builds = builds
            self.owners = owners
        }

        /// Whether everything is wanted but files, so that the answer can be kept, and be one that was.
        var isWhole: Bool { !files && kinds.count == PackageKind.allCases.count }
    }

    /// Makes one that has nothing.
    package init() {}

    /// Puts the packages in their order.
    package mutating func sort() { packages.sort(by: Self.precedes) }

    /// Reads what a tree has; what cannot be read is a problem.
    package init(of tree: BrowsedTree, _ request: Request = Request()) {
        let memory = request.isWhole ? request.memory : nil
        if let memory, let layers = tree.layers, let known = TreeInventory(of: layers, request, in: memory) {
            self = known
            return
        }
        var reading = InventoryReading(tree, request)
        reading.readDistribution()
        reading.readSystem()
        if request.kinds.contains(where: { !$0.isSystem }) { reading.readLanguages() }
        distribution = reading.distribution
        packages = reading.packages
        problems = reading.problems
        sort()
        recorded = RecordedFiles(of: tree, at: request.paths)
        if let memory, let layers = tree.layers, problems.isEmpty, recorded.problems.isEmpty {
            var known = KnownInventory()
            (known.distribution, known.packages) = (distribution, packages)
            (known.hasOwners, known.paths, known.files) = (request.owners, request.paths, recorded.bytes)
            memory.keep(known, of: layers)
        }
    }

    /// What the tree of layers has, by what was found of it before; nil where that is not known, or not all of it.
    package init?(of layers: [DiffID], _ request: Request, in memory: any InventoryMemory) {
        guard request.isWhole, let known = memory.inventory(of: layers), known.hasOwners || !request.owners,
            request.paths.isEmpty || known.paths == request.paths
        else { return nil }
        (distribution, packages) = (known.distribution, known.packages)
        if !request.owners { for place in packages.indices { packages[place].owner = nil } }
        if !request.paths.isEmpty { recorded = RecordedFiles(known.files) }
    }

    private static func precedes(_ left: InstalledPackage, _ right: InstalledPackage) -> Bool {
        let (one, other) = (left.package, right.package)
        if one.kind.isSystem != other.kind.isSystem { return one.kind.isSystem }
        if one.kind != other.kind { return one.kind < other.kind }
        for (a, b) in [
            (one.group, other.group), (one.name, other.name), (one.version, other.version),
            (one.architecture, other.architecture), (left.record, right.record),
        ] where a != b { return a.lexicographicallyPrecedes(b) }
        return false
    }
}
