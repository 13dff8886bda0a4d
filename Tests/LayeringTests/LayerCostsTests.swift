// SPDX-License-Identifier: Apache-2.0

import FileTree
import Layering
import OCI
import TestSupport
import Testing

/// What becomes of the bytes of layers.
@Suite(.timeLimit(.minutes(15))) struct LayerCostsTests {
    /// Layers of items, each file with the digest of its content, as an import knows them.
    static func layers(_ layers: [[LayerItem]]) -> [CountedLayer] {
        layers.map { items in
            var (layer, bytes) = LayerItem.inMemory(items)
            for (index, entry) in layer.entries.enumerated() {
                guard case .file(let attributes, let extents, _) = entry.kind, attributes.type == .regular else {
                    continue
                }
                let content = extents.flatMap { bytes[Int($0.layerOffset)..<Int($0.layerOffset + $0.length)] }
                layer.entries[index].kind = .file(attributes, extents: extents, contentDigest: Digest(of: content))
            }
            return CountedLayer(
                entries: layer, tarByteCount: UInt64(items.count * 512 + bytes.count + 1024), blobByteCount: 100)
        }
    }

    private static func dead(_ items: [LayerItem]...) throws -> [String] {
        let costs = try LayerCosts(layers(items))
        #expect(costs.total().payload == UInt64(items.joined().reduce(0) { $0 + $1.content.count }))
        return costs.deadFiles.map { file in
            let survivor = file.survivor.map { " -> \(Bytes.escaped($0))" } ?? ""
            return
                "\(Bytes.escaped(file.path))\(survivor) \(file.byteCount) \(file.cause) \(file.addedBy)>\(file.removedBy)"
        }
    }

    @Test func `every cause has its name, its layers and its bytes`() throws {
        #expect(try Self.dead([.file("a", "12345")], [.marker(".wh.a")]) == ["/a 5 deleted 0>1"])
        #expect(try Self.dead([.file("a", "12345")], [.file("./a", "123")]) == ["/a 5 replaced 0>1"])
        #expect(try Self.dead([.file("a", "12345")], [.file("a", "12345", mode: 0o600)]) == ["/a 5 touched 0>1"])
        #expect(
            try Self.dead([.file("a", "12345")], [.marker(".wh.a"), .file("d/b", "12345")]) == [
                "/a -> /d/b 5 moved 0>1"
            ])
        #expect(
            try Self.dead([.dir("d"), .file("d/a", "12")], [.dir("d"), .marker("d/.wh..wh..opq")]) == [
                "/d/a 2 deleted 0>1"
            ])
        #expect(try Self.dead([.dir("d"), .file("d/a", "12")], [.file("d", "x")]) == ["/d/a 2 replaced 0>1"])
        #expect(try Self.dead([.file("d", "12")], [.file("d/a", "x")]) == ["/d 2 replaced 0>1"])
        #expect(try Self.dead([.file("a", "12")], [.symlink("a", "b")]) == ["/a 2 replaced 0>1"])
        #expect(try Self.dead([.file("a", "1"), .file("a", "22")]) == ["/a 1 replaced 0>0"])
        #expect(try Self.dead([.file("a", "")], [.marker(".wh.a")]) == [])
    }

    @Test func `a file is dead when its last name is gone`() throws {
        let base: [LayerItem] = [.file("a", "12345"), .link("b", "a")]
        #expect(try Self.dead(base, [.marker(".wh.a")]) == [])
        #expect(try Self.dead(base, [.marker(".wh.a")], [.marker(".wh.b")]) == ["/a 5 deleted 0>2"])
        // A link takes the file's place: nothing of the other is left.
        #expect(
            try Self.dead([.file("a", "12345"), .file("b", "123")], [.link("b", "a")]) == ["/b 3 replaced 0>1"])
        // The link comes before its target.
        #expect(try Self.dead([.link("b", "a"), .file("a", "12345")], [.marker(".wh.a")]) == [])
        // What AUFS left is never seen, unless a link names it.
        #expect(try Self.dead([.file(".wh..wh.plnk/1", "123")]) == ["/.wh..wh.plnk/1 3 deleted 0>0"])
        #expect(try Self.dead([.file(".wh..wh.plnk/1", "123"), .link("a", ".wh..wh.plnk/1")]) == [])
    }

    @Test func `layers know what they cost and what they killed`() throws {
        let costs = try LayerCosts(
            Self.layers([
                [.file("a", "12345"), .file("b", "123")], [.file("a", "1234567"), .marker(".wh.b")], [.marker(".wh.a")],
            ]))
        #expect(costs.layers.map(\.bytes.payload) == [8, 7, 0])
        #expect(costs.layers.map(\.bytes.allDead) == [8, 7, 0])
        #expect(costs.layers.map(\.killed) == [0, 8, 7])
        #expect(costs.layers.map(\.overhead) == [2048, 2048, 1536])
        #expect(costs.layers.map(\.whiteoutCount) == [0, 1, 1])
        // 8 of 2,056 bytes of the tar are 0.4 of the 100 of the blob.
        #expect(costs.layers.map(\.deadBlobByteCount) == [0, 0, 0])
        #expect(costs.total().visibleShare == 0)
        #expect(costs.total(1..<3).payload == 7)
        #expect(try LayerCosts([]).total().visibleShare == 1)
    }

    @Test func `content that the tree has twice is told, names of one file are not`() throws {
        let costs = try LayerCosts(
            Self.layers([
                [.file("a", "12345"), .link("l", "a"), .file("gone", "12345")],
                [.file("b", "12345"), .file("c", "12345"), .file("x", "1"), .file("y", "1"), .marker(".wh.gone")],
            ]))
        #expect(
            costs.duplicates.map { $0.paths.map { String(decoding: $0, as: UTF8.self) } } == [
                ["/a", "/b", "/c"], ["/x", "/y"],
            ])
        #expect(costs.duplicates.map(\.excess) == [10, 1])
        #expect(costs.deadFiles.map(\.cause) == [.moved])
    }

    @Test func `what is seen is what the tree has, for random stacks`() throws {
        var random = SeededGenerator(seed: 20_261_129)
        for _ in 0..<300 {
            let stack = (0..<Int.random(in: 1...5, using: &random)).map { _ in Self.randomLayer(&random) }
            let counted = Self.layers(stack)
            guard let costs = try? LayerCosts(counted) else { continue }
            var flattener = Flattener()
            for layer in counted { try flattener.apply(layer.entries) }
            let tree = try flattener.freeze()
            let seen = try (0..<UInt32(tree.inodeCount)).reduce(UInt64(0)) { sum, number in
                try tree.inode(number).extents.reduce(sum) { $0 + $1.length }
            }
            #expect(costs.total().visible == seen)
            #expect(costs.total().payload == UInt64(stack.joined().reduce(0) { $0 + $1.content.count }))
        }
    }

    private static func randomLayer(_ random: inout SeededGenerator) -> [LayerItem] {
        (0..<Int.random(in: 1...8, using: &random)).map { _ in
            let names = ["a", "b", "d", "d/a", "d/b", "d/e/a"]
            let name = names.randomElement(using: &random) ?? "a"
            switch Int.random(in: 0..<8, using: &random) {
            case 0: return .dir(name)
            case 1: return .symlink(name, "b")
            case 2: return .link(name, names.randomElement(using: &random) ?? "b")
            case 3: return .marker(name.split(separator: "/").dropLast().map { $0 + "/" }.joined() + ".wh.a")
            case 4: return .marker("d/.wh..wh..opq")
            default: return .file(name, String(repeating: "x", count: Int.random(in: 0...9, using: &random)))
            }
        }
    }
}
