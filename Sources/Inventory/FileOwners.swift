// SPDX-License-Identifier: Apache-2.0

package import Browsing
package import Packages

/// Which packages own files: their paths as records have them, with the directories' links resolved in the tree.
package struct FileOwners {
    private var owners: [[UInt8]: [Int]] = [:]
    private let packages: [InstalledPackage]

    /// Notes the owners of all files, or only of some.
    ///
    /// - Parameter packages: with their files.
    /// - Parameter paths: the only paths that will be asked for, without links in them; nil for all.
    package init(
        _ tree: BrowsedTree, _ packages: [InstalledPackage], of paths: [[UInt8]]? = nil
    ) throws(BrowsingError) {
        self.packages = packages
        let names = paths.map { Set($0.map { Self.split($0).name }) }
        var directories = ResolvedDirectories(tree)
        for (number, package) in packages.enumerated() {
            for file in package.files {
                if let names, !names.contains(Self.split(file.path).name) { continue }
                owners[try directories.resolved(file.path), default: []].append(number)
            }
        }
    }

    static func split(_ path: [UInt8]) -> (directory: ArraySlice<UInt8>, name: ArraySlice<UInt8>) {
        let slash = path.lastIndex(of: 0x2F) ?? path.startIndex
        return (path[..<slash], path[min(slash + 1, path.endIndex)...])
    }

    /// The packages that own a path, in their order.
    package func owners(of path: [UInt8]) -> [Package] { (owners[path] ?? []).map { packages[$0].package } }

    /// Whether any package owns a path.
    package func isOwned(_ path: UnsafeRawBufferPointer) -> Bool { owners[Array(path)] != nil }
}

/// Directories of paths as records have them, each resolved once.
struct ResolvedDirectories {
    private let tree: BrowsedTree
    private var known: [ArraySlice<UInt8>: [UInt8]] = [:]

    init(_ tree: BrowsedTree) { self.tree = tree }

    /// A path whose directory has no link in it; as it is where nothing is there.
    mutating func resolved(_ path: [UInt8]) throws(BrowsingError) -> [UInt8] {
        let (directory, name) = FileOwners.split(path)
        if let found = known[directory] { return found + name }
        var found = try tree.find(Array(directory) + [0x2F]).map(\.path) ?? Array(directory)
        if found.last != 0x2F { found.append(0x2F) }
        known[directory] = found
        return found + name
    }
}
