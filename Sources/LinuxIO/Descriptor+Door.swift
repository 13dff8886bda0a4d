// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// The one door through which files are opened.
///
/// A name can come to mean another file between two calls, and to open a device does whatever its driver does, to open a
/// fifo waits for somebody. So what has a name is held as a mere place first (`O_PATH`), which does nothing to it; the
/// place is looked at; and the place, not the name, is opened. No other file of the program calls open(2) and its like.
extension Descriptor {
    /// Opens the file that this place is, whatever has its name by now: a regular file, a directory, or the null device.
    ///
    /// Built on open(2) of the descriptor in `/proc/self/fd`.
    /// - Parameter flags: as of open(2); those about names and making have no meaning.
    /// - Throws: `.noSuchAddressOrDevice` for other devices, fifos and sockets, `.tooManySymbolicLinkLevels` for a
    ///   symbolic link, else the call's `Errno`.
    package func opened(_ flags: Int32) throws(Errno) -> Descriptor {
        let status = try status()
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFDIR: break
        case S_IFCHR where status.st_rdev == Self.nullDevice: break
        case S_IFLNK: throw .tooManySymbolicLinkLevels
        default: throw .noSuchAddressOrDevice
        }
        return try reopened(flags)
    }

    /// Opens a stream that the user named: besides what `opened(_:)` opens a pipe, which is waited for.
    ///
    /// - Throws: as `opened(_:)`.
    package static func openStream(_ path: FilePath) throws(Errno) -> Descriptor {
        let place = try open(path, clinux_O_PATH)
        guard try place.status().st_mode & S_IFMT == S_IFIFO else { return try place.opened(O_RDONLY) }
        return try place.reopened(O_RDONLY)
    }

    /// Opens a device by a path of the program's own, which only root can change.
    ///
    /// The corresponding C function is open(2).
    static func openDevice(_ path: FilePath, _ flags: Int32) throws(Errno) -> Descriptor {
        Descriptor(owning: try retrying { path.withPlatformString { Glibc.open($0, flags | O_CLOEXEC) } })
    }

    /// Holds a name of this directory, or what is above it, as a mere place; no link is followed before the last
    /// component, there being none.
    ///
    /// The corresponding C function is openat(2) with `O_PATH`.
    /// - Parameter flags: `O_NOFOLLOW`, `O_DIRECTORY`.
    func openPlace(_ name: [UInt8], _ flags: Int32) throws(Errno) -> Descriptor {
        let flags = flags | clinux_O_PATH | O_CLOEXEC
        return Descriptor(owning: try retrying { withCString(name) { openat(rawValue, $0, flags) } })
    }

    /// Opens by a call that follows a name: directories, places and new files at once, all else as a place first.
    ///
    /// - Parameter call: open(2) or its like with flags and a mode.
    private static func throughDoor(
        _ flags: Int32, _ mode: mode_t, _ call: (Int32, mode_t) -> Int32
    ) throws(Errno) -> Descriptor {
        let makes = flags & O_CREAT != 0
        let isCertain = flags & (O_DIRECTORY | clinux_O_PATH) != 0 || (makes && flags & O_EXCL != 0)
        if isCertain { return Descriptor(owning: try retrying { call(flags | O_CLOEXEC, mode) }) }
        var attempts = 0
        while true {
            attempts += 1
            if makes {
                do throws(Errno) {
                    return Descriptor(owning: try retrying { call(flags | O_EXCL | O_CLOEXEC, mode) })
                } catch .fileExists {}
            }
            do throws(Errno) {
                let asPlace = clinux_O_PATH | flags & O_NOFOLLOW | O_CLOEXEC
                return try Descriptor(owning: try retrying { call(asPlace, 0) }).opened(flags)
            } catch .noSuchFileOrDirectory where makes && attempts < attemptLimit {
                // It was removed meanwhile.
            }
        }
    }

    /// How often a file that others make and remove is tried to be made.
    private static let attemptLimit = 100

    private func reopened(_ flags: Int32) throws(Errno) -> Descriptor {
        let kept = flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW) | O_CLOEXEC
        return Descriptor(owning: try retrying { clinux_reopen(rawValue, kept) })
    }

    /// Opens this directory, or the one above it, for reading.
    ///
    /// - Parameters:
    ///   - name: `.` or `..`.
    ///   - leavingTimes: whether the directory's time of access shall stay, where this process may ask for that.
    /// - Returns: the number of the descriptor, which belongs to the caller.
    func openForReading(_ name: String, leavingTimes: Bool = false) throws(Errno) -> Int32 {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
        if leavingTimes {
            do throws(Errno) {
                return try retrying { openat(rawValue, name, flags | clinux_O_NOATIME) }
            } catch .notPermitted {
                // Only the owner may ask for it.
            }
        }
        return try retrying { openat(rawValue, name, flags) }
    }

    /// Makes and opens a regular file that must not be there yet: openat(2) with `O_CREAT` and `O_EXCL`.
    func makeFile(_ name: [UInt8], _ flags: Int32, mode: mode_t) throws(Errno) -> Descriptor {
        let flags = flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        return Descriptor(owning: try retrying { withCString(name) { openat(rawValue, $0, flags, mode) } })
    }

    /// Holds a name of a directory as a mere place, for who counts system calls: the number of a descriptor, or -1.
    static func place(_ name: UnsafePointer<CChar>, in directory: Int32) -> Int32 {
        attempting { openat(directory, name, clinux_O_PATH | O_NOFOLLOW | O_CLOEXEC) }
    }

    /// Opens a path as a mere place as a process would whose root directory this is: see `openPathInRoot(_:)`.
    func openPlaceInRoot(_ path: [UInt8]) throws(Errno) -> Descriptor {
        let rules = clinux_RESOLVE_IN_ROOT | clinux_RESOLVE_NO_MAGICLINKS
        return Descriptor(
            owning: try retrying {
                withCString(path) { clinux_openat2(rawValue, $0, clinux_O_PATH | O_CLOEXEC, 0, rules) }
            })
    }

    /// Opens by open(2) through the door.
    static func openChecked(_ path: FilePath, _ flags: Int32, _ mode: mode_t) throws(Errno) -> Descriptor {
        try throughDoor(flags, mode) { flags, mode in path.withPlatformString { Glibc.open($0, flags, mode) } }
    }

    /// Opens by openat2(2) through the door, below this directory.
    func openCheckedBeneath(_ path: [UInt8], _ flags: Int32, _ mode: mode_t) throws(Errno) -> Descriptor {
        let rules = clinux_RESOLVE_BENEATH | clinux_RESOLVE_NO_SYMLINKS
        return try Self.throughDoor(flags, mode) { flags, mode in
            withCString(path) { clinux_openat2(rawValue, $0, flags, mode, rules) }
        }
    }

    /// `makedev(1, 3)`.
    private static let nullDevice: dev_t = 0x103
}
