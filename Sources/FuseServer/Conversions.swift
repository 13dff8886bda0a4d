// SPDX-License-Identifier: Apache-2.0

import CFuse
import FileSystems
import FileTree
import Glibc
import SystemPackage

extension fuse_entry_param {
    /// What the kernel is told of a file that it looked up.
    init(_ attributes: FileAttributes, _ caching: CachePolicy) {
        self.init()
        ino = attributes.number.rawValue
        attr = stat(attributes)
        attr_timeout = caching.seconds(of: attributes)
        entry_timeout = caching.seconds
    }

    /// An entry of a listing whose attributes are not known: the kernel looks it up when somebody asks.
    init(unknown entry: DirectoryEntry) {
        self.init()
        attr = stat(entry)
    }

    /// The answer that a name does not exist, which the kernel remembers.
    init(absentFor caching: CachePolicy) {
        self.init()
        entry_timeout = caching.seconds
    }
}

extension stat {
    init(_ attributes: FileAttributes) {
        self.init()
        st_ino = UInt(attributes.number.rawValue)
        st_mode = attributes.type.modeBits | UInt32(attributes.permissions)
        st_nlink = UInt(attributes.linkCount)
        st_uid = attributes.uid
        st_gid = attributes.gid
        st_size = Int(clamping: attributes.size)
        st_blocks = Int(clamping: attributes.blockCount)
        st_blksize = 4096
        st_atim = timespec(attributes.accessTime)
        st_mtim = timespec(attributes.modificationTime)
        st_ctim = timespec(attributes.changeTime)
        st_rdev = UInt(attributes.device.encoded)
    }

    /// Number and type of a listed file.
    init(_ entry: DirectoryEntry) {
        self.init()
        st_ino = UInt(entry.number.rawValue)
        st_mode = entry.type.modeBits
    }
}

extension timespec {
    init(_ time: Timestamp) {
        self.init(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
    }
}

extension Timestamp {
    init(_ time: timespec) {
        self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(clamping: time.tv_nsec))
    }
}

extension DeviceNumber {
    /// The number as the kernel's 32-bit encoding has it: 12 bits of the major, 20 of the minor number.
    var encoded: UInt64 {
        UInt64(minor & 0xFF) | UInt64(major & 0xFFF) << 8 | UInt64(minor & 0xFFF00) << 12
    }
}

extension statvfs {
    init(_ statistics: FileSystemStatistics) {
        self.init()
        f_bsize = 4096
        f_frsize = UInt(statistics.fragmentSize)
        f_blocks = UInt(statistics.fragmentCount)
        f_bfree = UInt(statistics.freeFragmentCount)
        f_bavail = UInt(statistics.availableFragmentCount)
        f_files = UInt(statistics.fileCount)
        f_ffree = UInt(statistics.freeFileCount)
        f_favail = UInt(statistics.freeFileCount)
        f_namemax = 255
    }
}

extension AttributeChanges {
    /// What a SETATTR request wants; the mask is made of `FUSE_SET_ATTR_…`.
    init(_ wanted: stat, mask: Int32) {
        self.init()
        if mask & FUSE_SET_ATTR_MODE != 0 { permissions = UInt16(wanted.st_mode & 0o7777) }
        if mask & FUSE_SET_ATTR_UID != 0 { uid = wanted.st_uid }
        if mask & FUSE_SET_ATTR_GID != 0 { gid = wanted.st_gid }
        if mask & FUSE_SET_ATTR_SIZE != 0 { size = UInt64(max(0, wanted.st_size)) }
        if mask & FUSE_SET_ATTR_ATIME != 0 { accessTime = .at(Timestamp(wanted.st_atim)) }
        if mask & FUSE_SET_ATTR_MTIME != 0 { modificationTime = .at(Timestamp(wanted.st_mtim)) }
        if mask & FUSE_SET_ATTR_ATIME_NOW != 0 { accessTime = .now }
        if mask & FUSE_SET_ATTR_MTIME_NOW != 0 { modificationTime = .now }
    }
}
