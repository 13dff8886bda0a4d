// SPDX-License-Identifier: Apache-2.0

package import FileSystems
package import FileTree
package import Glibc
import LinuxIO

/// What stat(2) tells of a file of a layer.
package struct LayerStatus: Sendable {
    /// What it is.
    package var type: FileTree.FileType
    /// The permission bits, with those for set-user-ID and its like.
    package var permissions: UInt16
    /// The owner.
    package var uid: UInt32
    /// The group.
    package var gid: UInt32
    /// How many names it has in its layer.
    package var linkCount: UInt32
    /// Bytes.
    package var size: UInt64
    /// Blocks of 512 bytes on disk.
    package var blockCount: UInt64
    /// When it was read last.
    package var accessTime: Timestamp
    /// When its bytes changed last.
    package var modificationTime: Timestamp
    /// When anything of it changed last.
    package var changeTime: Timestamp
    /// Which device it stands for, if it is one.
    package var device: DeviceNumber
    /// Which file it is; for a frozen tree the device is 0 and the inode the tree's number.
    package var identity: FileIdentity

    /// What the kernel told; nil for a type that Linux does not have.
    package init?(_ status: stat) {
        guard let type = FileTree.FileType(mode: status.st_mode) else { return nil }
        self.type = type
        permissions = UInt16(truncatingIfNeeded: status.st_mode & 0o7777)
        uid = status.st_uid
        gid = status.st_gid
        linkCount = UInt32(clamping: status.st_nlink)
        size = UInt64(clamping: status.st_size)
        blockCount = UInt64(clamping: status.st_blocks)
        accessTime = Timestamp(status.st_atim)
        modificationTime = Timestamp(status.st_mtim)
        changeTime = Timestamp(status.st_ctim)
        let parts = deviceParts(status.st_rdev)
        device = DeviceNumber(major: parts.major, minor: parts.minor)
        identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// What a frozen tree tells.
    package init(_ attributes: FileAttributes) {
        type = attributes.type
        permissions = attributes.permissions
        uid = attributes.uid
        gid = attributes.gid
        linkCount = attributes.linkCount
        size = attributes.size
        blockCount = attributes.blockCount
        accessTime = attributes.accessTime
        modificationTime = attributes.modificationTime
        changeTime = attributes.changeTime
        device = attributes.device
        identity = FileIdentity(device: 0, inode: attributes.number.rawValue)
    }

    /// The permission bits without those that a write by somebody else takes away; nil where it takes none.
    ///
    /// A set-group-ID bit stays where the group may not execute the file, for a caller who is in it: see `Caller`.
    package func permissionsWithoutPrivileges(for caller: Caller) -> UInt16? {
        guard permissions & 0o6000 != 0 else { return nil }
        var taken: UInt16 = 0o4000
        if permissions & 0o2000 != 0, permissions & 0o0010 != 0 || !caller.mayKeepSetGroupID(of: gid) {
            taken |= 0o2000
        }
        return permissions & taken == 0 ? nil : permissions & ~taken
    }

    /// A whiteout of kernel overlayfs: a character device 0:0.
    package var isWhiteoutDevice: Bool { type == .characterDevice && device == DeviceNumber() }

    /// As `FileSystem` shows it.
    package func attributes(number: FileNumber) -> FileAttributes {
        var result = FileAttributes(
            number: number, type: type, permissions: permissions, uid: uid, gid: gid, linkCount: linkCount, size: size,
            blockCount: blockCount, time: modificationTime, device: device)
        result.accessTime = accessTime
        result.changeTime = changeTime
        return result
    }
}

extension Timestamp {
    /// The kernel's time.
    package init(_ time: timespec) {
        self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(clamping: time.tv_nsec))
    }
}

extension FileIdentity {
    /// The file that stat(2) told of.
    package init(_ status: stat) { self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)) }
}
