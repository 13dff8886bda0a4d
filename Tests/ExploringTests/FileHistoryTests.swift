// SPDX-License-Identifier: Apache-2.0

import Exploring
import FileTree
import TestSupport
import Testing

/// What is known of the names of layers.
@Suite(.timeLimit(.minutes(5))) struct FileHistoryTests {
    /// The names that a screen of all directories lists.
    private static func names(_ layers: [MemoryLayer]) throws -> [String] {
        let history = try FileHistory(layers: layers)
        let view = HistoryView(history, layer: layers.count - 1, showsChanges: false)
        return view.names(in: history).map { Bytes.escaped($0) }.sorted()
    }

    private static func flattened(_ layers: [MemoryLayer]) throws -> [String] {
        var flattener = Flattener()
        for layer in layers { try flattener.apply(layer) }
        let tree = try flattener.freeze()
        var names: [String] = []
        var stack: [(path: String, inode: UInt32)] = [("", 0)]
        while let (path, inode) = stack.popLast() {
            if !path.isEmpty { names.append(path) }
            for child in tree.children(of: inode) {
                stack.append((path + "/" + Bytes.escaped(tree.name(of: child)), child.inode))
            }
        }
        return names.sorted()
    }

    @Test(arguments: FlatteningCase.all)
    func `the last layer shows the names of the tree`(_ rule: FlatteningCase) throws {
        guard case .tree = rule.outcome else { return }
        let layers = rule.layers.map { LayerItem.inMemory($0).layer }
        #expect(try Self.names(layers) == Self.flattened(layers))
    }

    @Test func `a name tells the layers that say something of it`() throws {
        let history = try FileHistory(
            layers: [
                [LayerItem.file("a", "1"), .dir("d"), .file("d/f", "22")], [.marker(".wh.a"), .dir("d")],
                [.file("a", "333")],
            ].map { LayerItem.inMemory($0).layer })
        func layers(_ path: String) throws -> [String] {
            let node = try #require(history.find(path: path.utf8))
            return history.layers(of: node).map { "\($0.isGone ? "-" : "")\($0.layer)" }
        }
        #expect(try layers("/a") == ["2", "-1", "0"])
        // A directory that comes once more as it was is no change.
        #expect(try layers("/d") == ["0"])
        #expect(history.find(path: "/d/x".utf8) == nil)
        #expect(history.path(of: try #require(history.find(path: "d/f".utf8))) == Array("/d/f".utf8))
        func view(_ layer: Int, _ showsChanges: Bool) -> String {
            let view = HistoryView(history, layer: layer, showsChanges: showsChanges)
            return view.names(in: history).map { Bytes.escaped($0) }.joined(separator: " ") + " \(view.total)"
        }
        #expect(view(0, false) == "/a /d /d/f 3")
        #expect(view(1, false) == "/d /d/f 2")
        #expect(view(2, false) == "/a /d /d/f 5")
        #expect(view(2, true) == "/a 3")
    }

    @Test func `a file of several names counts once`() throws {
        let layers = [[LayerItem.link("b", "a"), .file("a", "12345"), .link("c", "a")]]
        let history = try FileHistory(layers: layers.map { LayerItem.inMemory($0).layer })
        #expect(HistoryView(history, layer: 0, showsChanges: false).total == 5)
    }

    @Test func `a hundred thousand names in one directory are rows without a wait`() {
        var history = FileHistory()
        history.beginLayer()
        for number in 0..<100_000 {
            let node = history.child(of: 0, named: "file \(number)".utf8) ?? 0
            history.put(
                FileHistory.Facts(type: .regular, permissions: 0o644, uid: 0, gid: 0, size: UInt64(number)),
                FileAddress(layer: 0, position: UInt64(number)), at: node)
        }
        history.finish()
        var explorer = Explorer([ExploredObject(name: "large", layers: [.init(title: "all")])], columns: 80, rows: 24)
        _ = explorer.handle(.history(object: 0, history))
        let clock = ContinuousClock()
        let took = clock.measure {
            for _ in 0..<100 {
                _ = explorer.handle(.key(.down))
                _ = explorer.screen
            }
        }
        // Also without optimisation; what is not on the screen costs nothing.
        #expect(took < .seconds(5))
        _ = explorer.handle(.key(.letter("G")))
        #expect(explorer.screen.text.contains("100000/100000"))
        _ = explorer.handle(.key(.letter("o")))
        _ = explorer.handle(.key(.home))
        #expect(explorer.screen.text.contains("file 99999\n"))
    }
}
