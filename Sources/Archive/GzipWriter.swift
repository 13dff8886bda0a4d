// SPDX-License-Identifier: Apache-2.0

import CLibZ
import Threads

/// Compresses bytes as one gzip member, in pieces that several threads can work on.
///
/// A piece of 1 MiB begins with what the piece before it ended with as its dictionary, and ends with a sync flush; every
/// fourth begins with nothing, so that reading can begin there. So the bytes are the same for any number of threads, on
/// any machine with the same zlib; another version of it may give others.
final class GzipWriter: LayerWriter {
    private static let pieceByteCount = 1 << 20
    private static let dictionaryByteCount = 32 << 10
    private static let independentInterval = 4
    private static let level: Int32 = 6

    private let output: (UnsafeRawBufferPointer) throws -> Void
    private let threadCount: Int
    private var pieces: [[UInt8]] = []
    private var current: [UInt8] = []
    /// How many pieces came before those that wait.
    private var writtenCount = 0
    private var dictionary: [UInt8] = []
    private var checksum = crc32(0, nil, 0)
    private var byteCount: UInt64 = 0

    init(threadCount: Int, _ output: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        self.output = output
        self.threadCount = max(1, threadCount)
        // No name, no time; an extra flag of 0 and a system of 255 tell nothing of this one.
        try Self.put([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255], output)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = min(rest.count, Self.pieceByteCount - current.count)
            current.append(contentsOf: rest.prefix(count))
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            guard current.count == Self.pieceByteCount else { continue }
            pieces.append(current)
            current = []
            if pieces.count == threadCount { try flush(isLast: false) }
        }
    }

    func finish() throws {
        pieces.append(current)
        try flush(isLast: true)
        var trailer: [UInt8] = []
        for number in [UInt32(truncatingIfNeeded: checksum), UInt32(truncatingIfNeeded: byteCount)] {
            trailer += (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        try Self.put(trailer, output)
    }

    private func flush(isLast: Bool) throws {
        let waiting = pieces
        pieces = []
        var workers: [WorkerThread<[UInt8]>] = []
        for (index, piece) in waiting.enumerated() {
            let isIndependent = (writtenCount + index) % Self.independentInterval == 0
            let start = isIndependent ? [] : dictionary
            dictionary = Array(piece.suffix(Self.dictionaryByteCount))
            let ends = isLast && index == waiting.count - 1
            workers.append(WorkerThread { try Self.deflated(piece, after: start, isLast: ends) })
            checksum = piece.withUnsafeBufferPointer {
                $0.isEmpty ? checksum : crc32(checksum, $0.baseAddress, UInt32($0.count))
            }
            byteCount &+= UInt64(piece.count)
        }
        writtenCount += waiting.count
        // Every thread is waited for, whatever one of them says.
        let results = workers.map { worker in Result { try worker.join() } }
        for result in results { try Self.put(result.get(), output) }
    }

    private static func put(_ bytes: [UInt8], _ output: (UnsafeRawBufferPointer) throws -> Void) throws {
        try bytes.withUnsafeBytes { try output($0) }
    }

    private static func deflated(_ piece: [UInt8], after dictionary: [UInt8], isLast: Bool) throws -> [UInt8] {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard deflateInit2_(&stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK else {
            throw ArchiveError(reason: "gzip: no memory to compress")
        }
        defer { deflateEnd(&stream) }
        if !dictionary.isEmpty {
            _ = dictionary.withUnsafeBufferPointer {
                deflateSetDictionary(&stream, $0.baseAddress, UInt32($0.count))
            }
        }
        var input = piece
        // A sync flush takes five bytes at the most, and what an earlier one left may take some.
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(piece.count))) + 64)
        let (status, produced) = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                return (deflate(&stream, isLast ? Z_FINISH : Z_SYNC_FLUSH), Int(stream.total_out))
            }
        }
        guard status == (isLast ? Z_STREAM_END : Z_OK), stream.avail_in == 0, isLast || stream.avail_out > 0 else {
            throw ArchiveError(reason: "gzip: cannot compress")
        }
        return Array(output[..<produced])
    }
}
