// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import OCI
import SystemPackage
import TestSupport
import Testing
import Threads

@testable import LayerStore

@Suite(.timeLimit(.minutes(15))) struct PruneTests {
    private let base = LayerBuilder(.gzip) { $0.file("base", "base") }

    private func image(_ text: String) -> ImageBuilder {
        ImageBuilder([base, LayerBuilder(.gzip) { $0.file("text", text) }])
    }

    private func content(_ fixture: StoreFixture) throws -> [String] {
        try ["blobs/sha256", "layers/sha256", "trees/sha256", "tmp"].flatMap { directory in
            try FileManager.default.contentsOfDirectory(atPath: fixture.path(directory)).map { "\(directory)/\($0)" }
        }.sorted()
    }

    @Test func `what a name needs stays, the rest goes`() throws {
        let fixture = try StoreFixture()
        let (kept, dropped) = (image("kept"), image("dropped"))
        try fixture.add(kept, "kept")
        let before = try content(fixture)
        try fixture.add(dropped, "dropped")
        #expect(try fixture.store.prune() == PruneReport())
        #expect(try fixture.store.removeReference("dropped"))
        let report = try fixture.store.prune()
        // Its own layer, configuration and manifest; the base layer is shared.
        #expect(report.counts == [3, 1, 1])
        #expect(report.byteCount > 0)
        #expect(try content(fixture) == before)
        #expect(try fixture.problems() == [])
        #expect(try fixture.dump(kept).count == 3)
    }

    @Test func `an image with two names stays until both are gone`() throws {
        let fixture = try StoreFixture()
        try fixture.add(image("a"), "one")
        try fixture.store.setReference("two", to: image("a").digest)
        #expect(try fixture.store.removeReference("one"))
        #expect(try fixture.store.prune() == PruneReport())
        #expect(try fixture.store.removeReference("two"))
        let report = try fixture.store.prune()
        #expect(report.counts == [4, 2, 1])
        #expect(try content(fixture) == [])
    }

    @Test func `what killed writers left goes, what a living one has stays`() throws {
        let fixture = try StoreFixture()
        let living = try TemporaryDirectory(fixture.store)
        try living.write([1, 2, 3], as: "file")
        let left = FilePath(fixture.path("tmp/1-2"))
        try FileManager.default.createDirectory(atPath: "\(left)/layer-0", withIntermediateDirectories: true)
        _ = try fixture.store.prune()
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path("tmp")).count == 1)
        #expect(try living.directory.hasEntry("file"))
    }

    @Test func `names that are no digests are not touched`() throws {
        let fixture = try StoreFixture()
        for name in ["blobs/sha256/README", "layers/sha256/x", "trees/sha256/00", "blobs/other"] {
            #expect(FileManager.default.createFile(atPath: fixture.path(name), contents: Data("x".utf8)))
        }
        #expect(try fixture.store.prune() == PruneReport())
        #expect(try fixture.listing().filter { $0.contains("README") || $0.hasSuffix("/x") }.count == 2)
    }

    /// Damage that hides what an image needs.
    @Test(arguments: [true, false], [true, false])
    func `nothing is removed while a needed document cannot be read`(manifest: Bool, missing: Bool) throws {
        let fixture = try StoreFixture()
        let (damaged, unnamed) = (image("damaged"), image("unnamed"))
        try fixture.add(damaged, "damaged")
        try fixture.add(unnamed)
        let digest = manifest ? damaged.digest : Digest(of: damaged.configuration.bytes)
        let file = "blobs/sha256/\(digest.hex)"
        if missing { try fixture.remove(file) } else { try fixture.flipBit(file, at: 30) }
        let before = try content(fixture)
        #expect(
            fixture.failure { _ = try fixture.store.prune() }
                == "store $: image damaged: blob \(digest): "
                + (missing ? "is not in the store" : "does not have this digest")
                + ": nothing was removed, for what belongs to it cannot be told; import the image again, "
                + "or take its name away with \"cimg rm\"")
        #expect(try content(fixture) == before)
        // Both ways out that the error names.
        if missing {
            try fixture.add(damaged, "damaged")
            let report = try fixture.store.prune()
            #expect(report.counts == [3, 1, 1])
        } else {
            #expect(try fixture.store.removeReference("damaged"))
            _ = try fixture.store.prune()
            #expect(try content(fixture) == [])
        }
        #expect(try fixture.problems() == [])
    }

    @Test func `everything below entries of other tools stays`() throws {
        let fixture = try StoreFixture()
        let (one, two, loose) = (image("one"), sampleImage(.zstd), image("loose"))
        for image in [one, two, loose] { try fixture.add(image) }
        let artifact = Array("signature".utf8)
        var layout = OCILayoutBuilder()
        layout.index(tag: "several") { index in
            index.image(one)
            index.index { $0.image(two) }
            index.attestation(of: one)
            // A platform that was not copied.
            index.entry(.descriptor(MediaType.manifest, of: Array("elsewhere".utf8)))
        }
        layout.entry(.descriptor("application/octet-stream", of: artifact))
        layout.blob(artifact)
        let writer = try TemporaryDirectory(fixture.store)
        for blob in layout.blobs { try fixture.store.addBlob(blob.bytes, writer) }
        try fixture.write("index.json", layout.index.bytes)
        #expect(try fixture.problems() == [])
        let report = try fixture.store.prune()
        // Only what is loose goes: its layer, configuration and manifest; the base layer is shared.
        #expect(report.counts == [3, 1, 1])
        for blob in layout.blobs { #expect(fixture.read("blobs/sha256/\(blob.digest.hex)") == blob.bytes) }
        #expect(try fixture.problems() == [])
        #expect(try fixture.dump(two) == sampleTree())
    }

    @Test func `an image that is being taken in is waited for`() throws {
        let fixture = try StoreFixture()
        let image = image("slow")
        var stored: StoredImage? = try fixture.store.add(image.source, keepsBlobs: true)
        let store = try fixture.reopened()
        let pruning = WorkerThread { try store.prune() }
        // Until the image has its name, or nobody wants to name it any more, prune cannot begin.
        let lock = try FileManager.default.attributesOfItem(atPath: fixture.path("lock"))
        try Waiting.untilSomebodyWaits(forLockOf: UInt64(try #require(lock[.systemFileNumber] as? Int)))
        try fixture.store.setReference("slow", to: try #require(stored?.manifestDigest))
        stored = nil
        #expect(try pruning.join() == PruneReport())
        #expect(try fixture.problems() == [])
    }
}
