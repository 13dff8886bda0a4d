// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Threads

/// What one stream at a time may have of those that share it: a zstd window of more than 8 MiB, of up to 128.
///
/// Such streams are rare, and one of them costs more memory than all else of an import; the others wait until its last
/// reader has let go of it. A stream that waits must not be what the one that holds it waits for.
package final class LargeWindow: Sendable {
    private let monitor = Monitor()
    // SAFETY: looked at and changed only while the monitor is held.
    private nonisolated(unsafe) var isTaken = false

    /// Makes one that nobody holds.
    package init() {}

    /// Waits until nobody holds it, and holds it.
    func take() {
        monitor.hold {
            while isTaken { monitor.wait() }
            isTaken = true
        }
    }

    /// Lets the next one go on.
    func release() {
        monitor.hold {
            isTaken = false
            monitor.notifyOne()
        }
    }
}

/// What the beginning of a zstd frame says of the memory that its decompression takes (RFC 8878 §3.1.1.1).
enum ZstdFrameHeader {
    /// The most bytes that a frame's header has, its magic number included.
    static let maximumByteCount = 18

    /// The window's size in bytes: zero for a skippable frame and for what is none or is cut off.
    ///
    /// - Parameter bytes: a frame's first bytes, `maximumByteCount` of them if there are so many.
    static func windowByteCount(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        guard bytes.count > 5, bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) else { return 0 }
        let descriptor = bytes[4]
        guard descriptor & 0x20 != 0 else {
            let (exponent, mantissa) = (UInt64(bytes[5] >> 3), UInt64(bytes[5] & 7))
            let base: UInt64 = 1 << (10 + exponent)
            return base + base / 8 * mantissa
        }
        // A single segment: the window is the content, whose size follows the identifier of a dictionary.
        let start = 5 + [0, 1, 2, 4][Int(descriptor & 3)]
        let count = [1, 2, 4, 8][Int(descriptor >> 6)]
        guard bytes.count >= start + count else { return 0 }
        let size = bytes[start..<start + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        return count == 2 ? size + 256 : size
    }
}
