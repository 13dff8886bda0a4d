// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
package import SystemPackage

/// A file system whose files others use at the same time by another way than the mount.
///
/// Whatever the kernel keeps of it may be old at once, and locks must be taken where the others take theirs.
package protocol SharedFileSystem: FileSystem {
    /// Whether reading or writing an open file must always ask the file system, even where the kernel could then not
    /// map it into memory: because its size says nothing.
    func isMadeUp(_ handle: FileHandle) -> Bool

    /// Writes bytes of a regular file and returns how many.
    ///
    /// - Parameters:
    ///   - offset: where, unless `isAppending`.
    ///   - isAppending: whether they go to the end of the file, wherever that is by now.
    func write(
        _ file: FileNumber, _ handle: FileHandle, at offset: UInt64, isAppending: Bool, _ bytes: UnsafeRawBufferPointer
    ) throws(Errno) -> Int

    /// A lock that keeps an owner's lock from being set, or one of kind `none`.
    func conflict(
        with lock: RangeLock, of owner: LockOwner, on file: FileNumber, _ handle: FileHandle
    ) throws(Errno) -> RangeLock

    /// Sets or ends an owner's lock without waiting.
    ///
    /// - Throws: `.resourceTemporarilyUnavailable` where another lock is in the way.
    func set(_ lock: RangeLock, of owner: LockOwner, on file: FileNumber, _ handle: FileHandle) throws(Errno)

    /// Ends all range locks of an owner on a file: it has closed one of its descriptors.
    func releaseLocks(of owner: LockOwner, on file: FileNumber)

    /// Locks a whole file for an open file without waiting, or ends that: flock(2).
    ///
    /// - Parameter operation: `LOCK_SH`, `LOCK_EX` or `LOCK_UN`.
    /// - Throws: `.resourceTemporarilyUnavailable` where another lock is in the way.
    func lockWhole(_ file: FileNumber, _ handle: FileHandle, operation: Int32) throws(Errno)
}

/// Who holds range locks of files, mostly a process: a number of the kernel.
package struct LockOwner: Hashable, Sendable {
    /// The number itself.
    package let rawValue: UInt64

    /// Wraps a number.
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}
