// SPDX-License-Identifier: Apache-2.0

import CLinux
package import Glibc
package import SystemPackage
import Threads

/// What a directory's descriptor tells of the names in it; symbolic links are never followed.
///
/// Names are single components; `.` means the directory itself.
extension Descriptor {
    /// The names in this directory in the order of the file system, without `.` and `..`.
    ///
    /// See `entries()`.
    package func entryNames() throws(Errno) -> [[UInt8]] { try entries().map(\.name) }

    /// What this directory lists, in the order of the file system, without `.` and `..`.
    ///
    /// The descriptor's own position is neither used nor moved, so threads may share it. Built on getdents64(2).
    /// - Parameter leavingTimes: whether the directory's time of access shall stay, where this process may ask for that.
    /// - Throws: the `Errno` of opening or reading.
    package func entries(leavingTimes: Bool = false) throws(Errno) -> [ListedName] {
        let directory = Descriptor(owning: try openForReading(".", leavingTimes: leavingTimes))
        var found: [ListedName] = []
        try OpenFile(directory).entries(from: 0) { entry in
            if !entry.name.elementsEqual(".".utf8), !entry.name.elementsEqual("..".utf8) {
                found.append(ListedName(name: Array(entry.name), inode: entry.inode, typeNumber: entry.type))
            }
            return true
        }
        return found
    }

    /// What open(2) has for who leaves times of access alone: `O_NOATIME`.
    package static let leavingTimes = clinux_O_NOATIME

    /// Metadata of a name in this directory, or of the open file itself for a name of no bytes.
    ///
    /// The corresponding C function is fstatat(2).
    package func entryStatus(_ name: [UInt8]) throws(Errno) -> stat {
        var result = stat()
        _ = try retrying {
            withCString(name) { fstatat(rawValue, $0, &result, atFlags(name)) }
        }
        return result
    }

    /// The target of a symbolic link in this directory.
    ///
    /// The corresponding C function is readlinkat(2).
    package func entryTarget(_ name: [UInt8]) throws(Errno) -> [UInt8] {
        var capacity = 4096
        while true {
            var target = [UInt8](repeating: 0, count: capacity)
            let count = try retrying {
                withCString(name) { name in
                    target.withUnsafeMutableBytes { buffer in
                        let start = buffer.assumingMemoryBound(to: CChar.self).baseAddress
                        return start.map { readlinkat(rawValue, name, $0, capacity) } ?? 0
                    }
                }
            }
            // A full buffer may be a cut target.
            if count < capacity { return Array(target.prefix(count)) }
            guard capacity < 1 << 20 else { throw .fileNameTooLong }
            capacity *= 4
        }
    }
}

/// `AT_SYMLINK_NOFOLLOW`, and `AT_EMPTY_PATH` where no name is given.
func atFlags(_ name: [UInt8]) -> Int32 {
    name.isEmpty ? AT_SYMLINK_NOFOLLOW | clinux_AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW
}

/// The number of a device made of its two parts.
///
/// The corresponding C function is makedev(3).
package func deviceNumber(major: UInt32, minor: UInt32) -> dev_t { dev_t(clinux_makedev(major, minor)) }

/// The number of a device as its two parts.
///
/// The corresponding C functions are major(3) and minor(3).
package func deviceParts(_ device: dev_t) -> (major: UInt32, minor: UInt32) {
    (clinux_major(UInt64(device)), clinux_minor(UInt64(device)))
}

/// A name that a directory lists, with what the listing itself tells of the file.
package struct ListedName: Hashable, Sendable {
    /// The name: 1…255 bytes.
    package var name: [UInt8]
    /// The inode number (`d_ino`).
    package var inode: UInt64
    /// The type as `d_type` has it, `S_IFMT` shifted right by 12; 0 where the file system does not tell.
    package var typeNumber: UInt8

    /// Makes an entry.
    package init(name: [UInt8], inode: UInt64, typeNumber: UInt8) {
        self.name = name
        self.inode = inode
        self.typeNumber = typeNumber
    }
}

/// The number of a device from its two parts.
///
/// The corresponding C function is makedev(3).
package func deviceNumber(major: UInt32, minor: UInt32) -> UInt64 { clinux_makedev(major, minor) }
