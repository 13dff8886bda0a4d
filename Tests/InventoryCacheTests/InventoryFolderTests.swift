// SPDX-License-Identifier: Apache-2.0

import Browsing
import FileTree
import Foundation
import Inventory
import OCI
import Packages
import SystemPackage
import TestSupport
import Testing

@testable import InventoryCache

/// What was found before: kept, given back whole or not at all, bounded, taken away.
@Suite(.timeLimit(.minutes(15))) struct InventoryFolderTests {
    private let scratch = ScratchDirectory()
    private let layers = ["a", "b"].map { DiffID(Digest(of: $0.utf8)) }

    private var folder: InventoryFolder? { InventoryFolder(ofStore: scratch.path) }

    private var package: Package {
        var package = Package(.deb, name: Array("libc6".utf8), version: Array("2.36-9".utf8))
        package.architecture = Array("amd64".utf8)
        package.source = SourcePackage(name: Array("glibc".utf8), version: Array("2.36".utf8))
        package.licences = [Array("GPL-2.0".utf8), []]
        (package.supplier, package.group, package.modularity) = ([0xFF, 0], [1], [2])
        return package
    }

    private func inventory(_ count: Int = 3) -> KnownInventory {
        var inventory = KnownInventory()
        inventory.distribution = OSRelease(Array("ID=debian\nID_LIKE=\"a b\"\nVERSION_ID=12\nPRETTY_NAME=D\n".utf8))
        inventory.hasOwners = true
        inventory.paths = ["/etc/x", "/etc/y"]
        inventory.files = ["/etc/x": [1, 2, 3]]
        for number in 0..<count {
            var installed = InstalledPackage(
                package: package, record: Array("/var/\(number)".utf8),
                layer: number == 0 ? nil : FileLayer(index: number % 2, diffID: layers[number % 2]))
            installed.owner = number == 1 ? Array("o".utf8) : nil
            inventory.packages.append(installed)
        }
        return inventory
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/inventories").sorted()
    }

    @Test func `what is kept comes back as it was`() throws {
        let key = RecordKey(digest: Digest(of: "x".utf8), reader: 6, name: Array("x.jar".utf8))
        let other = RecordKey(digest: Digest(of: "x".utf8), reader: 6)
        let folder = try #require(folder)
        folder.keep([package, package], key, in: layers[0])
        folder.keep([], other, in: layers[0])
        folder.keep(inventory(), of: layers)
        folder.finish()
        let again = try #require(self.folder)
        #expect(again.packages(key, in: layers[0]) == [package, package])
        #expect(again.packages(other, in: layers[0]) == [])
        #expect(again.packages(key, in: layers[1]) == nil)
        #expect(again.inventory(of: layers.reversed()) == nil)
        let found = try #require(again.inventory(of: layers))
        let expected = inventory()
        #expect(found.distribution == expected.distribution)
        #expect((found.hasOwners, found.paths, found.files) == (true, expected.paths, expected.files))
        #expect(found.packages.map(\.package) == expected.packages.map(\.package))
        #expect(found.packages.map(\.record) == expected.packages.map(\.record))
        #expect(found.packages.map(\.layer) == expected.packages.map(\.layer))
        #expect(found.packages.map(\.owner) == expected.packages.map(\.owner))
    }

    @Test func `what is damaged, cut off or of another revision is as good as missing`() throws {
        let folder = try #require(folder)
        folder.keep(inventory(), of: layers)
        let path = "\(scratch.path)/inventories/\(try #require(names().first))"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for place in 0..<whole.count {
            var damaged = whole
            damaged[place] ^= 0x20
            try damaged.write(to: URL(fileURLWithPath: path))
            #expect(folder.inventory(of: layers) == nil, "byte \(place)")
        }
        for count in stride(from: 0, to: whole.count, by: 7) {
            try whole.prefix(count).write(to: URL(fileURLWithPath: path))
            #expect(folder.inventory(of: layers) == nil)
        }
        folder.keep(inventory(), of: layers)
        #expect(folder.inventory(of: layers) != nil)
        // Another tree's, whole, under this one's name.
        folder.keep(inventory(1), of: layers.reversed())
        let other = try #require(names().first { !path.hasSuffix($0) })
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: "\(scratch.path)/inventories/\(other)", toPath: path)
        #expect(folder.inventory(of: layers) == nil)
    }

    @Test func `bytes that claim anything are read within their bounds`() {
        let whole = InventoryCoding.bytes(inventory())
        #expect(InventoryCoding.inventory(whole, layers: layers) != nil)
        // A layer that is not there.
        #expect(InventoryCoding.inventory(whole, layers: []) == nil)
        for place in whole.indices {
            for value in [0, 1, 0x7F, 0xFF] as [UInt8] {
                var damaged = whole
                damaged[place] = value
                _ = InventoryCoding.inventory(damaged, layers: layers)
                _ = InventoryCoding.records(damaged)
            }
            #expect(InventoryCoding.inventory(Array(whole[..<place]), layers: layers) == nil)
        }
        #expect(InventoryCoding.records([InventoryCoding.revision] + [UInt8](repeating: 0xFF, count: 64)) == nil)
    }

    @Test func `the folder has a limit, behind which the oldest goes, and prune takes what was not used`() throws {
        let size = InventoryCoding.bytes(inventory(100)).count
        let folder = try #require(InventoryFolder(ofStore: scratch.path, limit: UInt64(size * 4 + 400)))
        func stack(_ number: Int) -> [DiffID] { [layers[0], DiffID(Digest(of: "\(number)".utf8))] }
        for number in 0..<3 {
            folder.keep(inventory(100), of: stack(number))
            let name = "\(scratch.path)/inventories/\(ChainID(stack(number)).digest.hex).tree"
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: Double(number - 10) * 86_400)], ofItemAtPath: name)
        }
        // One that is used is not old.
        #expect(folder.inventory(of: stack(0)) != nil)
        for number in 3..<5 { folder.keep(inventory(100), of: stack(number)) }
        folder.keep([], RecordKey(digest: Digest(of: []), reader: 0), in: layers[0])
        folder.finish()
        #expect((0..<5).map { folder.inventory(of: stack($0)) != nil } == [true, false, false, true, true])
        scratch.file("inventories/.cimg-1-2", "left")
        #expect(folder.prune(unusedFor: 3600).count == 0)
        let taken = folder.prune(unusedFor: -10)
        #expect(taken.count == 5)
        #expect(try names() == [])
    }

    @Test func `a folder that cannot be made is none`() {
        scratch.file("inventories", "in the way")
        #expect(folder == nil)
        #expect(InventoryFolder.existing(scratch.path) == nil)
    }
}
