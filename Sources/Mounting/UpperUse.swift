// SPDX-License-Identifier: Apache-2.0

import FuseServer
import Glibc
package import LinuxIO
package import SystemPackage

/// Who has an upper directory.
package enum UpperUse {
    /// How long a server is waited for that ends: it may still have large files to copy.
    private static let patience: Duration = .seconds(30)
    /// How long somebody is waited for who holds the lock and cannot be told: mostly a mount that is being made.
    private static let strangerPatience: Duration = .seconds(1)
    /// How often a mount is looked at before it counts: its device number can be another's by now.
    private static let looks = 3

    /// Locks an upper and its work directory, for as long as they are open.
    ///
    /// A server whose mount was just taken away, by whomever, still has them: it is waited for.
    /// - Returns: false where they are in use by a mount that stays.
    package static func lock(_ upper: Descriptor, _ work: Descriptor) throws(Errno) -> Bool {
        let identity = try WritableUpper.identity(of: upper)
        let start = ContinuousClock.now
        var seen = 0
        while true {
            if try work.tryLock(), try upper.tryLock() { return true }
            let servers = try ServerProcess.all().filter { $0.record.upperIdentity == identity }
            seen = servers.contains(where: isMounted) ? seen + 1 : 0
            let waited = ContinuousClock.now - start
            guard seen < looks, waited < (servers.isEmpty ? strangerPatience : patience) else { return false }
            if let server = servers.first, seen == 0 {
                // It may end between two looks.
                _ = try server.handle.waitForEnd(milliseconds: 100)
            } else {
                usleep(20_000)
            }
        }
    }

    private static func isMounted(_ server: ServerProcess) -> Bool {
        // One that has ended meanwhile is not.
        (try? server.isMounted()) ?? false
    }
}
