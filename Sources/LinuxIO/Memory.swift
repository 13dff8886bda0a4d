// SPDX-License-Identifier: Apache-2.0

import CLinux

/// How the C library deals with memory.
package enum Memory {
    /// Makes blocks of a megabyte and more go back to the system as soon as they are free.
    ///
    /// Otherwise the C library takes them from its heap once a large block was freed, and keeps what becomes free there.
    /// The corresponding C function is mallopt(3) with `M_MMAP_THRESHOLD`.
    package static func returnLargeBlocks() { clinux_return_blocks(1 << 20) }
}
