// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LinuxIO
import SystemPackage

/// A directory for the changes of one mount, removed when the mount ends.
///
/// It lies in the store's `tmp`, locked by the mount's server: what a killed server leaves is removed by the next one
/// who writes to the store.
package struct DiscardedUpper: Sendable {
    /// Its absolute path.
    var path: [UInt8]

    /// Makes one in a directory, with its lock.
    ///
    /// Between its making and its locking who writes to the store may take it for a leftover: then another one is made.
    /// Its name is a new one, so that a late sweep of the first cannot mean the second.
    static func make(in temporary: Descriptor) throws -> (DiscardedUpper, directory: Descriptor) {
        for _ in 0..<attemptLimit {
            let name = Array("upper-\(getpid())-\(UInt64.random(in: 0...UInt64.max))".utf8)
            guard let directory = try make(name, in: temporary) else { continue }
            return (DiscardedUpper(path: try MountPoint.path(of: directory)), directory)
        }
        throw MountError("directories for changes vanish as soon as they are made")
    }

    private static let attemptLimit = 100

    /// Makes a directory and locks it; nil if it was swept before.
    private static func make(_ name: [UInt8], in temporary: Descriptor) throws(Errno) -> Descriptor? {
        try temporary.makeEntryDirectory(name, mode: 0o700)
        do throws(Errno) {
            let directory = try temporary.openBeneath(name, O_RDONLY | O_DIRECTORY)
            // Who sweeps holds the lock until it is gone.
            guard try directory.tryLock() else { return nil }
            let isThere = try PlaceIdentity(of: name, in: temporary).isSameFile(as: PlaceIdentity(of: directory))
            return isThere ? directory : nil
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Removes it with all that is in it.
    package func remove() {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return }
        // What cannot be removed now is by the next one who writes to the store.
        let parent = try? Descriptor.open(FilePath(Array(path[..<max(slash, 1)])), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        try? parent?.removeTree(Array(path[(slash + 1)...]))  // As above.
    }
}
