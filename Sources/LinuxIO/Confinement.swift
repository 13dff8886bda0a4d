// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// Giving up rights for good, before hostile bytes are read.
package enum Confinement {
    /// Leaves this process, which has one thread, with its standard descriptors, some bytes of address space and some
    /// seconds of a processor: no files, no network, no other process, no rights of root.
    ///
    /// - Throws: the `Errno` where the kernel does not let itself be confined; the process must not go on then.
    package static func enter(memory: UInt64, seconds: UInt64) throws(Errno) {
        try checking { clinux_confine(memory, seconds) }
    }

    /// A user that no other program is, of a range that no system gives out: whoever is a process's user can look into it
    /// and change its files, as those could who are nobody too.
    package static func stranger() -> UInt32 { UInt32.random(in: 0x7000_0000...0x7FFF_FFFF) }

    /// Starts another program that is to read hostile bytes: it may read, write below `home`, and nothing else.
    ///
    /// Root's child is `user`, whose `home` and what is in it must be: `give(_:to:)`. The rights that a thread gives up are
    /// given up here. Memory and files have so many bytes at the most.
    ///
    /// - Throws: the `Errno` where the thread cannot be confined, and then nothing is started, or of starting.
    package static func start(
        _ spawn: Spawn, home: Descriptor, user: UInt32, memory: UInt64, seconds: UInt64, fileSize: UInt64
    ) throws -> ChildProcess {
        let thread = try WorkerThread.started {
            try checking { clinux_confine_thread(home.rawValue, user) }
            let child = try spawn.start()
            do throws(Errno) {
                // Whoever is the same user may, without rights of root.
                try checking { clinux_limit_process(child.identifier, memory, seconds, fileSize) }
            } catch {
                child.kill()
                _ = try? child.wait()  // That it could not be bounded is what is told.
                throw error
            }
            return child
        }
        return try thread.join()
    }

    /// Gives what root has made for a confined child to its user; for others nothing changes.
    package static func give(_ file: Descriptor, to user: UInt32) throws(Errno) {
        guard geteuid() == 0 else { return }
        // A namespace may have no such number; its root keeps the file, and its child stays root without rights.
        do throws(Errno) {
            _ = try retrying { fchown(file.rawValue, user, user) }
        } catch .invalidArgument {}
    }
}
