// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Glibc
import LinuxIO

/// What stat(2) tells of a file of a layer.
struct LayerStatus: Sendable {
    var type: FileTree.FileType
    var permissions: UInt16
    var uid: UInt32
    var gid: UInt32
    var linkCount: UInt32
    var size: UInt64
    var blockCount: UInt64
    var accessTime: Timestamp
    var modificationTime: Timestamp
    var changeTime: Timestamp
    var device: DeviceNumber
    /// Which file it is; for a frozen tree the device is 0 and the inode the tree's number.
    var identity: FileIdentity

    /// What the kernel told; nil for a type that Linux does not have.
    init?(_ status: stat) {
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
    init(_ attributes: FileAttributes) {
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
    func permissionsWithoutPrivileges(for caller: Caller) -> UInt16? {
        guard permissions & 0o6000 != 0 else { return nil }
        var taken: UInt16 = 0o4000
        if permissions & 0o2000 != 0, permissions & 0o0010 != 0 || !caller.mayKeepSetGroupID(of: gid) {
            taken |= 0o2000
        }
        return permissions & taken == 0 ? nil : permissions & ~taken
    }

    /// A whiteout of kernel overlayfs: a character device 0:0.
    var isWhiteoutDevice: Bool { type == .characterDevice && device == DeviceNumber() }

    /// As `FileSystem` shows it.
    func attributes(number: FileNumber) -> FileAttributes {
        var result = FileAttributes(
            number: number, type: type, permissions: permissions, uid: uid, gid: gid, linkCount: linkCount, size: size,
            blockCount: blockCount, time: modificationTime, device: device)
        result.accessTime = accessTime
        result.changeTime = changeTime
        return result
    }
}

extension Timestamp {
    init(_ time: timespec) {
        self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(clamping: time.tv_nsec))
    }
}
