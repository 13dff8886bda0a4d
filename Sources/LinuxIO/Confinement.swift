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
}
