// SPDX-License-Identifier: Apache-2.0

import CLibZstd
import LinuxIO

/// Decompresses zstd frames, one after the other; skippable frames are skipped (RFC 8878).
///
/// A frame whose window is larger than 128 MiB, the library's own default, is refused: it bounds the memory. One that is
/// larger than 8 MiB, which every decoder has (§3.1.1.1.2), is begun when no other stream has such a one.
final class ZstdStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as every stream; owns its memory and its context.
    private let source: any ByteStream
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 64)
    private let context: OpaquePointer
    private var pending = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
    private var isInFrame = false
    private var isAtEnd = false
    private let largeWindow: LargeWindow?
    private var holdsLargeWindow = false

    init(_ source: any ByteStream, largeWindow: LargeWindow? = nil) throws {
        self.source = source
        self.largeWindow = largeWindow
        guard let context = ZSTD_createDCtx() else { throw ArchiveError(reason: "zstd: no memory to decompress") }
        self.context = context
    }

    deinit {
        ZSTD_freeDCtx(context)
        input.deallocate()
        // The window's memory is only now free.
        if holdsLargeWindow { largeWindow?.release() }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        while output.pos == 0, !isAtEnd {
            if !isInFrame {
                try beginFrame()
                if isAtEnd { break }
            } else if pending.pos == pending.size {
                let count = try source.read(into: input)
                pending = ZSTD_inBuffer(src: UnsafeRawPointer(input.baseAddress), size: count, pos: 0)
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

    /// Brings the next frame's header together and waits for the memory that it asks for; there may be no more frame.
    private func beginFrame() throws {
        let rest = pendingBytes
        if rest.count < ZstdFrameHeader.maximumByteCount {
            var filled = rest.count
            if let bytes = rest.baseAddress { input.baseAddress?.copyMemory(from: bytes, byteCount: filled) }
            while filled < ZstdFrameHeader.maximumByteCount {
                let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: input[filled...]))
                if count == 0 { break }
                filled += count
            }
            pending = ZSTD_inBuffer(src: UnsafeRawPointer(input.baseAddress), size: filled, pos: 0)
            isAtEnd = filled == 0
        }
        if let largeWindow, !holdsLargeWindow, ZstdFrameHeader.windowByteCount(pendingBytes) > 8 << 20 {
            largeWindow.take()
            holdsLargeWindow = true
        }
    }

    private var pendingBytes: UnsafeRawBufferPointer {
        let whole = UnsafeRawBufferPointer(start: pending.src, count: pending.size)
        return UnsafeRawBufferPointer(rebasing: whole[pending.pos...])
    }
}
