// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// What a process cannot choose about itself, by its number: see `checkRunning()`.
extension ProcessHandle {
    /// Whether it runs the same program file as this process: by device and inode, whatever the file is called now.
    ///
    /// - Throws: `.permissionDenied` where it is another user's.
    package func runsOwnProgram() throws(Errno) -> Bool {
        let own = try PlaceIdentity(following: "/proc/self/exe")
        return try PlaceIdentity(following: "/proc/\(identifier)/exe").isSameFile(as: own)
    }

    /// Whether its real, effective, saved and file system users are all this one: a set-user-ID program that another
    /// user has started has that user's number among them.
    ///
    /// - Throws: `.noSuchProcess` where it has ended.
    package func belongs(to user: UInt32) throws(Errno) -> Bool {
        let text = try Descriptor.open(FilePath("/proc/\(identifier)/status")).readToEnd()
        // See proc_pid_status(5); nothing that the process chose begins a line, its name is escaped.
        let line = text.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: "Uid:".utf8) } ?? []
        let numbers = String(decoding: line.dropFirst(4), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        return numbers.count == 4 && numbers.allSatisfy { UInt32($0) == user }
    }

    /// The mounts that it sees.
    ///
    /// - Throws: `.permissionDenied` where it is another user's.
    package func mounts() throws(Errno) -> [MountEntry] {
        MountTable.parse(try Descriptor.open(FilePath("/proc/\(identifier)/mountinfo")).readToEnd())
    }

    /// Opens one of its descriptors once more, for reading: only a regular file or a directory.
    ///
    /// Only of a process that is this user's own and runs the same program.
    /// - Throws: as `Descriptor.open`.
    package func open(descriptor: Int32, _ flags: Int32 = 0) throws(Errno) -> Descriptor {
        try Descriptor.open(FilePath("/proc/\(identifier)/fd/\(descriptor)"), O_RDONLY | flags)
    }
}
