// SPDX-License-Identifier: Apache-2.0

package import Browsing
import Cryptography
import FileTree
import OCI
package import Packages

/// What of a package's files is not as its maker shipped it.
package struct FileDeviation: Sendable {
    /// How it differs.
    package enum Kind: String, Sendable {
        /// It is not there.
        case missing
        /// It has other bytes.
        case changed
        /// It is no regular file.
        case replaced
    }

    /// The path as the package's record has it.
    package let path: [UInt8]
    /// How it differs.
    package let kind: Kind
    /// Whether it is a file of configuration, which its user changes.
    package let isConfiguration: Bool
    /// The package that owns it.
    package let package: Package
    /// The layer that brought what is there; nil where nothing is, or the tree knows no layers.
    package let layer: FileLayer?
}

/// What asking for all files of all packages tells.
package struct PackageVerification {
    /// What differs, by package and in its record's order.
    package private(set) var deviations: [FileDeviation] = []
    /// How many files were compared by their bytes.
    package private(set) var comparedCount = 0
    /// Files that could not be read.
    package private(set) var problems: [InventoryProblem] = []
    private let tree: BrowsedTree

    /// Compares the files of packages that were read with their files.
    ///
    /// A file whose SHA-256 is promised and known to the tree is not read. What a maker promised nothing of is not
    /// looked at, and what may be missing is not missed.
    package init(of packages: [InstalledPackage], in tree: BrowsedTree) {
        self.tree = tree
        for package in packages {
            for file in package.files {
                guard let checksum = file.checksum else { continue }
                do {
                    try compare(file, checksum, of: package.package)
                } catch {
                    problems.append(InventoryProblem(path: file.path, cause: "\(error)"))
                }
            }
        }
    }

    private mutating func compare(_ owned: OwnedFile, _ checksum: FileChecksum, of package: Package) throws {
        func deviation(_ kind: FileDeviation.Kind, _ layer: FileLayer? = nil) -> FileDeviation {
            FileDeviation(
                path: owned.path, kind: kind, isConfiguration: owned.isConfiguration, package: package, layer: layer)
        }
        guard let file = try tree.find(owned.path, followsLast: false) else {
            if !owned.mayBeMissing { deviations.append(deviation(.missing)) }
            return
        }
        // Alpine promises digests of what links lead to as text.
        if file.type == .symbolicLink { return }
        guard file.type == .regular else {
            deviations.append(deviation(.replaced, try tree.layer(of: file)))
            return
        }
        comparedCount += 1
        if try Self.digest(of: file, in: tree, like: checksum) != checksum.bytes {
            deviations.append(deviation(.changed, try tree.layer(of: file)))
        }
    }

    /// The digest of a file, made as a maker made his.
    static func digest(of file: BrowsedFile, in tree: BrowsedTree, like checksum: FileChecksum) throws -> [UInt8] {
        var bytes: [UInt8] = []
        switch checksum {
        case .sha256:
            if let known = try tree.knownDigest(of: file) {
                known.append(to: &bytes)
                return bytes
            }
            var hasher = DigestHasher()
            try tree.forEachPiece(of: file) { hasher.update($0) }
            hasher.finish().append(to: &bytes)
            return bytes
        case .md5, .sha1:
            let hash = try RunningHash(checksum.algorithm == "md5" ? .md5 : .sha1)
            try tree.forEachPiece(of: file) { try hash.update(Array($0)) }
            return try hash.finish()
        }
    }
}

extension FileOwners {
    /// The programs of a tree that no package owns: regular files that may be executed, in the order of their paths.
    ///
    /// - Parameter body: gets each one.
    package func forEachUnownedProgram(in tree: BrowsedTree, _ body: (BrowsedFile) throws -> Void) throws {
        try tree.walk(from: tree.root) { walked in
            if walked.type == .directory {
                let isKernels = walked.depth == 1 && ["proc", "sys"].contains { walked.name.elementsEqual($0.utf8) }
                return isKernels ? .past : .into
            }
            guard walked.type == .regular, try tree.facts(of: walked.node).permissions & 0o111 != 0 else {
                return .into
            }
            if !isOwned(walked.path) { try body(walked.file) }
            return .into
        }
    }
}
