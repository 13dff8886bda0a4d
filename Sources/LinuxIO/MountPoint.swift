// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// The directory of a mount as a path.
package enum MountPoint {
    /// The absolute path without symbolic links of a file that need not answer: the file server of a mount is not
    /// asked for the mount's root, so that a dead or stuck mount has a path too.
    package static func canonicalPath(of path: [UInt8]) throws(Errno) -> [UInt8] {
        // A blank component such as a closing slash would make the kernel look into the mount.
        var trimmed = path
        while trimmed.count > 1, trimmed.last == UInt8(ascii: "/") { trimmed.removeLast() }
        guard !trimmed.isEmpty, !trimmed.contains(0) else { throw .noSuchFileOrDirectory }
        let descriptor = Descriptor(
            owning: try retrying { withCString(trimmed) { Glibc.open($0, clinux_O_PATH | O_CLOEXEC) } })
        return try Self.path(of: descriptor)
    }

    /// The path at which an open file is found now; ends in ` (deleted)` where it no longer is.
    package static func path(of descriptor: Descriptor) throws(Errno) -> [UInt8] {
        try linkTarget("/proc/self/fd/\(descriptor.rawValue)")
    }

    /// What a link of `/proc` says: readlink(2).
    package static func linkTarget(_ link: String) throws(Errno) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 16)
        let count = try retrying { readlink(link, &buffer, Int(PATH_MAX) + 16) }
        return buffer[..<count].map { UInt8(bitPattern: $0) }
    }

    /// Opens a directory by its canonical path.
    package static func openDirectory(_ path: [UInt8]) throws(Errno) -> Descriptor {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        return Descriptor(owning: try retrying { withCString(path) { Glibc.open($0, flags) } })
    }

    /// Whether a directory has an entry besides `.` and `..`.
    package static func isEmpty(_ directory: Descriptor) throws(Errno) -> Bool {
        try directory.entries().isEmpty
    }

    /// Unmounts the visible mount of a path; the corresponding C function is umount2(2).
    ///
    /// - Parameter lazily: whether to take it out of sight although files of it are in use (`MNT_DETACH`).
    package static func unmount(_ path: [UInt8], lazily: Bool) throws(Errno) {
        let flags = clinux_UMOUNT_NOFOLLOW | (lazily ? clinux_MNT_DETACH : 0)
        _ = try retrying { withCString(path) { clinux_umount2($0, flags) } }
    }

    /// Asks the file system of a mount for its statistics, which its server must answer: statvfs(3).
    ///
    /// - Throws: `.socketNotConnected` where the server has died.
    package static func probe(_ path: [UInt8]) throws(Errno) {
        var answer = statvfs()
        _ = try retrying { withCString(path) { statvfs($0, &answer) } }
    }

    /// The same with an end: a server may never answer.
    ///
    /// - Parameter milliseconds: how long to wait. The thread that asks a server which does not answer stays until the
    ///   process ends.
    /// - Throws: as `probe(_:)`; `.timedOut`.
    package static func probe(_ path: [UInt8], milliseconds: Int32) throws(Errno) {
        let answered = try Pipe()
        let end = answered.writeEnd
        let asking = try WorkerThread<Errno?>.started {
            // The one who waits may have gone.
            defer { _ = try? end.write([0]) }
            do throws(Errno) {
                try probe(path)
                return nil
            } catch {
                return error
            }
        }
        var waiting = pollfd(fd: answered.readEnd.rawValue, events: Int16(POLLIN), revents: 0)
        guard try retrying({ poll(&waiting, 1, milliseconds) }) > 0 else { throw .timedOut }
        // The thread throws nothing.
        if let problem = try? asking.join() { throw problem }
    }

    /// Sets how far the kernel reads ahead on a mount: needs root.
    ///
    /// - Parameter device: `major:minor` of the mount.
    package static func setReadahead(kibibytes: Int, device: String) throws(Errno) {
        let file = try Descriptor.open(FilePath("/sys/class/bdi/\(device)/read_ahead_kb"), O_WRONLY)
        try file.write(Array("\(kibibytes)".utf8))
    }
}
