// SPDX-License-Identifier: Apache-2.0

package import Browsing
import FileTree
import Packages

/// Whether packages that changed between two trees account for files that did.
///
/// What remains is what nobody's update brought: edits by hand, what a program left, what an attacker did.
package struct ChangeExplanation {
    /// Why a change is nobody's.
    package enum Reason: Sendable, Equatable {
        /// No package of either tree owns the path.
        case unowned
        /// The package that owns it is the same on both sides.
        case unchangedPackage([UInt8])
        /// The package that owns it promised other bytes.
        case otherThanPromised([UInt8])
        /// It is a file of configuration, which users change, of a package that is the same on both sides.
        case configuration([UInt8])

        /// The reason in words; a package's name as it is.
        package var text: (words: String, package: [UInt8]) {
            switch self {
            case .unowned: ("no package owns it", [])
            case .unchangedPackage(let name): ("its package did not change", name)
            case .otherThanPromised(let name): ("not as its package promised", name)
            case .configuration(let name): ("configuration of a package that did not change", name)
            }
        }
    }

    /// A package's claim to a path.
    private struct Claim {
        let package: [UInt8]
        let checksum: FileChecksum?
        let isConfiguration: Bool
        let hasChanged: Bool
    }

    private let right: BrowsedTree
    private var claims: [[UInt8]: [Claim]] = [:]
    /// Paths at which package managers write down what they did.
    private var records: Set<[UInt8]> = []
    /// Names of the same in dpkg's directory, without what stands behind the dot.
    private var dpkgNames: Set<[UInt8]> = []
    /// Directories that languages' packages without lists of files are, of those that changed.
    private var directories: Set<[UInt8]> = []

    /// Takes the packages of both trees, with their files, and which of them differ.
    ///
    /// - Parameter paths: the only paths that will be asked for.
    package init(
        left: (tree: BrowsedTree, packages: [InstalledPackage]),
        right: (tree: BrowsedTree, packages: [InstalledPackage]), changes: [PackageChange], paths: [[UInt8]]
    ) throws(BrowsingError) {
        self.right = right.tree
        let changed = Set(changes.flatMap { [$0.left, $0.right].compactMap { $0.map(Identity.init) } })
        for change in changes {
            for package in [change.left, change.right].compactMap(\.self) { note(package) }
        }
        let names = Set(paths.map { FileOwners.split($0).name })
        for side in [left, right] {
            var directories = ResolvedDirectories(side.tree)
            for package in side.packages {
                let hasChanged = changed.contains(Identity(package))
                for file in package.files where names.contains(FileOwners.split(file.path).name) {
                    let claim = Claim(
                        package: package.package.name, checksum: file.checksum,
                        isConfiguration: file.isConfiguration, hasChanged: hasChanged)
                    claims[try directories.resolved(file.path), default: []].append(claim)
                }
            }
        }
    }

    private struct Identity: Hashable {
        let package: Package
        let record: [UInt8]

        init(_ installed: InstalledPackage) {
            (package, record) = (installed.package, installed.record)
        }
    }

    /// What the manager of a package that changed writes beside it.
    private mutating func note(_ installed: InstalledPackage) {
        records.insert(installed.record)
        let package = installed.package
        switch package.kind {
        case .deb:
            dpkgNames.insert(package.name)
            dpkgNames.insert(package.name + [UInt8(ascii: ":")] + package.architecture)
            records.insert(installed.record + Array(".md5sums".utf8))
            for name in ["status-old", "available", "lock", "lock-frontend"] {
                records.insert(Array("/var/lib/dpkg/\(name)".utf8))
            }
        case .rpm:
            for name in ["rpmdb.sqlite-wal", "rpmdb.sqlite-shm", "Index.db", ".rpm.lock"] {
                records.insert(Array(FileOwners.split(installed.record).directory) + Array("/\(name)".utf8))
            }
        case .apk:
            let directory = FileOwners.split(installed.record).directory
            for name in ["lock", "scripts.tar", "scripts.tar.gz", "triggers"] {
                records.insert(Array(directory) + Array("/\(name)".utf8))
            }
            records.insert(Array("/etc/apk/world".utf8))
        case .alpm:
            let directory = FileOwners.split(installed.record).directory
            for name in ["files", "mtree", "install"] { records.insert(Array(directory) + Array("/\(name)".utf8)) }
        case .npm: directories.insert(Array(FileOwners.split(installed.record).directory))
        case .gem:
            let base = FileOwners.split(Array(FileOwners.split(installed.record).directory)).directory
            let name = package.name + [UInt8(ascii: "-")] + package.version
            directories.insert(Array(base) + Array("/gems/".utf8) + name)
        case .composer:
            let vendor = FileOwners.split(Array(FileOwners.split(installed.record).directory)).directory
            directories.insert(Array(vendor) + [0x2F] + package.name)
        case .goModule, .rustCrate, .java, .dotnet, .conda, .python: break
        }
    }

    /// Whether a path lies in the directory of a language's package that changed, and not in that of one within it.
    private func isInChangedDirectory(_ path: [UInt8]) -> Bool {
        guard !directories.isEmpty else { return false }
        var rest = path
        while let slash = rest.lastIndex(of: 0x2F), slash > 0 {
            rest.removeSubrange(slash...)
            if directories.contains(rest) { return true }
            if FileOwners.split(rest).name.elementsEqual("node_modules".utf8) { return false }
        }
        return false
    }

    /// Why no changed package accounts for a path; nil where one does.
    ///
    /// - Parameter file: what the right tree has there; nil where it has nothing, or no regular file.
    package func reason(_ path: [UInt8], file: BrowsedFile?) throws -> Reason? {
        if records.contains(path) || isDpkgRecord(path) || isInChangedDirectory(path) { return nil }
        guard let claims = claims[path], let first = claims.first else { return .unowned }
        let changed = claims.filter(\.hasChanged)
        guard !changed.isEmpty else {
            return claims.contains(where: \.isConfiguration)
                ? .configuration(first.package) : .unchangedPackage(first.package)
        }
        // What users may change, and what has no promise, is accounted for by whose it is.
        guard let file, file.type == .regular, !changed.contains(where: \.isConfiguration) else { return nil }
        let promises = changed.filter { $0.checksum != nil }
        guard let last = promises.last else { return nil }
        for promise in promises {
            if let checksum = promise.checksum,
                try PackageVerification.digest(of: file, in: right, like: checksum) == checksum.bytes
            {
                return nil
            }
        }
        return .otherThanPromised(last.package)
    }

    private func isDpkgRecord(_ path: [UInt8]) -> Bool {
        let (directory, name) = FileOwners.split(path)
        guard directory.elementsEqual("/var/lib/dpkg/info".utf8), let dot = name.lastIndex(of: UInt8(ascii: ".")) else {
            return false
        }
        return dpkgNames.contains(Array(name[..<dot]))
    }
}
