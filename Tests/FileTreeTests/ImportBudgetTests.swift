// SPDX-License-Identifier: Apache-2.0

import OCI
import TestSupport
import Testing

@testable import FileTree

/// What an image may cost while its layers are laid over each other.
@Suite(.timeLimit(.minutes(15))) struct ImportBudgetTests {
    private static func budget(_ cost: ImportCost, _ base: UInt64, perEntry: UInt64 = 0) -> ImportBudget {
        var limits = ImportLimits()
        limits[cost] = ImportLimits.Limit(base, perEntry: perEntry)
        return ImportBudget(limits)
    }

    /// What is said of an image of some layers; nil if it is good.
    private func refusal(_ budget: ImportBudget, _ layers: [LayerItem]...) throws -> String? {
        var flattener = Flattener(budget: budget)
        do {
            for layer in layers { try flattener.apply(LayerItem.inMemory(layer).layer) }
        } catch let error as LayerError {
            return "\(Bytes.escaped(error.path)): \(error.reason)"
        }
        _ = try flattener.freeze()
        return nil
    }

    @Test func `a budget grows with the entries and ends at its limit`() throws {
        var budget = Self.budget(.nameBytes, 10, perEntry: 5)
        try budget.take(10, of: .nameBytes)
        #expect(throws: BudgetError(cost: .nameBytes, limit: 10)) { try budget.take(1, of: .nameBytes) }
        try budget.take(2, of: .entries)
        try budget.take(10, of: .nameBytes)
        let error = #expect(throws: BudgetError.self) { try budget.take(.max, of: .nameBytes) }
        #expect(error?.description == "more than 20 bytes of file names in the image")
        budget.giveBack(3, of: .nameBytes)
        try budget.take(3, of: .nameBytes)
    }

    @Test func `entries are counted over all layers`() throws {
        let layer = [LayerItem.file("a"), .file("b")]
        #expect(try refusal(Self.budget(.entries, 4), layer, layer) == nil)
        #expect(try refusal(Self.budget(.entries, 3), layer, layer) == "b: more than 3 entries in the image")
    }

    @Test func `directories that no entry describes are counted until one does`() throws {
        let told = "f/g/x: more than 3 directories in the image that no entry describes"
        let layer = [LayerItem.file("a/b/c/x"), .file("f/g/x")]
        #expect(try refusal(Self.budget(.impliedDirectories, 3), layer) == told)
        #expect(try refusal(Self.budget(.impliedDirectories, 3), [layer[0]], [layer[1]]) == told)
        #expect(try refusal(Self.budget(.impliedDirectories, 5), layer) == nil)
        #expect(try refusal(Self.budget(.impliedDirectories, 3, perEntry: 1), layer) == nil)
        let described = [layer[0], .dir("a"), .dir("a/b"), layer[1]]
        #expect(try refusal(Self.budget(.impliedDirectories, 3), described) == nil)
    }

    @Test func `names are counted where they are kept`() throws {
        let layer = [LayerItem.dir("long"), .file("long/name"), .file("long/more")]
        #expect(try refusal(Self.budget(.nameBytes, 12), layer) == nil)
        #expect(try refusal(Self.budget(.nameBytes, 12), layer, layer) == nil)
        #expect(
            try refusal(Self.budget(.nameBytes, 11), layer)
                == "long/more: more than 11 bytes of file names in the image")
        // What AUFS left behind is kept while its layer is read.
        #expect(
            try refusal(Self.budget(.nameBytes, 11), [.file(".wh..wh.plnk/1")])
                == ".wh..wh.plnk/1: more than 11 bytes of file names in the image")
    }

    @Test func `attributes are counted over all layers`() throws {
        let layer = [LayerItem.file("a", xattrs: [("user.x", String(repeating: "v", count: 38))])]
        #expect(try refusal(Self.budget(.attributeBytes, 600), layer, layer) == nil)
        #expect(
            try refusal(Self.budget(.attributeBytes, 599), layer, layer)
                == "a: more than 599 bytes of extended attributes in the image")
    }

    @Test func `ways through symbolic links are counted`() throws {
        let links: [LayerItem] = [.dir("d"), .symlink("l", "d/../d/../d")]
        let files = (0..<10).map { LayerItem.file("l/\($0)") }
        #expect(try refusal(Self.budget(.linkSteps, 1000), links + files) == nil)
        let told = try refusal(Self.budget(.linkSteps, 20), links + (0..<10).map { LayerItem.file("l/\($0)/x") })
        #expect(told == "l/2/x: more than 20 steps through the image's symbolic links")
    }

    @Test(arguments: [false, true]) func `a name that stands 30,000 times is there once`(typesChange: Bool) throws {
        let items = (0..<30_000).map { number -> LayerItem in
            typesChange && number % 2 == 0 ? .dir("a") : .file("a", "\(number % 10)")
        }
        var flattener = Flattener(entryCount: items.count)
        let (layer, bytes) = LayerItem.inMemory(items)
        try flattener.apply(layer)
        #expect(flattener.report.duplicateNames == 29_999)
        #expect(try FlatDump.lines(flattener.freeze(), layers: [bytes]) == ["a 644 [0] \"9\""])
    }

    @Test func `whiteouts of names that come again leave nothing behind`() throws {
        let names = (0..<100).map { "d/\($0)" }
        var flattener = Flattener(entryCount: 100 * 200)
        for _ in 0..<100 {
            let whiteouts = (0..<100).map { LayerItem.marker("d/.wh.\($0)") }
            try flattener.apply(LayerItem.inMemory(whiteouts + names.map { LayerItem.file($0) }).layer)
        }
        #expect(try flattener.freeze().inodeCount == 102)
    }

    @Test func `names are found while others come and go`() {
        var table = NameTable()
        var nodes: [UInt64: UInt32] = [:]
        var state: UInt64 = 7
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let key = state >> 55
            let name = Array("\(key)".utf8)
            let hash = NameTable.hash(name, name.indices, in: 0)
            let found = table.find(name, name.indices, in: 0, hash: hash)
            #expect(found == nodes[key])
            if let found {
                table.remove(found)
                nodes[key] = nil
            } else {
                nodes[key] = table.add(name, name.indices, in: 0, hash: hash)
            }
        }
    }
}
