// SPDX-License-Identifier: Apache-2.0

import CLinux
package import Glibc
package import SystemPackage
import Threads

/// Changes of a file that is held, and of the names in a directory that is held.
extension PathDescriptor {
    /// Sets permission bits: chmod(2).
    package func setPermissions(_ mode: UInt16) throws(Errno) {
        _ = try retrying { withCString(path) { chmod($0, mode_t(mode)) } }
    }

    /// Sets owner and group; nil leaves as it is: fchownat(2).
    package func setOwner(_ uid: UInt32?, _ gid: UInt32?) throws(Errno) {
        _ = try retrying { fchownat(number, "", uid ?? .max, gid ?? .max, clinux_AT_EMPTY_PATH) }
    }

    /// Sets the length of a regular file: truncate(2).
    package func truncate(to size: UInt64) throws(Errno) {
        guard let length = off_t(exactly: size) else { throw .fileTooLarge }
        _ = try retrying { withCString(path) { Glibc.truncate($0, length) } }
    }

    /// Sets the times of access and modification: utimensat(2), with its `UTIME_NOW` and `UTIME_OMIT`.
    package func setTimes(access: timespec, modification: timespec) throws(Errno) {
        let times = [access, modification]
        _ = try retrying { utimensat(number, "", times, clinux_AT_EMPTY_PATH) }
    }

    /// Makes a file that is no directory and no link: mknodat(2).
    package func makeNode(_ name: [UInt8], mode: UInt32, device: UInt64) throws(Errno) {
        try Self.check(name)
        _ = try retrying { withCString(name) { mknodat(number, $0, mode, dev_t(device)) } }
    }

    /// Makes a directory: mkdirat(2).
    package func makeDirectory(_ name: [UInt8], mode: UInt32) throws(Errno) {
        try Self.check(name)
        _ = try retrying { withCString(name) { mkdirat(number, $0, mode) } }
    }

    /// Makes a symbolic link: symlinkat(2).
    package func makeSymbolicLink(_ name: [UInt8], to target: [UInt8]) throws(Errno) {
        try Self.check(name)
        _ = try retrying { withCString(target) { target in withCString(name) { symlinkat(target, number, $0) } } }
    }

    /// Gives a file one more name, in this directory: linkat(2).
    package func link(_ file: PathDescriptor, as name: [UInt8]) throws(Errno) {
        try Self.check(name)
        _ = try retrying {
            withCString(file.path) { path in
                withCString(name) { linkat(AT_FDCWD, path, number, $0, AT_SYMLINK_FOLLOW) }
            }
        }
    }

    /// Removes a name: unlinkat(2).
    package func remove(_ name: [UInt8], isDirectory: Bool) throws(Errno) {
        try Self.check(name)
        _ = try retrying { withCString(name) { unlinkat(number, $0, isDirectory ? AT_REMOVEDIR : 0) } }
    }

    /// Moves a name: renameat2(2) with its flags.
    package func rename(
        _ name: [UInt8], to directory: PathDescriptor, as newName: [UInt8], flags: UInt32
    ) throws(Errno) {
        try Self.check(name)
        try Self.check(newName)
        _ = try retrying {
            withCString(name) { name in
                withCString(newName) { clinux_renameat2(number, name, directory.number, $0, flags) }
            }
        }
    }

    /// Makes and opens a regular file that must not be there yet: openat(2) with `O_CREAT` and `O_EXCL`.
    package func create(_ name: [UInt8], _ flags: Int32, mode: UInt32) throws(Errno) -> Descriptor {
        try Self.check(name)
        return try descriptor.makeFile(name, flags, mode: mode)
    }

    /// An extended attribute's value; `.noData` where there is none: getxattr(2).
    package func xattr(_ name: [UInt8]) throws(Errno) -> [UInt8] {
        try growing { buffer, size in
            withCString(path) { path in withCString(name) { clinux_getxattr(path, $0, buffer, size) } }
        }
    }

    /// The names of the extended attributes: listxattr(2).
    package func xattrNames() throws(Errno) -> [[UInt8]] {
        let list = try growing { buffer, size in withCString(path) { clinux_listxattr($0, buffer, size) } }
        return list.split(separator: 0).map(Array.init)
    }

    /// Sets an extended attribute: setxattr(2) with its flags.
    package func setXattr(_ name: [UInt8], to value: [UInt8], flags: Int32) throws(Errno) {
        _ = try retrying {
            withCString(path) { path in
                withCString(name) { name in
                    value.withUnsafeBytes { clinux_setxattr(path, name, $0.baseAddress, $0.count, flags) }
                }
            }
        }
    }

    /// Removes an extended attribute: removexattr(2).
    package func removeXattr(_ name: [UInt8]) throws(Errno) {
        _ = try retrying { withCString(path) { path in withCString(name) { clinux_removexattr(path, $0) } } }
    }
}
