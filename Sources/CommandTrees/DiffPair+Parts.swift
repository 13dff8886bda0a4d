// SPDX-License-Identifier: Apache-2.0

import Browsing
import CommandOptions
import Console
import FileTree
import LinuxIO
import OCI
package import Objects
import SystemPackage

extension DiffPair {
    /// Opens two objects, or a container and what it was made of, or directories in them: `OBJECT:/PATH`.
    ///
    /// A container's directory alone is compared with the same one of what the container was made of.
    package static func rooted(
        _ left: String, _ right: String?, in finder: ObjectFinder, readsAll: Bool, showsAll: Bool
    ) throws -> DiffPair {
        // Layers are open directories.
        Spawn.raiseOpenFileLimit()
        let (first, second) = (part(left), right.flatMap(part))
        let object = first?.object ?? left
        guard let right else {
            let pair = try ofContainer(object, in: finder, showsAll: showsAll)
            guard let path = first?.path else { return pair }
            return DiffPair(
                try directory(path, of: pair.left, called: pair.left.name),
                try directory(path, of: pair.right, called: left), partsOf: pair)
        }
        let pair = try of(object, second?.object ?? right, in: finder, readsAll: readsAll, showsAll: showsAll)
        guard first != nil || second != nil else { return pair }
        return DiffPair(
            try directory(first?.path, of: pair.left, called: left),
            try directory(second?.path, of: pair.right, called: right), partsOf: pair)
    }

    /// An object with a path; nil for an object alone, and for a directory that is there under such a name.
    private static func part(_ text: String) -> ObjectPath? {
        isDirectoryName(text) && fileExists(FilePath(argument: text)) ? nil : ObjectPath(text)
    }

    private static func directory(_ path: [UInt8]?, of side: DiffSide, called name: String) throws -> DiffSide {
        guard let path else { return side }
        let tree = BrowsedTree(side.tree, name: RawArguments.bytes(of: side.name))
        let found = try tree.resolve(path)
        guard found.type == .directory else {
            throw CommandError(
                "\"\(name.printable)\": not a directory; compare the one it is in, and name it behind --")
        }
        return DiffSide(name: name, digest: nil, tree: Subtree(found, of: tree))
    }
}
