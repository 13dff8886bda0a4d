// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree
import TestSupport

/// Bytes in memory that stay in place while their owner lives.
final class Memory: Sendable {
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    init(_ content: some Collection<UInt8>) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count, alignment: 16)
        memory.copyBytes(from: content)
        bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { bytes.deallocate() }

    func image() throws -> EROFSImage { try EROFSImage(bytes: bytes, owner: self) }

    func notes() throws -> TreeNotes { try TreeNotes(bytes: bytes, owner: self) }
}

/// Layers of a fixture as the reader of a mapped tree wants them.
struct FixtureLayers: LayerReader {
    let layers: [LayerFixture]

    func read(layer: Int, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        layers[layer].read(at: offset, into: buffer)
    }
}

/// A fixture's tree, written.
struct ImageFixture: Sendable {
    /// `EdgeTree`, written once for all tests.
    static let edge = Result { try ImageFixture(EdgeTree.fixture()) }

    let tree: Tree
    let layers: [LayerFixture]
    let bytes: [UInt8]
    let remarks: WriterRemarks

    init(_ fixture: TreeFixture) throws {
        let tree = try fixture.tree()
        let layers = fixture.layers
        var bytes: [UInt8] = []
        remarks = try EROFSWriter.write(tree, layerSizes: layers.map(\.size)) { layer, offset, buffer in
            guard layers[layer].read(at: offset, into: buffer) == buffer.count else {
                throw EROFSError("layer", "short")
            }
        } output: {
            bytes += $0
        }
        self.tree = tree
        self.layers = layers
        self.bytes = bytes
    }

    func image() throws -> EROFSImage { try Memory(bytes).image() }

    func mapped() throws -> MappedTree {
        MappedTree(
            image: try image(), notes: try Memory(TreeNotes.encode(tree)).notes(),
            layers: FixtureLayers(layers: layers))
    }

    var expected: TreeInMemory { TreeInMemory(tree, layers: layers) }
}

extension EROFSImage {
    /// Finds a file by its path.
    func find(_ path: String) throws -> InodeRecord? {
        var record = try record(rootNumber)
        for name in path.split(separator: "/") {
            guard let number = try Array(name.utf8).withUnsafeBytes({ try lookup($0, in: record) }) else { return nil }
            record = try self.record(number)
        }
        return record
    }

    /// All runs of a file.
    func runs(_ path: String) throws -> [Mapping] {
        guard let file = try find(path) else { return [] }
        var runs: [Mapping] = []
        var offset: UInt64 = 0
        while offset < file.size {
            runs.append(try map(file, at: offset))
            offset += runs.last?.length ?? 0
        }
        return runs
    }
}
