// SPDX-License-Identifier: Apache-2.0

import Archive
import CFuzzer
import EROFS
import FileTree
import Glibc
import LinuxIO
import OCI

/// Mutated bytes as a layer, all the way: decompressed, read as a tar, laid over itself, written as a tree, opened.
///
/// Whatever is refused on the way is fine. What the writer accepts the reader must open.
@main
enum FuzzLayer {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments) { start, count in test(start, count) })
    }
}

private func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let stream = InputStream(UnsafeBufferPointer(start: start, count: count))
    guard let layer = try? ReadLayer(stream), let tree = try? flatten(layer) else { return 0 }
    let notes: [UInt8]
    var image: [UInt8] = []
    do {
        notes = try TreeNotes.encode(tree)
        try EROFSWriter.write(
            tree, layerSizes: [UInt64](repeating: layer.byteCount, count: tree.layers.count),
            readLayer: { _, _, buffer in _ = buffer.initializeMemory(as: UInt8.self, repeating: 0) },
            output: { bytes in
                guard image.count < 32 << 20 else { throw TooMuch() }
                image.append(contentsOf: bytes)
            })
    } catch { return 0 }
    do {
        let opened = OwnedBytes(image)
        let tree = try EROFSImage(bytes: opened.bytes, owner: opened)
        let root = try tree.record(tree.rootNumber)
        try tree.readDirectory(root, from: 0) { entry in
            _ = try tree.xattrs(of: tree.record(entry.number))
            return true
        }
        let written = OwnedBytes(notes)
        let count = try TreeNotes(bytes: written.bytes, owner: written).count
        precondition(count == Int(tree.inodeCount), "notes for another number of files")
    } catch {
        preconditionFailure("the writer wrote what the reader refuses: \(error)")
    }
    return 0
}

private func flatten(_ layer: ReadLayer) throws -> Tree {
    var flattener = Flattener()
    try flattener.apply(layer)
    try flattener.apply(layer)
    return try flattener.freeze()
}

private struct TooMuch: Error {}

/// The entries of a tar, read whole.
private struct ReadLayer: LayerEntries {
    let diffID = DiffID(Digest(of: []))
    private(set) var byteCount: UInt64 = 0
    private var entries: [LayerEntry] = []

    init(_ stream: InputStream) throws {
        var reader = TarReader(StreamInput(try decompressing(stream)))
        while let entry = try reader.next() {
            var remaining = 4 << 20
            try reader.readData { bytes in
                remaining -= bytes.count
                if remaining < 0 { throw TooMuch() }
            }
            let end = entry.dataOffset.addingReportingOverflow(entry.storedSize)
            precondition(!end.overflow, "an entry beyond all positions")
            byteCount = max(byteCount, end.partialValue)
            var stored: UInt64 = 0
            for extent in entry.extents {
                precondition(extent.length > 0, "an extent of nothing")
                stored += extent.length
            }
            precondition(stored <= entry.storedSize, "extents beyond the stored bytes")
            switch entry.kind {
            case .file(let attributes):
                let file = LayerEntry.Kind.file(attributes, extents: entry.extents, contentDigest: nil)
                entries.append(LayerEntry(path: entry.path, kind: file))
            case .hardLink(let target):
                entries.append(LayerEntry(path: entry.path, kind: .hardLink(target: target)))
            }
        }
    }

    func forEach(_ body: (LayerEntry, UInt64) throws -> Void) throws {
        for (position, entry) in entries.enumerated() { try body(entry, UInt64(position)) }
    }

    func kind(at position: UInt64) throws -> LayerEntry.Kind { entries[Int(position)].kind }

    func path(at position: UInt64) throws -> [UInt8] { entries[Int(position)].path }

    func forEachMarker(_ body: (_ path: [UInt8]) throws -> Void) throws {
        for entry in entries { try body(entry.path) }
    }
}

/// The input as a stream.
private final class InputStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread, and not after the input's life.
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeBufferPointer<UInt8>) { rest = UnsafeRawBufferPointer(bytes) }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, rest.count)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        return count
    }
}

/// Bytes that live as long as what reads them in place.
private final class OwnedBytes: @unchecked Sendable {
    // SAFETY: never changed.
    let bytes: UnsafeRawBufferPointer

    init(_ input: [UInt8]) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: input.count, alignment: 4096)
        memory.copyBytes(from: input)
        bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { bytes.deallocate() }
}
