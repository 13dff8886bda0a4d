// SPDX-License-Identifier: Apache-2.0

import Archive
import FileTree
import OCI

/// Makes a layer's index of its tar while the tar streams by: every entry, every file's digest.
///
/// Small files are hashed many at a time; until their digests are known, their entries wait, and all that follow, so
/// that the index keeps the order of the tar.
struct LayerIndexing {
    /// What waiting entries may take of memory; one alone may take more.
    private static let maximumWaitingByteCount = 4 << 20

    private let writer: LayerIndexWriter
    private let layer: String
    private let budget: SharedBudget
    private let hashed: HashedInput?
    private var reader: TarReader
    private var holes = HoleBudget()
    private var batch = DigestBatch()
    private var waiting: [LayerEntry] = []
    private var waitingByteCount = 0
    /// Where in `waiting` the files of the batch are, in its order.
    private var batched: [Int] = []

    /// Reads a tar to its end and adds its entries to an index that the caller finishes.
    ///
    /// - Parameters:
    ///   - layer: the layer, for errors.
    ///   - budget: what entries and holes are counted in.
    ///   - hashed: the input, if the digest of all its bytes is made with those of its files.
    /// - Throws: `StoreError` for what is no tar or costs too much; what input and writer throw.
    static func run(
        _ input: any TarInput, into writer: LayerIndexWriter, layer: String, budget: SharedBudget,
        hashed: HashedInput? = nil
    ) throws -> TarReader.Remarks {
        var indexing = LayerIndexing(
            writer: writer, reader: TarReader(input), layer: layer, budget: budget, hashed: hashed)
        defer { indexing.batch.deallocate() }
        do {
            while let entry = try indexing.reader.next() { try indexing.add(entry) }
            try indexing.flush()
        } catch let error as ArchiveError {
            throw StoreError(.damaged, layer, error.description)
        }
        return indexing.reader.remarks
    }

    private init(
        writer: LayerIndexWriter, reader: TarReader, layer: String, budget: SharedBudget, hashed: HashedInput?
    ) {
        self.writer = writer
        self.reader = reader
        self.layer = layer
        self.budget = budget
        self.hashed = hashed
    }

    private mutating func add(_ entry: TarEntry) throws {
        switch entry.kind {
        case .hardLink(let target):
            try write(LayerEntry(path: entry.path, kind: .hardLink(target: target)))
        case .file(let attributes):
            let isDense = attributes.size == entry.storedSize && entry.extents.count <= 1
            if isDense, attributes.type == .regular, DigestBatch.isUseful,
                let byteCount = Int(exactly: entry.storedSize), byteCount <= DigestBatch.maximumMessageByteCount
            {
                return try addToBatch(entry, attributes, byteCount)
            }
            let digest = try contentDigest(of: entry, attributes)
            try write(
                LayerEntry(
                    path: entry.path, kind: .file(attributes, extents: entry.extents, contentDigest: digest)))
        }
    }

    private mutating func addToBatch(_ entry: TarEntry, _ attributes: Attributes, _ byteCount: Int) throws {
        if !batch.hasRoom(for: byteCount) { try flush() }
        batch.begin(byteCount: byteCount)
        try reader.readData { batch.append($0) }
        batch.end()
        batched.append(waiting.count)
        try wait(LayerEntry(path: entry.path, kind: .file(attributes, extents: entry.extents, contentDigest: nil)))
    }

    private mutating func write(_ entry: LayerEntry) throws {
        guard waiting.isEmpty else { return try wait(entry) }
        try budget.take(entry, layer: layer)
        try writer.add(entry)
    }

    private mutating func wait(_ entry: LayerEntry) throws {
        try budget.take(entry, layer: layer)
        waiting.append(entry)
        // Entries that need no digest, and large files, may come without end; each may be large.
        waitingByteCount += IndexRecord.byteCount(entry) + MemoryLayout<LayerEntry>.stride
        if waitingByteCount >= Self.maximumWaitingByteCount { try flush() }
    }

    private mutating func flush() throws {
        let digests = batch.finish()
        for (position, digest) in zip(batched, digests) {
            if case .file(let attributes, let extents, _) = waiting[position].kind {
                waiting[position].kind = .file(attributes, extents: extents, contentDigest: digest)
            }
        }
        for entry in waiting { try writer.add(entry) }
        waiting.removeAll(keepingCapacity: true)
        batched.removeAll(keepingCapacity: true)
        waitingByteCount = 0
    }

    /// The digest of a file that is large or has holes; nil for what is no file, or has more holes than are hashed.
    private mutating func contentDigest(of entry: TarEntry, _ attributes: Attributes) throws -> Digest? {
        guard attributes.type == .regular else { return nil }
        var hasher = ContentHasher(hashed)
        let stored = entry.storedSize
        guard attributes.size != stored || entry.extents.count > 1 else {
            try reader.readData { hasher.update($0) }
            return hasher.finish()
        }
        guard holes.take(attributes.size - stored) else {
            try reader.readData { _ in }
            return nil
        }
        try budget.take(attributes.size - stored, of: .holeBytes, layer: layer, entry: entry.path)
        var position: UInt64 = 0
        var rest = entry.extents[...]
        var left = rest.first?.length ?? 0
        try reader.readData { bytes in
            var bytes = bytes
            while !bytes.isEmpty, let extent = rest.first {
                if position < extent.fileOffset { HoleBudget.addZeros(extent.fileOffset - position, to: &hasher) }
                let count = Int(min(UInt64(bytes.count), left))
                hasher.update(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                bytes = UnsafeRawBufferPointer(rebasing: bytes[count...])
                left -= UInt64(count)
                position = extent.fileOffset + extent.length - left
                if left == 0 {
                    rest = rest.dropFirst()
                    left = rest.first?.length ?? 0
                }
            }
        }
        HoleBudget.addZeros(attributes.size - position, to: &hasher)
        return hasher.finish()
    }
}

/// How many zeros of holes a layer makes us hash: a tar of a few kilobytes can promise exabytes.
///
/// Which files have a digest is told by the layer alone; what an import's layers may cost together is the import's.
struct HoleBudget {
    /// Bytes of holes hashed for a layer; files beyond them have no digest.
    static let maximumByteCount: UInt64 = 4 << 30
    private var left = maximumByteCount
    private static let zeros = [UInt8](repeating: 0, count: 64 * 1024)

    /// Takes from the budget; false, and nothing taken, if it is not enough.
    mutating func take(_ count: UInt64) -> Bool {
        guard count <= left else { return false }
        left -= count
        return true
    }

    static func addZeros(_ count: UInt64, to hasher: inout ContentHasher) {
        var rest = count
        while rest > 0 {
            let piece = min(rest, UInt64(zeros.count))
            zeros.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<Int(piece)])) }
            rest -= piece
        }
    }
}
