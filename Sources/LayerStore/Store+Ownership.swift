// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OCI
package import SystemPackage

extension Store {
    /// Refuses to write where root would leave files that the store's owner could neither read nor remove.
    ///
    /// To give them to the owner would not do: who may change a directory could put another one in its place while root
    /// writes.
    /// - Throws: `StoreError`.
    func checkWriting() throws(StoreError) {
        if let stranger { throw Self.refusal(path, stranger) }
    }

    static func refusal(_ path: FilePath, _ owner: UInt32) -> StoreError {
        let name = UserEntry(number: owner)?.name ?? "\(owner)"
        return StoreError(
            .invalid, "store \(path)",
            "belongs to \(name.printable), and root writes nothing into it; run this as that user, or choose another "
                + "with --root or CIMG_ROOT")
    }

    /// Looks for what somebody else than the superuser could change of a tree: its image, its layers, and the directories
    /// of the store in which they lie.
    ///
    /// The kernel believes a tree image more than cimg's own reader does. What lies on FUSE belongs to its server, whatever
    /// owner that shows.
    /// - Returns: the path of the first such file or directory; nil where there is none.
    package func changeableByOthers(_ tree: StoredTree) throws(Errno) -> FilePath? {
        func isChangeable(_ file: stat) -> Bool { file.st_uid != 0 || file.st_mode & (S_IWGRP | S_IWOTH) != 0 }
        if isChangeable(try root.status()) { return path }
        for (name, directory) in [("layers", layers), ("trees", trees)] {
            if isChangeable(try root.entryStatus(Array(name.utf8))) { return path.appending(name) }
            if isChangeable(try directory.status()) { return path.appending(name).appending("sha256") }
        }
        let parts =
            [("trees", trees, tree.chainID.digest.hex, "tree", tree.image)]
            + zip(tree.diffIDs, tree.layers).map { ("layers", layers, $0.digest.hex, "data", $1) }
        for (kind, parent, name, file, descriptor) in parts {
            let place = path.appending(kind).appending("sha256").appending(name)
            do throws(Errno) {
                if isChangeable(try parent.entryStatus(Array(name.utf8))) { return place }
            } catch .noSuchFileOrDirectory {
                // Pruned since it was opened: nobody can reach it any more.
            }
            if isChangeable(try descriptor.status()) { return place.appending(file) }
            if try descriptor.isServed() { return place.appending(file) }
        }
        return nil
    }
}
