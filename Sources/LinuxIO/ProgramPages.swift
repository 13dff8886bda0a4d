// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The pages of the program's own file and of its libraries' that are in this process's memory.
package enum ProgramPages {
    /// Takes code and constants out of our memory; what is used comes back from the page cache as it is touched.
    ///
    /// Starting a program touches far more of it than it needs afterwards. Any thread may run meanwhile. The
    /// corresponding C function is madvise(2) with `MADV_DONTNEED`.
    package static func release() {
        clinux_for_each_segment { start, count, flags in
            // What may be written to is not in memory as it is in the file.
            guard flags & ProgramPages.writable == 0 else { return }
            let last = (start + UInt(count)) & ~ProgramPages.pageMask
            let first = (start + ProgramPages.pageMask) & ~ProgramPages.pageMask
            guard first < last, let address = UnsafeMutableRawPointer(bitPattern: first) else { return }
            // Advice: where it fails, the pages stay.
            _ = madvise(address, Int(last - first), MADV_DONTNEED)
        }
    }

    /// PF_W of elf(5).
    private static let writable: UInt32 = 2
    private static let pageMask = UInt(getpagesize()) - 1
}
