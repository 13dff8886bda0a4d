// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree
import LinuxIO
import Mounting

/// The tree of an image without layers, of which an engine keeps no directory: a root and nothing in it.
enum EmptyTree {
    /// The same tree as the store derives of such an image, in memory.
    static func files() throws -> MountSource.TreeFiles {
        let tree = try Flattener().freeze()
        var (image, notes): ([UInt8], [UInt8]) = ([], [])
        _ = try EROFSWriter.write(
            tree, layerSizes: [], readLayer: { _, _, _ in throw MountError("an empty tree has no files") },
            output: { image += $0 })
        try TreeNotes.write(tree) { notes += $0 }
        return MountSource.TreeFiles(
            image: try Descriptor.sealed(image, name: "tree"), notes: try Descriptor.sealed(notes, name: "notes"),
            layers: [])
    }
}
