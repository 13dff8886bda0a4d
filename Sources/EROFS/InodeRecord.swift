// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// The decoded fixed part of an inode of an `EROFSImage`; good for calls of the image it came from.
package struct InodeRecord: Sendable {
    /// The inode's address in the image (nid): what directory entries name.
    package let number: UInt64
    /// The inode's number in the tree that the image was written from, from 0; an index of `TreeNotes`.
    package let ordinal: UInt32
    /// The kind of file.
    package let type: FileType
    /// Permission bits with setuid, setgid and sticky: 0…0o7777.
    package let permissions: UInt16
    /// Owner.
    package let uid: UInt32
    /// Group.
    package let gid: UInt32
    /// Time of last modification.
    package let mtime: Timestamp
    /// Bytes of a regular file or of a symbolic link's target, or that a directory's entries take; else 0.
    ///
    /// At most `Int64.max`.
    package let size: UInt64
    /// Names that the file has.
    package let linkCount: UInt32

    /// Blocks of 512 bytes that a regular file has and that are no holes, at most what its size needs; else 0.
    package let dataBlocks: UInt64

    /// Where the inode lies in the image, in bytes.
    let offset: Int
    /// Bytes of the attributes between the inode and its inline data or chunk table.
    let attributesSize: Int
    /// How the data is laid out: one of `Format.layoutPlain`, `layoutInline`, `layoutChunks`.
    let layout: UInt8
    /// The field `i_u`: start block, device number or chunk format.
    let data: UInt32

    /// `st_mode`: type and permission bits.
    package var mode: UInt32 { type.modeBits | UInt32(permissions) }

    /// Device number of a character or block device, else 0:0.
    package var device: DeviceNumber {
        type == .characterDevice || type == .blockDevice ? Format.device(data) : DeviceNumber()
    }

    /// Whether the file may have extended attributes: a cheap question before `EROFSImage.xattrs(of:)`.
    package var hasAttributes: Bool { attributesSize > 0 }

    /// Where what follows the attributes begins in the image.
    var bodyOffset: Int { offset + Format.inodeSize + attributesSize }

    func error(_ reason: String) -> EROFSError { EROFSError("inode \(number)", reason) }
}
