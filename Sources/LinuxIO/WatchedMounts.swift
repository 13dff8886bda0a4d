// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
package import SystemPackage
import Threads

/// The mounts of one mount namespace, read again only where something was mounted or unmounted since.
///
/// It stays the table of that namespace whatever becomes of the process whose table was opened.
package final class WatchedMounts: Sendable {
    private let table: Descriptor
    private let known = Mutex<[MountEntry]?>(nil)

    /// Opens the table of this process's mount namespace.
    package init() throws(Errno) { table = try Descriptor.open("/proc/self/mountinfo") }

    /// Opens the table of a process.
    ///
    /// - Throws: `.permissionDenied` where it is another user's, `.noSuchProcess` where it has ended.
    package init(of process: ProcessHandle) throws(Errno) {
        table = try Descriptor.open(FilePath("/proc/\(process.identifier)/mountinfo"))
        try process.checkRunning()
    }

    /// The mounts as they are now.
    package func mounts() throws(Errno) -> [MountEntry] {
        try known.withLock { known throws(Errno) in
            if let known, !hasChanged { return known }
            _ = try retrying { lseek(table.rawValue, 0, SEEK_SET) }
            let found = MountTable.parse(try table.readToEnd())
            known = found
            return found
        }
    }

    /// Whether something was mounted or unmounted since this was asked last: the kernel tells by `POLLERR`.
    private var hasChanged: Bool {
        var wanted = pollfd(fd: table.rawValue, events: Int16(POLLPRI), revents: 0)
        return poll(&wanted, 1, 0) != 0
    }
}
