// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage
import Threads

extension Descriptor {
    /// Takes over a descriptor that the process was started with; its own children do not get it: fcntl(2).
    package static func inherited(_ number: Int32) throws(Errno) -> Descriptor {
        _ = try retrying { fcntl(number, F_SETFD, FD_CLOEXEC) }
        return Descriptor(owning: number)
    }

    /// A copy of a descriptor that the process was started with, which stays open under its number as long as the process
    /// lives.
    package static func copied(inherited number: Int32) throws(Errno) -> Descriptor {
        _ = try retrying { fcntl(number, F_SETFD, FD_CLOEXEC) }
        return Descriptor(owning: try retrying { fcntl(number, F_DUPFD_CLOEXEC, 0) })
    }
}

/// Standard error as the pipe on which a command waits for what it started.
package enum ReadyPipe {
    /// Tells whoever waits that the process is ready, and lets go of the pipe.
    ///
    /// - Returns: whether somebody waited.
    package static func tell() -> Bool {
        // `try?`: a command that is gone waits for nothing.
        guard (try? retrying { write(STDERR_FILENO, [0], 1) }) == 1 else { return false }
        // `try?`: a server without a place for its messages still serves.
        if let null = try? Descriptor.open("/dev/null", O_WRONLY) { dup2(null.rawValue, STDERR_FILENO) }
        return true
    }
}
