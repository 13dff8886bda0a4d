// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Memory for a reply, one block for each thread that answers: a new block for each reply would cost a third of the
/// speed of reading.
enum ReplyBuffer {
    /// The kernel asks for at most 256 pages at once.
    static let usualCount = 1 << 20
    private static let limit = 1 << 26

    private static let key: pthread_key_t? = {
        var key = pthread_key_t()
        return pthread_key_create(&key, { free($0) }) == 0 ? key : nil
    }()

    /// Lends memory of a count of bytes, at most 64 MiB, to `body`; nil where there is none left.
    static func with<Result>(
        byteCount: Int, _ body: (UnsafeMutableRawBufferPointer) -> Result
    ) -> Result? {
        let count = min(max(byteCount, 0), limit)
        if count <= usualCount, let block = threadBlock() {
            return body(UnsafeMutableRawBufferPointer(start: block, count: count))
        }
        guard let block = malloc(max(count, 1)) else { return nil }
        defer { free(block) }
        return body(UnsafeMutableRawBufferPointer(start: block, count: count))
    }

    private static func threadBlock() -> UnsafeMutableRawPointer? {
        guard let key else { return nil }
        if let block = pthread_getspecific(key) { return block }
        guard let block = malloc(usualCount) else { return nil }
        guard pthread_setspecific(key, block) == 0 else {
            free(block)
            return nil
        }
        return block
    }
}
