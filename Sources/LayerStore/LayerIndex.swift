// SPDX-License-Identifier: Apache-2.0

package import FileTree
import Glibc
package import LinuxIO
package import OCI
import Synchronization
import SystemPackage

/// The entries of a stored layer: a mapped file that was written while the layer was inflated.
///
/// The file begins with a header of 96 bytes and is described in docs/store-format.md.
package final class LayerIndex: LayerEntries, Sendable {
    /// Names the version of what the reader of tars makes of them: an older one's index is derived again.
    static let magic = Array("CIMGLYR2".utf8)
    static let headerByteCount = 96
    /// So much of the file is in our memory while it is read from its start to its end.
    private static let residentByteCount = 2 << 20

    /// The layer.
    package let diffID: DiffID
    /// Entries in the layer.
    package let entryCount: UInt64
    /// Bytes of the uncompressed layer.
    package let layerByteCount: UInt64
    /// Access control lists that were dropped: they name users without numbers.
    package let droppedACLCount: UInt64
    private let file: MappedFile
    /// Whether entries were looked up since the file's pages were last given back.
    private let isTouched = Atomic(false)
    private let markersOffset: Int
    private let markerCount: UInt64

    /// Maps the index of a layer.
    ///
    /// - Throws: `StoreError` if the file is not the whole index of this layer.
    package init(_ descriptor: Descriptor, diffID: DiffID) throws {
        self.diffID = diffID
        do throws(Errno) {
            file = try MappedFile(descriptor)
        } catch {
            throw StoreError(.system, "layer \(diffID)", "its index: \(error)")
        }
        let written = Array(file.bytes.prefix(Self.magic.count))
        guard written == Self.magic || written.dropLast() != Self.magic.dropLast() else {
            throw StoreError(.damaged, "layer \(diffID)", "its index was made by another version of cimg")
        }
        var header = ByteCursor(file.bytes)
        guard let magic = header.take(8), magic.elementsEqual(Self.magic), let digest = header.take(Digest.byteCount),
            Digest(digest) == diffID.digest, let entries: UInt64 = header.number(),
            let byteCount: UInt64 = header.number(), let markersOffset: UInt64 = header.number(),
            let markers: UInt64 = header.number(), let end: UInt64 = header.number(),
            let acls: UInt64 = header.number(), end == UInt64(file.bytes.count),
            let start = Int(exactly: markersOffset), start <= file.bytes.count, start >= Self.headerByteCount,
            markers <= UInt64(file.bytes.count - start) / 8
        else { throw Self.damaged(diffID) }
        entryCount = entries
        layerByteCount = byteCount
        droppedACLCount = acls
        self.markersOffset = start
        markerCount = markers
        // A look at the first bytes brings up to a megabyte, and an image may have many layers.
        file.release()
    }

    /// `entryCount`, but never more than the file has room for.
    var likelyEntryCount: Int {
        Int(min(entryCount, UInt64((markersOffset - Self.headerByteCount) / IndexRecord.fixedByteCount)))
    }

    /// How many bytes the names of the entries have at the most.
    var maximumNameByteCount: Int {
        max(0, markersOffset - Self.headerByteCount - likelyEntryCount * IndexRecord.fixedByteCount)
    }

    private static func damaged(_ diffID: DiffID) -> StoreError {
        StoreError(.damaged, "layer \(diffID)", "its index is damaged")
    }

    package func forEach(_ body: (LayerEntry, UInt64) throws -> Void) throws {
        defer { file.release() }
        var offset = Self.headerByteCount
        var released = offset
        for _ in 0..<entryCount {
            let record = try record(at: offset)
            guard let entry = IndexRecord.decode(record) else { throw Self.damaged(diffID) }
            try body(entry, UInt64(offset))
            offset += record.count
            if offset - released >= Self.residentByteCount {
                file.release()
                released = offset
            }
        }
    }

    package func kind(at position: UInt64) throws -> LayerEntry.Kind {
        guard let offset = Int(exactly: position), let kind = IndexRecord.kind(try record(at: offset)) else {
            throw Self.damaged(diffID)
        }
        isTouched.store(true, ordering: .relaxed)
        return kind
    }

    package func path(at position: UInt64) throws -> [UInt8] {
        guard let offset = Int(exactly: position), let path = IndexRecord.path(try record(at: offset)) else {
            throw Self.damaged(diffID)
        }
        isTouched.store(true, ordering: .relaxed)
        return path
    }

    package func release() {
        if isTouched.exchange(false, ordering: .relaxed) { file.release() }
    }

    package func forEachMarker(_ body: ([UInt8]) throws -> Void) throws {
        var markers = ByteCursor(UnsafeRawBufferPointer(rebasing: file.bytes[markersOffset...]))
        for _ in 0..<markerCount {
            guard let position: UInt64 = markers.number(), let offset = Int(exactly: position),
                let path = IndexRecord.path(try record(at: offset))
            else { throw Self.damaged(diffID) }
            try body(path)
        }
    }

    private func record(at offset: Int) throws -> UnsafeRawBufferPointer {
        guard offset >= Self.headerByteCount, offset < markersOffset else { throw Self.damaged(diffID) }
        var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: file.bytes[offset..<markersOffset]))
        let all = file.bytes
        guard let count: UInt32 = cursor.number(), Int(count) >= IndexRecord.fixedByteCount,
            Int(count) <= markersOffset - offset
        else { throw Self.damaged(diffID) }
        return UnsafeRawBufferPointer(rebasing: all[offset..<offset + Int(count)])
    }
}

/// Makes a layer's index entry by entry; memory is bounded but for the places of whiteouts.
final class LayerIndexWriter {
    private let output: (UnsafeRawBufferPointer, UInt64) throws -> Void
    private var buffer: [UInt8] = []
    private var offset = UInt64(LayerIndex.headerByteCount)
    private var flushed = UInt64(LayerIndex.headerByteCount)
    private var entryCount: UInt64 = 0
    private var markers: [UInt64] = []

    /// Makes an index.
    ///
    /// - Parameter output: gets the index's bytes and the offset where they belong: the header, at 0, last.
    init(_ output: @escaping (UnsafeRawBufferPointer, UInt64) throws -> Void) { self.output = output }

    /// Adds the next entry.
    func add(_ entry: LayerEntry) throws {
        if Self.mayBeMarker(entry.path) { markers.append(offset) }
        let record = IndexRecord.encode(entry)
        buffer.append(contentsOf: record)
        offset += UInt64(record.count)
        entryCount += 1
        if buffer.count >= 1 << 20 { try flush() }
    }

    /// Completes the index, which is none before this is called, and returns its size.
    @discardableResult
    func finish(diffID: DiffID, layerByteCount: UInt64, droppedACLCount: UInt64) throws -> UInt64 {
        let markersOffset = offset
        for marker in markers { withUnsafeBytes(of: marker.littleEndian) { buffer.append(contentsOf: $0) } }
        try flush()
        var header = LayerIndex.magic + diffID.digest.bytes
        let end = markersOffset + UInt64(markers.count) * 8
        for number in [entryCount, layerByteCount, markersOffset, UInt64(markers.count), end, droppedACLCount] {
            withUnsafeBytes(of: number.littleEndian) { header.append(contentsOf: $0) }
        }
        header += [UInt8](repeating: 0, count: LayerIndex.headerByteCount - header.count)
        try header.withUnsafeBytes { try output($0, 0) }
        return end
    }

    private func flush() throws {
        try buffer.withUnsafeBytes { try output($0, flushed) }
        flushed += UInt64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Whether some component of a name begins with `.wh.`.
    private static func mayBeMarker(_ path: [UInt8]) -> Bool {
        var isStart = true
        for index in path.indices {
            if isStart, path[index] == UInt8(ascii: "."), path[index...].starts(with: Whiteout.prefix) { return true }
            isStart = path[index] == UInt8(ascii: "/")
        }
        return false
    }
}
