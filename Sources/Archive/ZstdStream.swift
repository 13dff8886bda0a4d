// SPDX-License-Identifier: Apache-2.0

import CLibZstd
import LinuxIO

/// Decompresses zstd frames, one after the other; skippable frames are skipped (RFC 8878).
///
/// A frame whose window is larger than 128 MiB, the library's own default, is refused: it bounds the memory.
final class ZstdStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as every stream; owns its memory and its context.
    private let source: any ByteStream
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 64)
    private let context: OpaquePointer
    private var pending = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
    private var isInFrame = false
    private var isAtEnd = false

    init(_ source: any ByteStream) throws {
        self.source = source
        guard let context = ZSTD_createDCtx() else { throw ArchiveError(reason: "zstd: no memory to decompress") }
        self.context = context
    }

    deinit {
        ZSTD_freeDCtx(context)
        input.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        while output.pos == 0, !isAtEnd {
            if pending.pos == pending.size {
                let count = try source.read(into: input)
                pending = ZSTD_inBuffer(src: UnsafeRawPointer(input.baseAddress), size: count, pos: 0)
                if count == 0, !isInFrame {
                    isAtEnd = true
                    break
                }
            }
            let isFlushing = pending.size == 0
            let result = ZSTD_decompressStream(context, &output, &pending)
            guard ZSTD_isError(result) == 0 else {
                throw ArchiveError(reason: "zstd: damaged data: \(String(cString: ZSTD_getErrorName(result)))")
            }
            isInFrame = result != 0
            if isFlushing, output.pos == 0, isInFrame { throw ArchiveError(reason: "zstd: the data is cut off") }
        }
        return output.pos
    }
}
