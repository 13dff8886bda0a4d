// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LinuxIO
import SystemPackage

/// A directory for the changes of one mount, removed when the mount ends.
///
/// It lies in the store's `tmp`, locked by the mount's server: what a killed server leaves is removed by the next one
/// who writes to the store.
struct DiscardedUpper: Sendable {
    /// Its absolute path.
    var path: [UInt8]

    /// Makes one in a directory, with its lock.
    static func make(in temporary: Descriptor) throws -> (DiscardedUpper, directory: Descriptor) {
        let name = Array("upper-\(getpid())-\(UInt64.random(in: 0...UInt64.max))".utf8)
        try temporary.makeEntryDirectory(name, mode: 0o700)
        let directory = try temporary.openBeneath(name, O_RDONLY | O_DIRECTORY)
        guard try directory.tryLock() else { throw MountError("the directory for changes was taken by somebody else") }
        return (DiscardedUpper(path: try MountPoint.path(of: directory)), directory)
    }

    /// Removes it with all that is in it.
    func remove() {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return }
        // What cannot be removed now is by the next one who writes to the store.
        try? MountPoint.openDirectory(Array(path[..<max(slash, 1)])).removeTree(Array(path[(slash + 1)...]))
    }
}
