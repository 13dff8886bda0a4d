// SPDX-License-Identifier: Apache-2.0

import CLibZstd

/// Takes a layer's bytes and gives them on, compressed or not.
package protocol LayerWriter: AnyObject {
    /// Takes the next bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws

    /// Gives on what is still to come.
    func finish() throws
}

extension Compression {
    /// What compresses so.
    ///
    /// - Parameters:
    ///   - threadCount: how many threads may work on it; the bytes are the same for any number.
    ///   - output: gets the bytes in order, valid during the call.
    package func writer(
        threadCount: Int, _ output: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws -> any LayerWriter {
        switch self {
        case .none: PlainWriter(output)
        case .gzip: try GzipWriter(threadCount: threadCount, output)
        case .zstd: try ZstdWriter(output)
        case .xz, .bzip2, .lz4, .lzip:
            throw ArchiveError(reason: "layers are not written in \(rawValue): no specification has that")
        }
    }
}

/// Gives bytes on as they are.
private final class PlainWriter: LayerWriter {
    private let output: (UnsafeRawBufferPointer) throws -> Void

    init(_ output: @escaping (UnsafeRawBufferPointer) throws -> Void) { self.output = output }

    func write(_ bytes: UnsafeRawBufferPointer) throws { try output(bytes) }

    func finish() throws {}
}

/// Compresses bytes as one zstd frame with a checksum.
private final class ZstdWriter: LayerWriter {
    private let output: (UnsafeRawBufferPointer) throws -> Void
    private let context: OpaquePointer
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)

    init(_ output: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let context = ZSTD_createCCtx() else { throw ArchiveError(reason: "zstd: no memory to compress") }
        self.context = context
        self.output = output
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 3)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    }

    deinit {
        ZSTD_freeCCtx(context)
        buffer.deallocate()
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while input.pos < input.size { _ = try step(&input, ZSTD_e_continue) }
    }

    func finish() throws {
        var input = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
        while try step(&input, ZSTD_e_end) > 0 {}
    }

    private func step(_ input: inout ZSTD_inBuffer, _ operation: ZSTD_EndDirective) throws -> Int {
        var produced = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        let left = ZSTD_compressStream2(context, &produced, &input, operation)
        guard ZSTD_isError(left) == 0 else {
            throw ArchiveError(reason: "zstd: \(String(cString: ZSTD_getErrorName(left)))")
        }
        if produced.pos > 0 { try output(UnsafeRawBufferPointer(rebasing: buffer[..<produced.pos])) }
        return left
    }
}
