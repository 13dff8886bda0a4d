// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// The directory of a mount as a path.
package enum MountPoint {
    /// Holds what a path that the user named leads to (`O_PATH`), symbolic links followed: the file server of a mount is
    /// not asked for the mount's root, so that a dead or stuck mount can be held too.
    package static func hold(_ path: [UInt8]) throws(Errno) -> Descriptor {
        // A blank component such as a closing slash would make the kernel look into the mount.
        var trimmed = path
        while trimmed.count > 1, trimmed.last == UInt8(ascii: "/") { trimmed.removeLast() }
        guard !trimmed.isEmpty, !trimmed.contains(0) else { throw .noSuchFileOrDirectory }
        return try Descriptor.open(FilePath(trimmed), clinux_O_PATH)
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

    /// Whether a directory has an entry besides `.` and `..`.
    package static func isEmpty(_ directory: Descriptor) throws(Errno) -> Bool {
        try directory.entries().isEmpty
    }

    /// Sets how far the kernel reads ahead on a mount: needs root.
    ///
    /// `device` is `major:minor` of the mount.
    package static func setReadahead(kibibytes: Int, device: String) throws(Errno) {
        let file = try Descriptor.open(FilePath("/sys/class/bdi/\(device)/read_ahead_kb"), O_WRONLY)
        try file.write(Array("\(kibibytes)".utf8))
    }
}
