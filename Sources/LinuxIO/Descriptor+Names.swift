// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// Operations on names in an open directory; a name is the program's own and has no slash.
extension Descriptor {
    /// Opens a directory in this one, making it where it is missing, with a mode of which the umask is taken away.
    package func makeDirectory(_ name: String, mode: UInt32 = 0o700) throws(Errno) -> Descriptor {
        do throws(Errno) {
            _ = try retrying { mkdirat(rawValue, name, mode) }
        } catch .fileExists {}
        return try openBeneath(name, O_RDONLY | O_DIRECTORY)
    }

    /// Whether a name is in this directory, whatever it is.
    package func hasEntry(_ name: String) throws(Errno) -> Bool { try hasEntry(Array(name.utf8)) }

    /// Whether a name is in this directory, whatever it is.
    package func hasEntry(_ name: [UInt8]) throws(Errno) -> Bool {
        do throws(Errno) {
            _ = try retrying { withCString(name) { faccessat(rawValue, $0, F_OK, AT_SYMLINK_NOFOLLOW) } }
            return true
        } catch .noSuchFileOrDirectory {
            return false
        }
    }

    /// Renames an entry into another directory; what has the new name is replaced, or kept with `.fileExists`.
    ///
    /// The corresponding C function is renameat2(2), with `RENAME_NOREPLACE` where nothing may be replaced.
    package func rename(
        _ name: String, to directory: Descriptor, as newName: String, replacing: Bool = true
    ) throws(Errno) {
        try rename(name, to: directory, as: Array(newName.utf8), replacing: replacing)
    }

    /// Renames an entry of a name that is the program's own.
    ///
    /// See `rename(_:to:as:replacing:)`.
    package func rename(
        _ name: String, to directory: Descriptor, as newName: [UInt8], replacing: Bool = true
    ) throws(Errno) {
        let flags = replacing ? 0 : clinux_RENAME_NOREPLACE
        _ = try retrying {
            withCString(newName) { clinux_renameat2(rawValue, name, directory.rawValue, $0, flags) }
        }
    }

    /// Gives a file one more name.
    ///
    /// The corresponding C function is linkat(2).
    package func link(_ name: String, to directory: Descriptor, as newName: String) throws(Errno) {
        _ = try retrying { linkat(rawValue, name, directory.rawValue, newName, 0) }
    }

    /// Removes a file's name.
    ///
    /// The corresponding C function is unlinkat(2).
    package func remove(_ name: String) throws(Errno) {
        _ = try retrying { unlinkat(rawValue, name, 0) }
    }

    /// Removes an entry and, if it is a directory, everything in it, however deep.
    package func removeTree(_ name: String) throws(Errno) { try removeTree(Array(name.utf8)) }

    /// See `removeTree(_:)`.
    ///
    /// A directory that is not empty is first moved up beside the entry, so that no depth costs stack or descriptors.
    package func removeTree(_ name: [UInt8]) throws(Errno) {
        var waiting = [name]
        var moved = 0
        while let next = waiting.last {
            if try removed(next) {
                waiting.removeLast()
                continue
            }
            do throws(Errno) {
                let directory = try openBeneath(next, O_RDONLY | O_DIRECTORY)
                for entry in try directory.entryNames() where try !directory.removed(entry) {
                    let place = name + Array("~\(getpid())-\(moved)".utf8)
                    moved += 1
                    try directory.renameEntry(entry, to: self, as: place, flags: .noReplace)
                    waiting.append(place)
                }
            } catch .noSuchFileOrDirectory {} catch .permissionDenied {
                // The owner may always give himself the right to what is in a directory; once.
                try allowRemoval(in: next)
            }
        }
    }

    private func allowRemoval(in name: [UInt8]) throws(Errno) {
        guard try entryStatus(name).st_mode & 0o700 != 0o700 else { throw .permissionDenied }
        try setEntryMode(name, 0o700)
    }

    /// Removes a name; false for a directory that is not empty.
    private func removed(_ name: [UInt8]) throws(Errno) -> Bool {
        for flags in [0, AT_REMOVEDIR] {
            do throws(Errno) {
                _ = try retrying { withCString(name) { unlinkat(rawValue, $0, flags) } }
                return true
            } catch .isDirectory {} catch .notPermitted where flags == 0 {
            } catch .noSuchFileOrDirectory { return true } catch .directoryNotEmpty { return false }
        }
        return false
    }

    /// Takes an exclusive lock that ends with the descriptor; false if somebody else holds one.
    ///
    /// Built on flock(2).
    package func tryLock() throws(Errno) -> Bool {
        do throws(Errno) {
            _ = try retrying { flock(rawValue, LOCK_EX | LOCK_NB) }
            return true
        } catch .wouldBlock {
            return false
        }
    }

    /// Waits for a lock that ends with the descriptor.
    ///
    /// The corresponding C function is flock(2).
    package func lock(exclusive: Bool) throws(Errno) {
        _ = try retrying { flock(rawValue, exclusive ? LOCK_EX : LOCK_SH) }
    }

    /// Waits until the directory's names are on the disk: fsync(2).
    package func synchronizeDirectory() throws(Errno) {
        _ = try retrying { fsync(rawValue) }
    }

    /// Waits until everything written to the file system is on the disk: syncfs(2).
    package func synchronizeFileSystem() throws(Errno) {
        _ = try retrying { clinux_syncfs(rawValue) }
    }
}
