// SPDX-License-Identifier: Apache-2.0

import FileTree
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct FlatteningTests {
    @Test(arguments: FlatteningCase.all)
    func `a rule of docs/whiteouts.md`(rule: FlatteningCase) throws {
        let result = try FlatteningCase.flatten(rule.layers.map(LayerItem.inMemory))
        #expect(result.outcome == rule.outcome)
        if let report = rule.report { #expect(result.report == report) }
    }

    @Test func `no two rules have one name`() {
        #expect(Set(FlatteningCase.all.map(\.description)).count == FlatteningCase.all.count)
    }

    @Test func `a name with a NUL is refused`() throws {
        for name in [[0x61, 0], [0x61, 0, 0x2F, 0x2E, 0x2E, 0x2F, 0x62]] as [[UInt8]] {
            let result = try FlatteningCase.flatten([LayerItem.inMemory([.file(name)])])
            #expect(result.outcome == .error("\"\(Bytes.escaped(name))\": the name holds a NUL"))
        }
        let link = try FlatteningCase.flatten([LayerItem.inMemory([.link("a", [0x62, 0] as [UInt8])])])
        #expect(link.outcome == .error("\"a\": hard link target: the name holds a NUL"))
    }

    @Test(arguments: [(20_000, true), (20_001, false)])
    func `a name may be 20,000 directories deep`(depth: Int, isAllowed: Bool) throws {
        let name = Array([[UInt8]](repeating: [0x64], count: depth).joined(separator: [0x2F]))
        var flattener = Flattener()
        let layer = LayerItem.inMemory([.file(name, "x"), .marker("no/.wh.no")]).layer
        guard isAllowed else {
            let error = #expect(throws: LayerError.self) { try flattener.apply(layer) }
            #expect(error?.reason == "the name is deeper than 20000 directories")
            #expect(error?.path.count == 4096)
            return
        }
        try flattener.apply(layer)
        try flattener.apply(layer)
        let again = flattener
        let tree = try again.freeze()
        #expect(tree.inodeCount == 20_001)
        #expect(try tree.inode(UInt32(tree.inodeCount - 1)).attributes.size == 1)
        try flattener.apply(LayerItem.inMemory([.marker(".wh.d")]).layer)
        #expect(try flattener.freeze().inodeCount == 1)
    }

    @Test func `symbolic links do not lead deeper than a name may`() throws {
        let half = String(repeating: "d/", count: 2040)
        var items: [LayerItem] = [.symlink("s", half)]
        for level in 0..<12 {
            items.append(.symlink(String(repeating: "s/", count: level) + "s/s", half))
        }
        let result = try FlatteningCase.flatten([LayerItem.inMemory(items)])
        guard case .error(let text) = result.outcome else {
            Issue.record("24,000 directories were made")
            return
        }
        #expect(text.hasSuffix("the name is deeper than 20000 directories"))
    }

    @Test(arguments: [(65_536, true), (65_537, false)])
    func `a name may have 65,536 bytes`(count: Int, isAllowed: Bool) throws {
        let component = [UInt8](repeating: 0x6E, count: 255) + [0x2F]
        let name = Array([[UInt8]](repeating: component, count: 257).joined().prefix(count))
        let result = try FlatteningCase.flatten([LayerItem.inMemory([.file(name)])])
        switch result.outcome {
        case .tree(let lines): #expect(isAllowed && lines.count == 256)
        case .error(let text): #expect(!isAllowed && text.hasSuffix("the name is longer than 65536 bytes"))
        }
    }

    @Test func `a directory may hold 300,000 names`() throws {
        let count = 300_000
        let items = (0..<count).map { LayerItem.file("d/\($0 &* 7919 % count)") }
        var flattener = Flattener()
        try flattener.apply(LayerItem.inMemory(items).layer)
        try flattener.apply(LayerItem.inMemory([.marker("d/.wh.0"), .file("d/1", "x")]).layer)
        let tree = try flattener.freeze()
        #expect(tree.inodeCount == count + 1)
        let names = tree.children(of: 1).map { Array(tree.name(of: $0)) }
        #expect(names.count == count - 1)
        #expect(zip(names, names.dropFirst()).allSatisfy { Bytes.precedes($0, $1) })
    }

    @Test func `a long chain of links to later entries takes no time`() throws {
        let count = 20_000
        var items = (0..<count).map { LayerItem.link("l\($0)", "l\($0 + 1)") }
        items.append(.file("l\(count)", "x"))
        var flattener = Flattener()
        try flattener.apply(LayerItem.inMemory(items).layer)
        let tree = try flattener.freeze()
        #expect(tree.inodeCount == 2)
        #expect(try tree.inode(UInt32(tree.inodeCount - 1)).linkCount == UInt32(count + 1))
    }

    @Test func `an error names the layer`() throws {
        let layer = MemoryLayer([LayerEntry(path: [0x2E, 0x2E], kind: .hardLink(target: []))])
        var flattener = Flattener()
        let error = #expect(throws: LayerError.self) { try flattener.apply(layer) }
        #expect(error?.description == "layer \(layer.diffID): entry \"..\": the name leaves the root")
    }
}
