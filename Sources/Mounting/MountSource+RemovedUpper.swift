// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LinuxIO
import OCI
import SystemPackage

extension MountSource.Content {
    /// Makes sure that the directory that changes go to is still there: with it all changes are lost.
    ///
    /// - Parameter name: what the user called the mount.
    package func checkUpper(_ name: String) throws {
        guard case .writable(_, let upper) = self, try upper.directory.status().st_nlink == 0 else { return }
        let mark = " (deleted)".utf8
        var path = try MountPoint.path(of: upper.directory)
        if path.suffix(mark.count).elementsEqual(mark) { path.removeLast(mark.count) }
        throw MountError(
            "\"\(name.printable)\": the directory of its changes, \(Bytes.escaped(path)), was removed, and they are lost; "
                + "\"cimg umount \(name.printable)\" takes the mount away")
    }
}
