// SPDX-License-Identifier: Apache-2.0

package import FileTree
import LinuxIO

/// The number of a file of a mounted file system: what stat(2) shows as `st_ino`.
///
/// It is never 0.
package struct FileNumber: Hashable, Sendable {
    /// The number itself.
    package let rawValue: UInt64

    /// Wraps a number.
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The root directory: 1, as the kernel's FUSE expects.
    package static let root = FileNumber(1)
}

/// A file system's own number of an open file; meaningless where nothing needs to be opened.
package struct FileHandle: Hashable, Sendable {
    /// The number itself.
    package let rawValue: UInt64

    /// Wraps a number.
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// How long the kernel may believe what it was told.
package struct CachePolicy: Sendable {
    /// Seconds that names, absent names and attributes stay valid.
    package var seconds: Double
    /// Whether files' pages and directories' entries stay cached from one open to the next.
    package var keepsPages: Bool
    /// Whether files must be opened before they are read: false where a handle would carry nothing.
    package var needsOpen: Bool
    /// Whether files can be changed, through this file system alone.
    package var isWritable = false

    /// Makes a policy.
    package init(seconds: Double, keepsPages: Bool, needsOpen: Bool) {
        self.seconds = seconds
        self.keepsPages = keepsPages
        self.needsOpen = needsOpen
    }

    /// Seconds that a file's attributes stay valid.
    ///
    /// None where a write of somebody else takes bits of its mode away: no answer to a write tells the kernel of that, and
    /// it must not run such a file by the mode that it had.
    package func seconds(of attributes: FileAttributes) -> Double {
        isWritable && attributes.type == .regular && attributes.permissions & 0o6000 != 0 ? 0 : seconds
    }

    /// The policy of what never changes: everything is cached for as long as the kernel likes.
    package static let forever = CachePolicy(seconds: 1e9, keepsPages: true, needsOpen: false)
}

/// What stat(2) tells of a file.
package struct FileAttributes: Hashable, Sendable {
    /// The file's number.
    package var number: FileNumber
    /// The kind of file.
    package var type: FileType
    /// Permission bits with setuid, setgid and sticky: 0…0o7777.
    package var permissions: UInt16
    /// Owner.
    package var uid: UInt32
    /// Group.
    package var gid: UInt32
    /// Names of the file.
    package var linkCount: UInt32
    /// Length in bytes.
    package var size: UInt64
    /// Allocated space in units of 512 bytes.
    package var blockCount: UInt64
    /// Time of last access.
    package var accessTime: Timestamp
    /// Time of last modification.
    package var modificationTime: Timestamp
    /// Time of last change of the metadata.
    package var changeTime: Timestamp
    /// Device number of a character or block device.
    package var device: DeviceNumber

    /// Makes attributes whose three times are the same.
    package init(
        number: FileNumber, type: FileType, permissions: UInt16, uid: UInt32, gid: UInt32, linkCount: UInt32,
        size: UInt64, blockCount: UInt64, time: Timestamp, device: DeviceNumber
    ) {
        self.number = number
        self.type = type
        self.permissions = permissions
        self.uid = uid
        self.gid = gid
        self.linkCount = linkCount
        self.size = size
        self.blockCount = blockCount
        accessTime = time
        modificationTime = time
        changeTime = time
        self.device = device
    }
}

/// An entry that `FileSystem.readDirectory` hands out; good only during that call.
package struct DirectoryEntry {
    /// The name: 1…255 bytes, without NUL.
    package let name: UnsafeRawBufferPointer
    /// The file's number.
    package let number: FileNumber
    /// The kind of file.
    package let type: FileType
    /// Where to go on behind this entry: 1…`Int64.max`.
    package let nextCookie: UInt64
    /// The file's attributes where they were asked for and could be read.
    package let attributes: FileAttributes?

    /// Makes an entry.
    package init(
        name: UnsafeRawBufferPointer, number: FileNumber, type: FileType, nextCookie: UInt64,
        attributes: FileAttributes?
    ) {
        self.name = name
        self.number = number
        self.type = type
        self.nextCookie = nextCookie
        self.attributes = attributes
    }

    /// Whether the entry is `.` or `..`.
    package var isDot: Bool {
        name.first == UInt8(ascii: ".") && (name.count == 1 || name.count == 2 && name[1] == UInt8(ascii: "."))
    }
}

/// What `FileSystem.seek` looks for.
package enum SeekGoal: Sendable {
    /// `SEEK_DATA`.
    case data
    /// `SEEK_HOLE`; the end of the file is one.
    case hole
}

/// What statvfs(3) tells; nothing is ever free in a file system that cannot be written.
package struct FileSystemStatistics: Hashable, Sendable {
    /// Unit of the block counts in bytes (`f_frsize`).
    package var fragmentSize: UInt32
    /// Size of the file system in fragments.
    package var fragmentCount: UInt64
    /// Fragments that are free.
    package var freeFragmentCount: UInt64
    /// Fragments that are free for others than root.
    package var availableFragmentCount: UInt64
    /// Number of files.
    package var fileCount: UInt64
    /// Number of files that can still be made.
    package var freeFileCount: UInt64

    /// Makes statistics.
    package init(
        fragmentSize: UInt32, fragmentCount: UInt64, freeFragmentCount: UInt64 = 0, fileCount: UInt64,
        freeFileCount: UInt64 = 0
    ) {
        self.fragmentSize = fragmentSize
        self.fragmentCount = fragmentCount
        self.freeFragmentCount = freeFragmentCount
        availableFragmentCount = freeFragmentCount
        self.fileCount = fileCount
        self.freeFileCount = freeFileCount
    }
}

/// Who asks for a change, and owns a file that is made by it.
package struct Caller: Hashable, Sendable {
    /// The process's user.
    package var uid: UInt32
    /// The process's group.
    package var gid: UInt32
    /// The bits that the process keeps out of new files' modes.
    package var umask: UInt32
    /// The number of the thread that asks and that waits for the answer; 0 where it is not known.
    package var process: Int32

    /// Makes a caller.
    package init(uid: UInt32, gid: UInt32, umask: UInt32, process: Int32 = 0) {
        self.uid = uid
        self.gid = gid
        self.umask = umask
        self.process = process
    }

    /// Whether a change of a file of a group by this caller leaves a set-group-ID bit that nobody's execution of the file
    /// gives a meaning: he is in the group, or has the capability `CAP_FSETID`.
    package func mayKeepSetGroupID(of group: UInt32) -> Bool {
        if gid == group { return true }
        guard process != 0, let rights = ProcessRights(of: process) else { return process == 0 && uid == 0 }
        return rights.keepsSetID || rights.groups.contains(group)
    }
}

/// What a change of attributes sets; nil leaves as it is.
package struct AttributeChanges: Hashable, Sendable {
    /// A time to set: the present or a given one.
    package enum Time: Hashable, Sendable {
        /// The present.
        case now
        /// A given time.
        case at(Timestamp)
    }

    /// Permission bits.
    package var permissions: UInt16?
    /// Owner.
    package var uid: UInt32?
    /// Group.
    package var gid: UInt32?
    /// Length of a regular file.
    package var size: UInt64?
    /// Time of last access.
    package var accessTime: Time?
    /// Time of last modification.
    package var modificationTime: Time?
    /// Who takes set-user-ID and set-group-ID bits away by the change, as with a change of owner or a write by somebody
    /// else; nil where they stay.
    package var privilegesDroppedBy: Caller?

    /// Makes changes that change nothing.
    package init() {}
}
