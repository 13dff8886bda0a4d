// SPDX-License-Identifier: Apache-2.0

package import OCI

/// What kind of file an inode is; raw values are those of directory entries in EROFS and ext4.
package enum FileType: UInt8, Sendable, Hashable, CaseIterable {
    case regular = 1
    case directory = 2
    case characterDevice = 3
    case blockDevice = 4
    case fifo = 5
    case socket = 6
    case symbolicLink = 7

    /// The type bits of `st_mode` (`S_IFMT`), as in inode(7).
    package var modeBits: UInt32 {
        switch self {
        case .regular: 0o100000
        case .directory: 0o040000
        case .characterDevice: 0o020000
        case .blockDevice: 0o060000
        case .fifo: 0o010000
        case .socket: 0o140000
        case .symbolicLink: 0o120000
        }
    }

    /// The type that the `S_IFMT` bits of a mode name; nil for bits that name none.
    package init?(mode: UInt32) {
        switch mode & 0o170000 {
        case 0o100000: self = .regular
        case 0o040000: self = .directory
        case 0o020000: self = .characterDevice
        case 0o060000: self = .blockDevice
        case 0o010000: self = .fifo
        case 0o140000: self = .socket
        case 0o120000: self = .symbolicLink
        default: return nil
        }
    }
}

/// A point in time: seconds since 1970 (may be negative) and nanoseconds 0…999,999,999 after that second.
package struct Timestamp: Hashable, Sendable {
    /// Whole seconds since 1970-01-01T00:00:00Z.
    package var seconds: Int64
    /// Nanoseconds after `seconds`, 0…999,999,999.
    package var nanoseconds: UInt32

    /// Makes a timestamp; nanoseconds beyond the range are cut to it.
    package init(seconds: Int64 = 0, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = min(nanoseconds, 999_999_999)
    }
}

extension Timestamp: Comparable {
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

/// The number of a character or block device.
package struct DeviceNumber: Hashable, Sendable {
    /// Which driver: 12 bits in Linux.
    package var major: UInt32
    /// Which device of the driver: 20 bits in Linux.
    package var minor: UInt32

    /// Makes a device number.
    package init(major: UInt32 = 0, minor: UInt32 = 0) {
        self.major = major
        self.minor = minor
    }
}

/// An extended attribute: full name with its namespace (`user.mime_type`) and value, both bytes.
package struct ExtendedAttribute: Hashable, Sendable {
    /// The full name, 1…255 bytes.
    package var name: [UInt8]
    /// The value, at most 65,535 bytes.
    package var value: [UInt8]

    /// Makes an attribute.
    package init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// The metadata of one file: what stat(2), readlink(2) and listxattr(2) tell of it, apart from its number and links.
package struct Attributes: Hashable, Sendable {
    /// The kind of file.
    package var type: FileType
    /// Permission bits with setuid, setgid and sticky: 0…0o7777.
    package var permissions: UInt16
    /// Owner.
    package var uid: UInt32
    /// Group.
    package var gid: UInt32
    /// Time of last modification.
    package var mtime: Timestamp
    /// Bytes of a regular file, holes included; bytes of a symbolic link's target; 0 for anything else.
    package var size: UInt64
    /// Device number of a character or block device.
    package var device: DeviceNumber
    /// Target of a symbolic link, else empty.
    package var target: [UInt8]
    /// Extended attributes, sorted by name, no name twice.
    package var xattrs: [ExtendedAttribute]

    /// Makes metadata with the defaults of an empty file of root.
    package init(
        type: FileType, permissions: UInt16, uid: UInt32 = 0, gid: UInt32 = 0, mtime: Timestamp = Timestamp(),
        size: UInt64 = 0, device: DeviceNumber = DeviceNumber(), target: [UInt8] = [],
        xattrs: [ExtendedAttribute] = []
    ) {
        self.type = type
        self.permissions = permissions
        self.uid = uid
        self.gid = gid
        self.mtime = mtime
        self.size = size
        self.device = device
        self.target = target
        self.xattrs = xattrs
    }

    /// `st_mode`: type and permission bits.
    package var mode: UInt32 { type.modeBits | UInt32(permissions) }
}

/// A run of a regular file's bytes that lies in its layer's uncompressed tar; what no extent covers is a hole.
package struct Extent: Hashable, Sendable {
    /// Where the run starts in the file.
    package var fileOffset: UInt64
    /// Where it starts in the uncompressed layer; a multiple of 512 but for pieces of sparse files.
    package var layerOffset: UInt64
    /// Bytes in the run, at least 1.
    package var length: UInt64

    /// Makes an extent.
    package init(fileOffset: UInt64, layerOffset: UInt64, length: UInt64) {
        self.fileOffset = fileOffset
        self.layerOffset = layerOffset
        self.length = length
    }
}

/// A file of a flattened tree: metadata, where its bytes lie, who brought it.
package struct Inode: Hashable, Sendable {
    /// The metadata.
    package var attributes: Attributes
    /// Names of the file: 1 or more; for a directory 2 plus its subdirectories.
    package var linkCount: UInt32
    /// Which of the tree's layers brought it (0 is the base); `Inode.noLayer` for a directory nobody described.
    package var layer: UInt32
    /// Where a regular file's bytes lie in that layer, sorted by file offset, not overlapping.
    package var extents: [Extent]
    /// SHA-256 of a regular file's content where it is known.
    package var contentDigest: Digest?

    /// The layer of a directory that no layer has an entry for.
    package static let noLayer = UInt32.max

    /// Makes an inode.
    package init(
        attributes: Attributes, linkCount: UInt32 = 1, layer: UInt32, extents: [Extent] = [],
        contentDigest: Digest? = nil
    ) {
        self.attributes = attributes
        self.linkCount = linkCount
        self.layer = layer
        self.extents = extents
        self.contentDigest = contentDigest
    }
}
