// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// Which file something is and in which mount, as the kernel knows it: no file system is asked, so that a server which
/// does not answer keeps nobody waiting.
///
/// The corresponding C function is statx(2) with an empty mask.
package struct PlaceIdentity: Hashable, Sendable {
    /// The device number of the file system.
    package let device: UInt64
    /// The file's number; 0 where only the server of a file system that this user may not use could tell.
    package let inode: UInt64
    /// The number of the mount: see `MountEntry.identifier`.
    package let mount: Int32
    /// Whether the file is the root of its mount.
    package let isMountRoot: Bool

    /// Of an open file, also one held with `O_PATH`.
    package init(of file: Descriptor) throws(Errno) { try self.init(file.rawValue, [], follows: false) }

    /// Of a name in an open directory, with what is mounted there; a symbolic link is not followed.
    package init(of name: [UInt8], in directory: Descriptor) throws(Errno) {
        guard !name.isEmpty else { throw .noSuchFileOrDirectory }
        try self.init(directory.rawValue, name, follows: false)
    }

    /// Of what a path leads to, symbolic links and those of `/proc` followed.
    package init(following path: String) throws(Errno) {
        guard !path.isEmpty else { throw .noSuchFileOrDirectory }
        try self.init(AT_FDCWD, Array(path.utf8), follows: true)
    }

    private init(_ directory: Int32, _ path: [UInt8], follows: Bool) throws(Errno) {
        var found = clinux_identity()
        _ = try retrying { withCString(path) { clinux_identify(directory, $0, follows ? 1 : 0, &found) } }
        device = found.device
        inode = found.inode
        mount = Int32(exactly: found.mount) ?? 0
        isMountRoot = found.is_mount_root != 0
    }

    /// The device number as the mount table writes it: `major:minor`.
    package var deviceText: String { "\(clinux_major(device)):\(clinux_minor(device))" }

    /// Device and inode as text, to tell the file by.
    package var fileText: String { "\(deviceText) \(inode)" }

    /// Whether both are one file, in whatever mount.
    package func isSameFile(as other: PlaceIdentity) -> Bool { device == other.device && inode == other.inode }
}
