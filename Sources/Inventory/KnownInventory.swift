// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Packages

/// What makes a record one that was read before: its bytes, how it was read, and its name where that says something.
package struct RecordKey: Hashable, Sendable {
    /// The digest of the file.
    package var digest: Digest
    /// How it is read.
    package var reader: UInt8
    /// The file's name, for readers that look at it.
    package var name: [UInt8]

    /// Makes a key.
    package init(digest: Digest, reader: UInt8, name: [UInt8] = []) {
        self.digest = digest
        self.reader = reader
        self.name = name
    }
}

/// What the layers of a tree were found to have, whole and without a problem.
package struct KnownInventory: Sendable {
    /// What the tree says that it is.
    package var distribution: OSRelease?
    /// Its packages, in their order, without files.
    package var packages: [InstalledPackage] = []
    /// Whether the owners of languages' packages were looked for.
    package var hasOwners = false
    /// Which small files were asked for, beside the records.
    package var paths: [String] = []
    /// Those that are there.
    package var files: [String: [UInt8]] = [:]

    /// Makes one that has nothing.
    package init() {}
}

/// What was read before, of files and of whole trees.
///
/// Used by one thread at a time. What it does not know, or not any more, is read.
package protocol InventoryMemory: AnyObject, Sendable {
    /// The packages of a record that a layer brought; nil where they are not known.
    func packages(_ key: RecordKey, in layer: DiffID) -> [Package]?

    /// Keeps the packages of a record that was read without a problem.
    func keep(_ packages: [Package], _ key: RecordKey, in layer: DiffID)

    /// What the tree of these layers has; nil where it is not known.
    func inventory(of layers: [DiffID]) -> KnownInventory?

    /// Keeps what a tree has.
    func keep(_ inventory: KnownInventory, of layers: [DiffID])
}
