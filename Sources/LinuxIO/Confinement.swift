// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// Giving up rights for good, before hostile bytes are read.
package enum Confinement {
    /// Leaves this process, which has one thread, with its standard descriptors, some memory and some time: no files, no
    /// network, no other process, no rights of root.
    ///
    /// - Parameters:
    ///   - memory: bytes of address space.
    ///   - seconds: of a processor.
    /// - Throws: the `Errno` where the kernel does not let itself be confined; the process must not go on then.
    package static func enter(memory: UInt64, seconds: UInt64) throws(Errno) {
        try checking { clinux_confine(memory, seconds) }
    }
    /// Starts another program that is to read hostile bytes: it may read, write below `home`, and nothing else.
    ///
    /// Root's child is nobody, so that the directory and what is in it must be nobody's: `give(toNobody:)`. A thread gives
    /// up its rights and starts it, as rights are a thread's. Memory and files have so many bytes at the most.
    ///
    /// - Throws: the `Errno` where the thread cannot be confined, and then nothing is started, or of starting.
    package static func start(
        _ spawn: Spawn, home: Descriptor, memory: UInt64, seconds: UInt64, fileSize: UInt64
    ) throws -> ChildProcess {
        let thread = try WorkerThread.started {
            try checking { clinux_confine_thread(home.rawValue) }
            let child = try spawn.start()
            do throws(Errno) {
                // Whoever is the same user may, without rights of root.
                try checking { clinux_limit_process(child.identifier, memory, seconds, fileSize) }
            } catch {
                child.kill()
                // `try?`: that it could not be bounded is what is told.
                _ = try? child.wait()
                throw error
            }
            return child
        }
        return try thread.join()
    }

    /// Gives what root has made for a confined child to nobody; for others nothing changes.
    package static func give(toNobody file: Descriptor) throws(Errno) {
        guard geteuid() == 0 else { return }
        // A namespace may have no such number; its root keeps the file, and its child stays root without rights.
        do throws(Errno) {
            _ = try retrying { fchown(file.rawValue, 65_534, 65_534) }
        } catch .invalidArgument {}
    }
}
