// SPDX-License-Identifier: Apache-2.0

import CLinux

/// How the C library deals with memory.
package enum Memory {
    /// Gives back to the system what is free, and from now on blocks of a megabyte and more as soon as they are.
    ///
    /// Otherwise the C library takes them from its heap once a large block was freed, and keeps what becomes free there,
    /// and what threads that have ended left in theirs. The corresponding C functions are malloc_trim(3) and mallopt(3)
    /// with `M_MMAP_THRESHOLD`.
    package static func returnLargeBlocks() { clinux_return_blocks(1 << 20) }
}
