// SPDX-License-Identifier: Apache-2.0

package import Packages

/// How a package of two trees differs.
package struct PackageChange: Sendable {
    /// What became of it.
    package enum Kind: Sendable {
        /// Only the right tree has it.
        case added
        /// Only the left tree has it.
        case removed
        /// Both have it; how its left version stands to its right one, nil where they cannot be compared.
        case changed(VersionRelation?)
    }

    /// What became of it.
    package let kind: Kind
    /// The left tree's; nil for one that was added.
    package let left: InstalledPackage?
    /// The right tree's; nil for one that was removed.
    package let right: InstalledPackage?

    /// The right tree's package where there is one, else the left one's.
    package var package: Package { (right ?? left)?.package ?? Package(.deb, name: [], version: []) }

    /// In one word what a change of version is; nil for what was added or removed.
    package var direction: String? {
        guard case .changed(let relation) = kind else { return nil }
        switch relation {
        case .less: return "upgrade"
        case .greater: return "downgrade"
        case .equal: return left?.package.version == right?.package.version ? "rebuilt" : "respelled"
        case nil: return "changed"
        }
    }
}

/// The packages that two trees do not have in common, in the order of an inventory.
package struct InventoryComparison: Sendable {
    /// What makes packages of two trees one: everything but the version.
    private struct Key: Hashable {
        let kind: PackageKind
        let group: [UInt8]
        let name: [UInt8]
        let architecture: [UInt8]

        init(_ package: Package) {
            kind = package.kind
            group = package.group
            name = package.name
            // Debian installs one package for several machines side by side.
            architecture = package.kind == .deb ? package.architecture : []
        }
    }

    /// What differs.
    package private(set) var changes: [PackageChange] = []

    /// Compares the packages of two trees.
    ///
    /// Packages of which a tree has several, as languages may, are one to one where the versions are equal; what is left
    /// is one change where it is one on each side, else each was added or removed. Those of one version that their records
    /// call other builds, or whose makers promised other bytes, where their files were read, were rebuilt.
    package init(_ left: [InstalledPackage], _ right: [InstalledPackage]) {
        var keys: [Key] = []
        var sides: [Key: (left: [InstalledPackage], right: [InstalledPackage])] = [:]
        for (package, isLeft) in left.map({ ($0, true) }) + right.map({ ($0, false) }) {
            let key = Key(package.package)
            if sides[key] == nil { keys.append(key) }
            if isLeft {
                sides[key, default: ([], [])].left.append(package)
            } else {
                sides[key, default: ([], [])].right.append(package)
            }
        }
        for key in keys {
            guard var (old, new) = sides[key] else { continue }
            for package in old {
                guard let place = new.firstIndex(where: { $0.package.version == package.package.version }) else {
                    continue
                }
                if Self.isOtherBuild(package, new[place]) {
                    changes.append(PackageChange(kind: .changed(.equal), left: package, right: new[place]))
                }
                new.remove(at: place)
                old.removeAll { $0.record == package.record && $0.package.version == package.package.version }
            }
            if old.count == 1, new.count == 1 {
                let relation = key.kind.versionOrder.compare(old[0].package.version, new[0].package.version)
                changes.append(PackageChange(kind: .changed(relation), left: old[0], right: new[0]))
            } else {
                changes += old.map { PackageChange(kind: .removed, left: $0, right: nil) }
                changes += new.map { PackageChange(kind: .added, left: nil, right: $0) }
            }
        }
        changes.sort { one, other in
            let (a, b) = (one.package, other.package)
            if a.kind != b.kind {
                return a.kind.isSystem != b.kind.isSystem ? a.kind.isSystem : a.kind < b.kind
            }
            for (x, y) in [(a.group, b.group), (a.name, b.name), (a.version, b.version)] where x != y {
                return x.lexicographicallyPrecedes(y)
            }
            return false
        }
    }

    /// Whether two packages of one version were not made at once.
    private static func isOtherBuild(_ one: InstalledPackage, _ other: InstalledPackage) -> Bool {
        let builds = (one.package.build, other.package.build)
        if !builds.0.isEmpty, !builds.1.isEmpty, builds.0 != builds.1 { return true }
        return one.files != other.files && promises(one) != promises(other)
    }

    /// What a package's maker promised of its files; nothing where they were not read.
    private static func promises(_ package: InstalledPackage) -> Set<OwnedFile> {
        Set(package.files.filter { $0.checksum != nil && !$0.isConfiguration })
    }
}
