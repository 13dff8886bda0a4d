// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import OCI
import SystemPackage
import TestSupport
import Testing
import Threads

@testable import LayerStore

/// Derived data before and after it has reached the disk.
@Suite(.timeLimit(.minutes(15))) struct DerivedTests {
    private let image = sampleImage(.gzip)
    private let nextBoot = Array("another boot\n".utf8)

    private func marks(_ fixture: StoreFixture) throws -> [String] {
        try fixture.listing(image.digestNames).filter { $0.hasSuffix("/boot") }
    }

    @Test func `what is derived carries the boot until it is settled`() throws {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        #expect(
            try marks(fixture) == [
                "layers/sha256/<diff0>/boot", "layers/sha256/<diff1>/boot", "trees/sha256/<chain>/boot",
            ])
        let boot = FileManager.default.contents(atPath: "/proc/sys/kernel/random/boot_id").map(Array.init)
        #expect(fixture.read("trees/sha256/\(image.chainID.digest.hex)/boot") == boot)
        try fixture.store.settle()
        #expect(try marks(fixture) == [])
        #expect(try fixture.dump(image) == sampleTree())
    }

    @Test func `what an earlier boot left unsettled is derived again`() throws {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        let later = try fixture.reopened(bootID: nextBoot)
        #expect(try later.openTree(image.layers.map(\.diffID)) == nil)
        let tree = try later.tree(of: later.describe(image.digest))
        #expect(try dumpTree(tree) == sampleTree())
        #expect(fixture.read("trees/sha256/\(image.chainID.digest.hex)/boot") == nextBoot)
        #expect(try later.fsck(repairs: false) == FsckReport(problems: [], blobs: 4, layers: 2, trees: 1))
    }

    @Test func `what was settled outlives the boot`() throws {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        try fixture.store.settle()
        // The blobs are not needed.
        for layer in image.layers { try fixture.remove("blobs/sha256/\(layer.digest.hex)") }
        let later = try fixture.reopened(bootID: nextBoot)
        #expect(try dumpTree(#require(try later.openTree(image.layers.map(\.diffID)))) == sampleTree())
    }

    @Test func `a layer of two trees is opened once, and of no other blob than was verified`() throws {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        let store = fixture.store
        let description = try store.describe(image.digest)
        let opened = OpenedLayers()
        let first = try store.tree(of: description, sharing: opened)
        let second = try store.tree(of: description, sharing: opened)
        #expect(first.layers.map(\.rawValue) == second.layers.map(\.rawValue))
        #expect(try store.tree(of: description).layers.map(\.rawValue) != first.layers.map(\.rawValue))
        let (diffID, other) = (image.layers[0].diffID, description.manifest.layers[1])
        #expect(try opened.open(diffID, madeOf: description.manifest.layers[0], in: store))
        #expect(try !opened.open(diffID, madeOf: other, in: store))
        #expect(try !OpenedLayers().open(diffID, madeOf: other, in: store))
        // A layer that goes away stays with who has it open.
        try fixture.remove("layers/sha256/\(diffID.digest.hex)")
        #expect(try dumpTree(store.tree(of: description, sharing: opened)) == sampleTree())
        #expect(try !OpenedLayers().open(diffID, madeOf: description.manifest.layers[0], in: store))
    }

    @Test func `settling after another boot removes what did not survive`() throws {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        let later = try fixture.reopened(bootID: nextBoot)
        try later.settle()
        #expect(try fixture.listing(image.digestNames).filter { $0.contains("<chain>") || $0.contains("<diff") } == [])
    }

    @Test(arguments: [[], Array("x".utf8)]) func `a mark that is damaged is the mark of another boot`(
        mark: [UInt8]
    ) throws {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        try fixture.write("trees/sha256/\(image.chainID.digest.hex)/boot", mark)
        #expect(try fixture.store.openTree(image.layers.map(\.diffID)) == nil)
        #expect(try fixture.dump(image) == sampleTree())
    }

    @Test func `a machine that does not tell its boot waits for the disk`() throws {
        let scratch = ScratchDirectory()
        let store = try Store(scratch.path("store"), bootID: [])
        _ = try store.add(image.source, keepsBlobs: true)
        let found = try FileManager.default.subpathsOfDirectory(atPath: "\(store.path)")
        #expect(found.filter { $0.hasSuffix("/boot") } == [])
        #expect(try dumpTree(store.tree(of: store.describe(image.digest))) == sampleTree())
    }

    @Test func `only the directory that was found worthless is discarded`() throws {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        let name = image.chainID.digest.hex
        let (store, trees) = (fixture.store, fixture.store.trees)
        let first = try #require(try store.openDerived(name, in: trees))
        let second = try #require(try store.openDerived(name, in: trees))
        try store.discardDerived(first, name, in: trees)
        #expect(try store.openDerived(name, in: trees) == nil)
        let inode = try UInt64(first.status().st_ino)
        let locked = WorkerThread { try store.discardDerived(second, name, in: trees) }
        // `first` still holds the lock of the directory that is gone; whoever waits for it finds a newer one.
        _ = try fixture.dump(image)
        try Waiting.untilSomebodyWaits(forLockOf: inode)
        withExtendedLifetime(first) {}
        try first.unlockForTest()
        try locked.join()
        #expect(try store.openTree(image.layers.map(\.diffID)) != nil)
    }
}

extension Descriptor {
    /// Ends the lock that the descriptor holds.
    fileprivate func unlockForTest() throws { _ = try retrying { flock(rawValue, LOCK_UN) } }
}
