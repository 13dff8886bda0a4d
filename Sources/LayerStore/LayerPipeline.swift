// SPDX-License-Identifier: Apache-2.0

import Archive
package import FileTree
import LinuxIO
import OCI
import Threads

/// Bounds of what a layer may become, and an image of all its layers.
package struct LayerLimits: Sendable {
    /// Inflated bytes up to which no ratio is looked at.
    package var freeInflation: UInt64 = 4 << 30
    /// The most bytes that a compressed byte may stand for beyond that.
    package var inflationRatio: UInt64 = 100
    /// The most bytes of an uncompressed layer: what the tree format can address.
    package var byteCount: UInt64 = 2 << 40 - 512
    /// What the layers and the tree of an image may cost together.
    package var image = ImportLimits()

    /// The bounds that are used unless a test wants others.
    package init() {}
}

/// One pass over one layer: read and inflate, hash and write, index.
///
/// Three threads, a bounded number of chunks between them; the layer is never whole in memory.
struct LayerPipeline {
    /// What a pass found.
    struct Result: Sendable {
        var blobDigest: Digest
        var blobByteCount: UInt64
        var compression: Compression
        var diffID: DiffID
        var byteCount: UInt64
    }

    private static let chunkByteCount = 512 * 1024
    private static let queueCapacity = 8

    let name: String
    let bytes: LayerBytes
    let data: Descriptor
    let index: Descriptor
    let limits: LayerLimits
    let budget: SharedBudget

    /// Runs the pass.
    ///
    /// - Throws: the cause that lies nearest to the source: a wrong digest before what it did to the data.
    func run() throws -> Result {
        let toWriter = BoundedQueue<Chunk>(capacity: Self.queueCapacity)
        let toIndexer = BoundedQueue<Chunk>(capacity: Self.queueCapacity)
        let producer = try starting {
            defer {
                toWriter.finish()
                toIndexer.finish()
            }
            try produce([toWriter, toIndexer])
        }
        let chunks = ChunkInput(toIndexer)
        let hashed = DigestHasher.isUseful ? HashedInput(chunks) : nil
        let writer: WorkerThread<(DiffID?, UInt64)>
        do {
            writer = try starting {
                defer { toWriter.cancel() }
                return try write(toWriter, isHashed: !DigestHasher.isUseful)
            }
        } catch {
            toWriter.cancel()
            toIndexer.cancel()
            // It ends when it finds that nobody reads; what it read does not matter any more.
            _ = try? producer.join()
            throw error
        }
        let indexWriter = LayerIndexWriter { [index] bytes, offset in try index.write(bytes, at: offset) }
        let indexed = Swift.Result {
            try LayerIndexing.run(
                hashed ?? chunks, into: indexWriter, layer: name, budget: budget, hashed: hashed)
        }
        // Whatever happened there, the stream is read to its end: only its digest tells whose fault it is.
        let read = Swift.Result { try hashed?.finish() }
        while toIndexer.pop() != nil {}
        let written = Swift.Result { try writer.join() }
        let produced = Swift.Result { try producer.join() }
        try produced.get()
        let (writtenDiffID, byteCount) = try written.get()
        guard let diffID = try writtenDiffID ?? read.get() else { throw StoreError(.system, name, "was not hashed") }
        let remarks = try indexed.get()
        try indexWriter.finish(
            diffID: diffID, layerByteCount: byteCount, droppedACLCount: UInt64(remarks.aclsWithoutNumbers))
        return Result(
            blobDigest: try bytes.verify(), blobByteCount: bytes.count, compression: bytes.compression,
            diffID: diffID, byteCount: byteCount)
    }

    private func starting<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) throws -> WorkerThread<Value> {
        do {
            return try WorkerThread.started(body)
        } catch {
            throw StoreError(.system, name, "cannot start a thread: \(error)")
        }
    }

    private func produce(_ queues: [BoundedQueue<Chunk>]) throws {
        let pool = ChunkPool(byteCount: Self.chunkByteCount)
        var total: UInt64 = 0
        var excess: UInt64 = 0
        do {
            let stream = try decompressing(bytes, largeWindow: budget.largeWindow, undoesOthers: true)
            while true {
                let chunk = pool.take()
                try chunk.fill { try stream.read(into: $0) }
                if chunk.bytes.isEmpty { break }
                total += UInt64(chunk.bytes.count)
                try checkInflation(total, &excess)
                for queue in queues where !queue.push(chunk) { return }
            }
        } catch let error as ArchiveError {
            // What cannot be inflated is most often not what was promised: the digest tells.
            try bytes.drain()
            _ = try bytes.verify()
            throw StoreError(.damaged, name, error.description)
        }
        _ = try bytes.verify()
    }

    private func checkInflation(_ total: UInt64, _ excess: inout UInt64) throws {
        guard total <= limits.byteCount else {
            throw StoreError(.tooLarge, name, "inflates to more than \(limits.byteCount) bytes")
        }
        guard bytes.compression != .none else { return }
        let (fair, isBeyond) = limits.inflationRatio.multipliedReportingOverflow(by: bytes.count)
        if !isBeyond, total > fair, total - fair > excess {
            try budget.take(total - fair - excess, of: .inflatedBytes, layer: name)
            excess = total - fair
        }
        guard total > limits.freeInflation else { return }
        guard total / limits.inflationRatio <= bytes.count else {
            throw StoreError(
                .tooLarge, name,
                "inflates to more than \(limits.inflationRatio) times its size: \(total) bytes so far")
        }
    }

    // MARK: - Hashing and writing

    /// Writes the layer; returns its diff ID, if that is made here, and its size.
    private func write(_ queue: BoundedQueue<Chunk>, isHashed: Bool) throws -> (DiffID?, UInt64) {
        var hasher = isHashed ? DigestHasher() : nil
        var offset: UInt64 = 0
        while let chunk = queue.pop() {
            hasher?.update(chunk.bytes)
            try SparseWriting.write(chunk.bytes, at: offset, to: data)
            offset += UInt64(chunk.bytes.count)
        }
        try data.truncate(to: offset)
        return (hasher.map { DiffID($0.finish()) }, offset)
    }
}

/// Writing without the zeros: blocks of nothing else become holes of the file.
enum SparseWriting {
    private static let blockByteCount = 4096

    /// Writes bytes at an offset and leaves out whole blocks of zeros, as long as the file is new.
    static func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64, to file: Descriptor) throws {
        var start = 0
        var position = 0
        while position < bytes.count {
            let end = min(position + blockByteCount, bytes.count)
            if isZero(UnsafeRawBufferPointer(rebasing: bytes[position..<end])) {
                try flush(bytes, start..<position, offset, file)
                start = end
            }
            position = end
        }
        try flush(bytes, start..<bytes.count, offset, file)
    }

    private static func flush(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ offset: UInt64, _ file: Descriptor
    ) throws {
        guard !range.isEmpty else { return }
        try file.write(UnsafeRawBufferPointer(rebasing: bytes[range]), at: offset + UInt64(range.lowerBound))
    }

    private static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // Most blocks are told by their first word.
        if bytes.count >= 8, bytes.loadUnaligned(as: UInt64.self) != 0 { return false }
        let words = bytes.count / 8
        for word in 0..<words where bytes.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self) != 0 { return false }
        return bytes[(words * 8)...].allSatisfy { $0 == 0 }
    }
}
