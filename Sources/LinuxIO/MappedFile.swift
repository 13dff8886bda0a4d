// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage
import Threads

/// A file mapped read-only into memory, unmapped when its last owner goes away.
///
/// Only files of our own store are mapped: if another process shortens the file, touching the lost part raises SIGBUS.
package final class MappedFile: @unchecked Sendable {
    // SAFETY: the memory is never written and lives as long as this object; `bytes` must not outlive it.
    /// The file's bytes, valid while this object lives.
    package let bytes: UnsafeRawBufferPointer

    /// Maps a whole file; an empty file gives empty bytes.
    ///
    /// The corresponding C function is mmap(2).
    package init(_ descriptor: Descriptor) throws(Errno) {
        let size = try descriptor.size()
        guard let count = Int(exactly: size) else { throw .fileTooLarge }
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        var mapped: UnsafeMutableRawPointer?
        _ = try retrying {
            mapped = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor.rawValue, 0)
            return mapped == MAP_FAILED ? -1 : 0
        }
        guard let address = mapped else { throw .noMemory }
        bytes = UnsafeRawBufferPointer(start: address, count: count)
        // What is touched shall come, not the 2 MiB around it. Advice: where it fails, there are no such pages.
        _ = madvise(address, count, MADV_NOHUGEPAGE)
    }

    /// Takes the file's pages out of our memory; they come back from the page cache as they are touched.
    ///
    /// Any thread may read meanwhile. The corresponding C function is madvise(2) with `MADV_DONTNEED`.
    package func release() {
        guard let address = bytes.baseAddress else { return }
        // Advice: where it fails, the pages stay.
        _ = madvise(UnsafeMutableRawPointer(mutating: address), bytes.count, MADV_DONTNEED)
    }

    deinit {
        guard let address = bytes.baseAddress else { return }
        munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    }
}
