// SPDX-License-Identifier: Apache-2.0

import Console
package import EROFS
import FileSystems
package import FileTree
package import LayerStore
import LinuxIO
import OCI
package import Objects
import SystemPackage
import Transports

/// One of the two things that `cimg diff` compares.
package struct DiffSide {
    /// What the user called it.
    package let name: String
    /// The digest that identifies it, as `sha256:…`; nil for what has none, such as a directory.
    package let digest: String?
    /// Its files.
    package let tree: any TreeSource

    /// Makes a side.
    package init(name: String, digest: String?, tree: any TreeSource) {
        self.name = name
        self.digest = digest
        self.tree = tree
    }
}

/// Opens what the user named, which is no container: a stored image, an image of a source, or a directory.
///
/// A name with a slash at its start, `.` or `..` is always a directory.
/// - Throws: an error that says what is wrong with the name or the thing.
package func openDiffSide(
    _ object: String, in finder: ObjectFinder, sharing layers: OpenedLayers = OpenedLayers()
) throws -> DiffSide {
    if isDirectoryName(object) {
        finder.place.tell("\(object.printable): a directory, read while it is compared")
        return DiffSide(
            name: object, digest: nil, tree: try DirectoryTree(path: FilePath(RawArguments.bytes(of: object))))
    }
    if isUpperName(object) {
        return try OpenedTree.openUpper(Array(RawArguments.bytes(of: object).dropFirst(6)), object, in: finder)
    }
    let image = try finder.open(object, sharing: layers)
    return DiffSide(name: object, digest: "\(image.digest)", tree: try mappedTree(image.tree))
}

/// Whether a text to compare names a directory rather than an object.
package func isDirectoryName(_ text: String) -> Bool {
    // By bytes: a letter's accent may stand behind the slash.
    ["/", "./", "../"].contains { text.utf8.starts(with: $0.utf8) } || text == "." || text == ".."
}

/// Whether a text names an upper directory, `upper:DIR`.
package func isUpperName(_ text: String) -> Bool { text.utf8.starts(with: "upper:".utf8) }

/// A stored tree, mapped for reading.
package func mappedTree(_ tree: StoredTree) throws -> MappedTree {
    try mappedTree(image: tree.image, notes: tree.notes, layers: tree.layers)
}
