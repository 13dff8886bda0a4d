// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree
import OCI
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct WriterTests {
    private func write(_ tree: Tree, layerSizes: [UInt64]) throws {
        try EROFSWriter.write(tree, layerSizes: layerSizes) { _, _, _ in
        } output: { _ in
        }
    }

    @Test func `output comes in pieces of bounded size`() throws {
        let tree = try ImageFixture.edge.get().tree
        var sizes: [Int] = []
        try EROFSWriter.write(tree, layerSizes: ImageFixture.edge.get().layers.map(\.size)) { _, _, _ in
        } output: {
            sizes.append($0.count)
        }
        #expect(sizes.max() ?? 0 <= 256 << 10)
        #expect(sizes.reduce(0, +) == (try ImageFixture.edge.get().bytes.count))
    }

    @Test(arguments: [[], [1, 2], [UInt64(UInt32.max) * 512 + 1]] as [[UInt64]])
    func `layers that do not fit are refused`(sizes: [UInt64]) throws {
        let tree = try TreeFixture().tree()
        #expect(throws: EROFSError.self) { try write(tree, layerSizes: sizes) }
    }

    @Test func `the greatest layer is accepted`() throws {
        try write(try TreeFixture().tree(), layerSizes: [UInt64(UInt32.max) * 512])
    }

    static let wrong: [(String, Inode)] = [
        (
            "a target of 4096 bytes",
            Inode(
                attributes: Attributes(
                    type: .symbolicLink, permissions: 0o777, target: [UInt8](repeating: 1, count: 4096)), layer: 0)
        ),
        (
            "a size beyond the range",
            Inode(
                attributes: Attributes(type: .regular, permissions: 0, size: 1 << 63), layer: 0)
        ),
        (
            "a layer that is not there",
            Inode(
                attributes: Attributes(type: .regular, permissions: 0, size: 1), layer: 7,
                extents: [Extent(fileOffset: 0, layerOffset: 0, length: 1)])
        ),
        (
            "data outside the layer",
            Inode(
                attributes: Attributes(type: .regular, permissions: 0, size: 1), layer: 0,
                extents: [Extent(fileOffset: 0, layerOffset: 5000, length: 1)])
        ),
    ]

    @Test(arguments: wrong) func `files beyond the format are refused`(name: String, inode: Inode) throws {
        var fixture = TreeFixture()
        fixture.add(Array("x".utf8), inode)
        let tree = try fixture.tree()
        let error = #expect(throws: EROFSError.self) { try write(tree, layerSizes: [5000]) }
        #expect(error?.place == (name == "data outside the layer" ? "entry \"x\"" : "inode 1"))
    }

    @Test func `what sparse files cost is limited for the image, and the error names the file`() throws {
        var fixture = TreeFixture()
        fixture.directory("d")
        for name in ["d/a", "d/b"] {
            fixture.sparseFile(
                name, size: 1 << 20, pieces: (0..<16).map { ($0 << 16, EdgeTree.pattern(512, 1), 0) })
        }
        fixture.file("e", "x")
        let tree = try fixture.tree()
        let sizes = fixture.layers.map(\.size)
        func write(_ limit: UInt64) throws {
            var limits = ImportLimits()
            limits[.chunkBytes] = ImportLimits.Limit(limit)
            try EROFSWriter.write(tree, budget: ImportBudget(limits), layerSizes: sizes) { _, _, _ in
            } output: { _ in
            }
        }
        // 2,048 chunks of 512 bytes for each of the two, one for the other.
        try write(2 * 16384 + 8)
        let error = #expect(throws: EROFSError.self) { try write(2 * 16384 - 1) }
        #expect(
            error?.description
                == "tree image: entry \"d/b\": more than 32767 bytes to say where the pieces of the image's sparse files lie"
        )
    }

    @Test func `an error of the layers or the output ends the writing`() throws {
        struct Failure: Error {}
        var fixture = TreeFixture()
        fixture.sparseFile("shifted", size: 10, pieces: [(0, EdgeTree.pattern(10, 1), 1)])
        let tree = try fixture.tree()
        let sizes = fixture.layers.map(\.size)
        #expect(throws: Failure.self) {
            try EROFSWriter.write(tree, layerSizes: sizes) { _, _, _ in
                throw Failure()
            } output: { _ in
            }
        }
        #expect(throws: Failure.self) {
            try EROFSWriter.write(tree, layerSizes: sizes) { _, _, _ in
            } output: { _ in
                throw Failure()
            }
        }
    }

    @Test func `a layer that ends before a file does is an error`() throws {
        var fixture = TreeFixture()
        fixture.file("f", String(repeating: "x", count: 5000))
        let written = try ImageFixture(fixture)
        let tree = MappedTree(
            image: try written.image(), notes: nil, layers: FixtureLayers(layers: [LayerFixture()]))
        let file = try #require(try tree.image.find("f"))
        var buffer = [UInt8](repeating: 0, count: 100)
        #expect(throws: EROFSError.self) { try buffer.withUnsafeMutableBytes { try tree.read(file, at: 0, into: $0) } }
        #expect(try buffer.withUnsafeMutableBytes { try tree.read(file, at: 5000, into: $0) } == 0)
    }
}
