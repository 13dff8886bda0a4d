// SPDX-License-Identifier: Apache-2.0

import CLinux
package import Glibc
package import SystemPackage
import Threads

/// Changes of the names in an open directory, and of an open file where the name is given as no bytes; symbolic links
/// are never followed. A name is one component of any bytes.
extension Descriptor {
    /// Opens a name in this directory, or once more the open file: also one that has no name any more.
    ///
    /// With `leavingTimes` the file's time of access shall stay when it is read, where this process may ask for that; the
    /// umask is taken from `mode`.
    /// - Throws: the call's `Errno`; `.tooManySymbolicLinkLevels` for a symbolic link.
    package func openEntry(
        _ name: [UInt8], _ flags: Int32, mode: mode_t = 0, leavingTimes: Bool
    ) throws(Errno) -> Descriptor {
        guard leavingTimes else { return try openEntry(name, flags, mode: mode) }
        do throws(Errno) {
            return try openEntry(name, flags | clinux_O_NOATIME, mode: mode)
        } catch .notPermitted {
            // Only the owner may ask for it.
            return try openEntry(name, flags, mode: mode)
        }
    }

    /// Opens a name in this directory, or once more the open file: also one that has no name any more.
    ///
    /// - Throws: the call's `Errno`; `.tooManySymbolicLinkLevels` for a symbolic link.
    package func openEntry(_ name: [UInt8], _ flags: Int32, mode: mode_t = 0) throws(Errno) -> Descriptor {
        guard name.isEmpty else { return try openBeneath(name, flags | O_NOFOLLOW, mode: mode) }
        return try opened(flags)
    }

    /// A name in this directory as a mere place (`O_PATH`), symbolic links included.
    package func openEntryPath(_ name: [UInt8]) throws(Errno) -> Descriptor {
        try openPlace(name, O_NOFOLLOW)
    }

    /// Makes a file without a name in this directory: open(2) with `O_TMPFILE`.
    ///
    /// With `leavingTimes` its time of access shall stay when it is read through this descriptor.
    /// - Throws: `.notSupported` where the file system has no such files.
    package func openTemporary(mode: mode_t, leavingTimes: Bool = false) throws(Errno) -> Descriptor {
        do throws(Errno) {
            return try openBeneath(
                ".", O_RDWR | clinux_O_TMPFILE | (leavingTimes ? clinux_O_NOATIME : 0), mode: mode)
        } catch .isDirectory { throw .notSupported }
    }

    /// Makes a directory: mkdirat(2).
    package func makeEntryDirectory(_ name: [UInt8], mode: mode_t) throws(Errno) {
        _ = try retrying { withCString(name) { mkdirat(rawValue, $0, mode) } }
    }

    /// Makes a file, device, fifo or socket: mknodat(2).
    package func makeEntryNode(_ name: [UInt8], mode: mode_t, device: dev_t) throws(Errno) {
        _ = try retrying { withCString(name) { mknodat(rawValue, $0, mode, device) } }
    }

    /// Makes a symbolic link: symlinkat(2).
    package func makeEntryLink(_ name: [UInt8], to target: [UInt8]) throws(Errno) {
        _ = try retrying { withCString(target) { target in withCString(name) { symlinkat(target, rawValue, $0) } } }
    }

    /// Gives a name's file one more name, or the open file itself its first one.
    ///
    /// The corresponding C function is linkat(2).
    package func linkEntry(_ name: [UInt8], to directory: Descriptor, as newName: [UInt8]) throws(Errno) {
        guard name.isEmpty else {
            _ = try retrying {
                withCString(name) { name in
                    withCString(newName) { linkat(rawValue, name, directory.rawValue, $0, 0) }
                }
            }
            return
        }
        let path = "/proc/self/fd/\(rawValue)"
        _ = try retrying {
            withCString(newName) { linkat(AT_FDCWD, path, directory.rawValue, $0, AT_SYMLINK_FOLLOW) }
        }
    }

    /// Removes a name, or an empty directory: unlinkat(2).
    package func removeEntry(_ name: [UInt8], isDirectory: Bool = false) throws(Errno) {
        _ = try retrying { withCString(name) { unlinkat(rawValue, $0, isDirectory ? AT_REMOVEDIR : 0) } }
    }

    /// Renames, with the flags of renameat2(2).
    package func renameEntry(
        _ name: [UInt8], to directory: Descriptor, as newName: [UInt8], flags: RenameFlags = []
    ) throws(Errno) {
        _ = try retrying {
            withCString(name) { name in
                withCString(newName) {
                    clinux_renameat2(rawValue, name, directory.rawValue, $0, flags.rawValue)
                }
            }
        }
    }

    /// Sets permission bits: fchmodat2(2), or through `/proc` before Linux 6.6.
    package func setEntryMode(_ name: [UInt8], _ mode: mode_t) throws(Errno) {
        do throws(Errno) {
            _ = try retrying { withCString(name) { clinux_fchmodat2(rawValue, $0, mode, atFlags(name)) } }
        } catch .noFunction {
            let file = name.isEmpty ? self : try openEntryPath(name)
            let path = "/proc/self/fd/\(file.rawValue)"
            _ = try withExtendedLifetime(file) { () throws(Errno) in try retrying { chmod(path, mode) } }
        }
    }

    /// Sets owner and group; nil leaves as it is: fchownat(2).
    package func setEntryOwner(_ name: [UInt8], user: uid_t?, group: gid_t?) throws(Errno) {
        _ = try retrying {
            withCString(name) { fchownat(rawValue, $0, user ?? uid_t.max, group ?? gid_t.max, atFlags(name)) }
        }
    }

    /// Sets times of access and modification: utimensat(2).
    package func setEntryTimes(_ name: [UInt8], access: timespec, modification: timespec) throws(Errno) {
        var times = [access, modification]
        _ = try retrying {
            withCString(name) { name in
                times.withUnsafeMutableBufferPointer { buffer in
                    buffer.baseAddress.map { utimensat(rawValue, name, $0, atFlags(Self.bytes(name))) } ?? -1
                }
            }
        }
    }

    private static func bytes(_ name: UnsafePointer<CChar>) -> [UInt8] { name.pointee == 0 ? [] : [1] }

    /// Reserves or frees space of the open file, as fallocate(2).
    package func allocate(mode: Int32, at offset: UInt64, count: UInt64) throws(Errno) {
        guard let start = Int64(exactly: offset), let length = Int64(exactly: count) else { throw .fileTooLarge }
        _ = try retrying { clinux_fallocate(rawValue, mode, start, length) }
    }

    /// Waits until the open file is on the disk, all of its metadata included: fsync(2).
    package func synchronizeAll() throws(Errno) { _ = try retrying { fsync(rawValue) } }

    /// Copies bytes within the kernel: copy_file_range(2).
    ///
    /// - Returns: the bytes copied; 0 at the end of the source.
    package func copyRange(
        from source: Descriptor, at offset: UInt64, to target: UInt64, count: Int
    ) throws(Errno) -> Int {
        guard var start = Int64(exactly: offset), var end = Int64(exactly: target) else { throw .fileTooLarge }
        return try transferring(count) { clinux_copy_file_range(source.rawValue, &start, rawValue, &end, $0) }
    }

    /// Makes the open file share all bytes of another one: ioctl_ficlone(2).
    package func clone(_ source: Descriptor) throws(Errno) {
        _ = try retrying { clinux_clone_file(rawValue, source.rawValue) }
    }
}

/// The flags of renameat2(2).
package struct RenameFlags: OptionSet, Sendable {
    /// `RENAME_` flags.
    package let rawValue: UInt32

    /// Makes a set of the kernel's flags.
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Nothing is replaced.
    package static let noReplace = RenameFlags(rawValue: 1)
    /// Both names change places.
    package static let exchange = RenameFlags(rawValue: 2)
    /// A whiteout takes the old name.
    package static let whiteout = RenameFlags(rawValue: 4)
}

extension timespec {
    /// What utimensat(2) takes for the present.
    package static let now = timespec(tv_sec: 0, tv_nsec: 0x3FFF_FFFF)
    /// What utimensat(2) takes for a time that stays.
    package static let omitted = timespec(tv_sec: 0, tv_nsec: 0x3FFF_FFFE)
}
