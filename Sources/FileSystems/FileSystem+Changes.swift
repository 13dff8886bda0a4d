// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// A file system that never changes: nothing to forget or open, every change is `.readOnlyFileSystem` (EROFS).
extension FileSystem {
    package func mayHaveXattr(_ name: [UInt8]) -> Bool { true }

    package func ownXattr(_ name: [UInt8], of file: FileNumber, isOwner: Bool) throws(Errno) -> [UInt8] {
        throw .noData
    }

    package func finish() {}

    package func rest() {}

    package func forget(_ file: FileNumber, count: UInt64) {}

    package func open(_ file: FileNumber, flags: Int32) throws(Errno) -> FileHandle { FileHandle(0) }

    package func isDirect(_ handle: FileHandle) -> Bool { false }

    package func isAccessDue(_ handle: FileHandle) -> Bool { false }

    package func mayFailToClose(_ handle: FileHandle) -> Bool { false }

    package func flush(_ file: FileNumber, _ handle: FileHandle) throws(Errno) {}

    package func close(_ handle: FileHandle, of file: FileNumber) {}

    package func setAttributes(
        of file: FileNumber, _ handle: FileHandle?, to changes: AttributeChanges
    ) throws(Errno) -> FileAttributes { throw .readOnlyFileSystem }

    package func dropPrivileges(of file: FileNumber, for caller: Caller) throws(Errno) { throw .readOnlyFileSystem }

    package func makeNode(
        _ name: [UInt8], in directory: FileNumber, mode: UInt32, device: UInt64, for caller: Caller
    ) throws(Errno) -> FileAttributes { throw .readOnlyFileSystem }

    package func create(
        _ name: [UInt8], in directory: FileNumber, mode: UInt32, flags: Int32, for caller: Caller
    ) throws(Errno) -> (FileAttributes, FileHandle) { throw .readOnlyFileSystem }

    package func makeDirectory(
        _ name: [UInt8], in directory: FileNumber, mode: UInt32, for caller: Caller
    ) throws(Errno) -> FileAttributes { throw .readOnlyFileSystem }

    package func makeSymbolicLink(
        _ name: [UInt8], in directory: FileNumber, to target: [UInt8], for caller: Caller
    ) throws(Errno) -> FileAttributes { throw .readOnlyFileSystem }

    package func link(
        _ file: FileNumber, as name: [UInt8], in directory: FileNumber
    ) throws(Errno) -> FileAttributes { throw .readOnlyFileSystem }

    package func unlink(_ name: [UInt8], in directory: FileNumber) throws(Errno) { throw .readOnlyFileSystem }

    package func removeDirectory(_ name: [UInt8], in directory: FileNumber) throws(Errno) {
        throw .readOnlyFileSystem
    }

    package func rename(
        _ name: [UInt8], in directory: FileNumber, to newName: [UInt8], in newDirectory: FileNumber, flags: UInt32
    ) throws(Errno) { throw .readOnlyFileSystem }

    package func write(
        _ file: FileNumber, _ handle: FileHandle, at offset: UInt64, _ bytes: UnsafeRawBufferPointer
    ) throws(Errno) -> Int { throw .readOnlyFileSystem }

    package func allocate(
        _ file: FileNumber, _ handle: FileHandle, mode: Int32, at offset: UInt64, count: UInt64
    ) throws(Errno) { throw .readOnlyFileSystem }

    package func copyRange(
        of file: FileNumber, _ handle: FileHandle, at offset: UInt64, to target: FileNumber,
        _ targetHandle: FileHandle, at targetOffset: UInt64, count: Int
    ) throws(Errno) -> Int { throw .noFunction }

    package func synchronize(_ file: FileNumber, _ handle: FileHandle, dataOnly: Bool) throws(Errno) {}

    package func setXattr(
        _ name: [UInt8], of file: FileNumber, to value: [UInt8], flags: Int32, dropsSetGroupID: Bool
    ) throws(Errno) { throw .readOnlyFileSystem }

    /// Sets an extended attribute that has nothing to do with the file's mode.
    package func setXattr(_ name: [UInt8], of file: FileNumber, to value: [UInt8], flags: Int32) throws(Errno) {
        try setXattr(name, of: file, to: value, flags: flags, dropsSetGroupID: false)
    }

    package func removeXattr(_ name: [UInt8], of file: FileNumber) throws(Errno) { throw .readOnlyFileSystem }
}
