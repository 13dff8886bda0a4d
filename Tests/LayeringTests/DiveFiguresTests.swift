// SPDX-License-Identifier: Apache-2.0

import FileTree
import Layering
import TestSupport
import Testing

/// dive's figures, by its own counting and without its mistakes.
@Suite(.timeLimit(.minutes(15))) struct DiveFiguresTests {
    private static func figures(_ layers: [[LayerItem]], isCompatible: Bool = true) throws -> DiveFigures {
        try DiveFigures(layers.map { LayerItem.inMemory($0).layer }, isCompatible: isCompatible)
    }

    private static func files(_ figures: DiveFigures) -> [String] {
        figures.files.map { "\(Bytes.escaped($0.path)) \($0.count) \($0.byteCount)" }
    }

    @Test func `paths in several layers are counted with all their sizes`() throws {
        let figures = try Self.figures([[.file("a", "12345"), .file("b", "1")], [.file("a", "123")]])
        #expect(figures.efficiency == 4.0 / 9)
        #expect(figures.wastedByteCount == 8)
        #expect(figures.userWastedShare == 8.0 / 3)
        #expect(figures.byteCount == 9)
        #expect(Self.files(figures) == ["/a 2 8"])
        #expect(figures.remarks == [])
    }

    @Test func `a whiteout of a directory has what was below it, one of a file nothing`() throws {
        let base: [LayerItem] = [.dir("d"), .file("d/a", "12345"), .file("d/e/b", "12"), .file("f", "123")]
        let figures = try Self.figures([base, [.file("x", "1"), .marker(".wh.d"), .marker(".wh.f")]])
        // "/d" itself is a leaf of the second layer alone.
        #expect(Self.files(figures) == ["/f 2 3"])
        #expect(figures.wastedByteCount == 3)
        // Least sizes: a 5, b 2, f 0, x 1, d 7; all: 5 + 2 + 3 + 1 + 7.
        #expect(figures.efficiency == 15.0 / 18)
    }

    @Test func `an empty directory in two layers is a path of no bytes`() throws {
        #expect(Self.files(try Self.figures([[.dir("d")], [.dir("d")]])) == ["/d 2 0"])
        #expect(try Self.figures([[.dir("d")], [.dir("d")]]).efficiency == 1)
    }

    @Test func `a whiteout of nothing ends the layer for dive, and only for dive`() throws {
        let layers: [[LayerItem]] = [
            [.file("a", "12345"), .file("z", "12345")], [.file("a", "1"), .marker(".wh.none"), .file("z", "1")],
        ]
        let compatible = try Self.figures(layers)
        // ".wh.none" comes before "a" and "z".
        #expect(Self.files(compatible) == [])
        #expect(compatible.remarks == [.whiteoutOfNothing(layer: 1, path: Array("/none".utf8))])
        #expect(Self.files(try Self.figures(layers, isCompatible: false)) == ["/a 2 6", "/z 2 6"])
    }

    @Test func `one layer divides by zero for dive, and only for dive`() throws {
        let layers: [[LayerItem]] = [[.file("a", "12345")]]
        #expect(try Self.figures(layers).userWastedShare.isNaN)
        #expect(try Self.figures(layers).remarks == [.singleLayer])
        #expect(try Self.figures(layers, isCompatible: false).userWastedShare == 0)
    }
}
