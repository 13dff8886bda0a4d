// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// What a mount shows: files by number, looked up by name, read by offset.
///
/// A server calls it from several threads at once. Every operation throws exactly one `Errno`, the one that the
/// program on the mount shall see. Operations that change something are refused unless a file system implements them
/// (see the defaults in `FileSystem+Changes.swift`).
///
/// References: `lookup` and every entry that `readDirectory` hands out with attributes and whose handler takes it give
/// the caller one reference of the file; `forget` gives them back. A file's number stays good while it has references.
package protocol FileSystem: AnyObject, Sendable {
    /// How the kernel may cache what it is told.
    var caching: CachePolicy { get }

    /// The file of a name in a directory, with one reference for the caller.
    ///
    /// - Throws: `.noSuchFileOrDirectory`, `.notDirectory`, `.fileNameTooLong`.
    func lookup(_ name: UnsafeRawBufferPointer, in directory: FileNumber) throws(Errno) -> FileAttributes

    /// Gives back references of a file that `lookup` and `readDirectory` gave.
    func forget(_ file: FileNumber, count: UInt64)

    /// What stat(2) tells of a file.
    func attributes(of file: FileNumber) throws(Errno) -> FileAttributes

    /// The target of a symbolic link; `.invalidArgument` for anything else.
    func target(of link: FileNumber) throws(Errno) -> [UInt8]

    /// Opens a regular file or a directory with the flags of open(2); called only if `caching.needsOpen`.
    func open(_ file: FileNumber, flags: Int32) throws(Errno) -> FileHandle

    /// Whether reads and writes of an open file pass the kernel's cache by.
    func isDirect(_ handle: FileHandle) -> Bool

    /// Whether reading an open file changes its time of access, so that the kernel must not answer from its cache.
    func isAccessDue(_ handle: FileHandle) -> Bool

    /// Whether `flush` may tell of an error.
    func mayFailToClose(_ handle: FileHandle) -> Bool

    /// Tells who closes a descriptor of an open file what has become of what was written through it; a file may be
    /// flushed any number of times before it is closed.
    ///
    /// - Throws: what keeps it from being kept.
    func flush(_ file: FileNumber, _ handle: FileHandle) throws(Errno)

    /// Ends what `open` or `create` began.
    func close(_ handle: FileHandle, of file: FileNumber)

    /// Reads a regular file's bytes from `offset` on into `buffer`.
    ///
    /// - Returns: the bytes read: fewer than the buffer holds only at the end of the file.
    func read(
        _ file: FileNumber, _ handle: FileHandle, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int

    /// Hands out a directory's entries, `.` and `..` included, from a cookie on: 0 for the start, else an entry's
    /// `nextCookie` to go on behind it. `take` returns false for an entry that it did not take and that ends the call.
    ///
    /// - Parameter wantsAttributes: whether entries carry attributes, and with them references (`.` and `..` never
    ///   give references).
    func readDirectory(
        _ directory: FileNumber, _ handle: FileHandle, from cookie: UInt64, wantsAttributes: Bool,
        _ take: (DirectoryEntry) -> Bool
    ) throws(Errno)

    /// Whether some file may have, or get, an extended attribute of a name.
    ///
    /// Where none can, a server says that there are no such attributes: then who asks each file for it stops to ask.
    func mayHaveXattr(_ name: [UInt8]) -> Bool

    /// What cimg itself says of a file, by the full name of an `OwnAttribute`; `.noData` where it says nothing.
    ///
    /// Such names never come to the other operations on attributes: no file has attributes of these names.
    /// - Parameter isOwner: whether the owner of the mount, or root, asks.
    func ownXattr(_ name: [UInt8], of file: FileNumber, isOwner: Bool) throws(Errno) -> [UInt8]

    /// An extended attribute's value by its full name; `.noData` where the file has none.
    func xattr(_ name: [UInt8], of file: FileNumber) throws(Errno) -> [UInt8]

    /// The full names of a file's extended attributes.
    func xattrNames(of file: FileNumber) throws(Errno) -> [[UInt8]]

    /// The first offset not before `offset` where data or a hole starts, as lseek(2) with `SEEK_DATA`, `SEEK_HOLE`.
    ///
    /// - Throws: `.noSuchAddressOrDevice` (ENXIO) at or beyond the end and where no data follows.
    func seek(_ file: FileNumber, _ handle: FileHandle, from offset: UInt64, to goal: SeekGoal) throws(Errno) -> UInt64

    /// What statvfs(3) tells.
    func statistics() throws(Errno) -> FileSystemStatistics

    /// Changes what `changes` names and returns the file's new attributes.
    func setAttributes(
        of file: FileNumber, _ handle: FileHandle?, to changes: AttributeChanges
    ) throws(Errno) -> FileAttributes

    /// Takes set-user-ID and set-group-ID bits from a file, as a write of a caller who may not keep them does.
    func dropPrivileges(of file: FileNumber, for caller: Caller) throws(Errno)

    /// Makes a regular file, device, fifo or socket, as mknod(2), with one reference for the caller.
    func makeNode(
        _ name: [UInt8], in directory: FileNumber, mode: UInt32, device: UInt64, for caller: Caller
    ) throws(Errno) -> FileAttributes

    /// Makes and opens a regular file, as open(2) with `O_CREAT`, with one reference for the caller.
    func create(
        _ name: [UInt8], in directory: FileNumber, mode: UInt32, flags: Int32, for caller: Caller
    ) throws(Errno) -> (FileAttributes, FileHandle)

    /// Makes a directory, with one reference for the caller.
    func makeDirectory(
        _ name: [UInt8], in directory: FileNumber, mode: UInt32, for caller: Caller
    ) throws(Errno) -> FileAttributes

    /// Makes a symbolic link, with one reference for the caller.
    func makeSymbolicLink(
        _ name: [UInt8], in directory: FileNumber, to target: [UInt8], for caller: Caller
    ) throws(Errno) -> FileAttributes

    /// Gives a file one more name, and the caller one reference of it.
    func link(_ file: FileNumber, as name: [UInt8], in directory: FileNumber) throws(Errno) -> FileAttributes

    /// Removes the name of anything but a directory.
    func unlink(_ name: [UInt8], in directory: FileNumber) throws(Errno)

    /// Removes an empty directory.
    func removeDirectory(_ name: [UInt8], in directory: FileNumber) throws(Errno)

    /// Moves a name, with the flags of renameat2(2).
    func rename(
        _ name: [UInt8], in directory: FileNumber, to newName: [UInt8], in newDirectory: FileNumber, flags: UInt32
    ) throws(Errno)

    /// Writes bytes of a regular file at an offset and returns how many.
    func write(
        _ file: FileNumber, _ handle: FileHandle, at offset: UInt64, _ bytes: UnsafeRawBufferPointer
    ) throws(Errno) -> Int

    /// Reserves or frees space of a regular file, as fallocate(2).
    func allocate(
        _ file: FileNumber, _ handle: FileHandle, mode: Int32, at offset: UInt64, count: UInt64
    ) throws(Errno)

    /// Copies bytes from one open file to another, as copy_file_range(2), and returns how many.
    ///
    /// - Throws: `.noFunction` (ENOSYS) where the kernel shall always do it itself, `.improperLink` where it shall this
    ///   time.
    func copyRange(
        of file: FileNumber, _ handle: FileHandle, at offset: UInt64, to target: FileNumber,
        _ targetHandle: FileHandle, at targetOffset: UInt64, count: Int
    ) throws(Errno) -> Int

    /// Waits until a file's or a directory's changes are on the disk.
    func synchronize(_ file: FileNumber, _ handle: FileHandle, dataOnly: Bool) throws(Errno)

    /// Gives back memory that the next request can do without; called when nothing was asked for a while, though
    /// requests may come meanwhile.
    func rest()

    /// Ends what goes on by itself; called once, when nothing is asked any more.
    func finish()

    /// Sets an extended attribute, with the flags of setxattr(2).
    ///
    /// - Parameter dropsSetGroupID: whether that takes the set-group-ID bit from the file, as an access control list that
    ///   is set by somebody outside of the group does.
    func setXattr(
        _ name: [UInt8], of file: FileNumber, to value: [UInt8], flags: Int32, dropsSetGroupID: Bool
    ) throws(Errno)

    /// Removes an extended attribute; `.noData` where the file has none.
    func removeXattr(_ name: [UInt8], of file: FileNumber) throws(Errno)
}
