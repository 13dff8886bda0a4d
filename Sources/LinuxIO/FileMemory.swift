// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import SystemPackage
import Threads

/// Watches how much of mapped files comes into this process's memory, the program itself included.
package final class FileMemory: Sendable {
    private let status: Descriptor?
    private let limit: Int
    /// Bytes when it was least, since the last beginning.
    private let least = Atomic(Int.max)

    /// Begins to watch.
    ///
    /// - Parameter limit: bytes that may come.
    package init(limit: Int) {
        self.limit = limit
        status = try? Descriptor.open("/proc/self/statm", O_RDONLY)  // Then nothing can be known.
        beginAgain()
    }

    /// Whether more than the limit has come since the beginning; true where nothing can be known.
    ///
    /// Takes about a microsecond and allocates nothing. The corresponding file is `statm` of proc_pid_statm(5).
    package var isOverLimit: Bool {
        guard let count = byteCount() else { return true }
        let least = least.min(count, ordering: .relaxed).newValue
        return count - least > limit
    }

    /// Begins again, mostly after memory was given back.
    package func beginAgain() {
        if let count = byteCount() { least.store(count, ordering: .relaxed) }
    }

    /// The third number of the file: pages of files.
    private func byteCount() -> Int? {
        withUnsafeTemporaryAllocation(byteCount: 128, alignment: 1) { buffer in
            guard let status else { return nil }
            let count = attempting { pread(status.rawValue, buffer.baseAddress, buffer.count, 0) }
            guard count > 0 else { return nil }
            var field = 0
            var pages = 0
            for byte in buffer[..<count] {
                if byte == UInt8(ascii: " ") {
                    field += 1
                } else if field == 2 {
                    guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte, pages < Int.max >> 24 else { return nil }
                    pages = pages * 10 + Int(byte - UInt8(ascii: "0"))
                }
            }
            return field > 2 ? pages * Int(getpagesize()) : nil
        }
    }
}
