// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import LayerStore

/// Root and a store that belongs to somebody else.
@Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct ForeignStoreTests {
    private let fixture: StoreFixture
    private let image = sampleImage(.gzip)

    init() throws {
        fixture = try StoreFixture()
        try fixture.add(image, "app:1")
        try fixture.add(sampleImage(.none, "other\n"))
        let process = Process()
        process.executableURL = URL(filePath: "/bin/chown")
        process.arguments = ["-R", "1234:1234", fixture.store.path.string]
        try process.run()
        process.waitUntilExit(atMost: 600)
    }

    private let refusal =
        "store $: belongs to 1234, and root writes nothing into it; run this as that user, or choose another with "
        + "--root or CIMG_ROOT"

    @Test func `what is there can be read and verified`() throws {
        let before = try fixture.listing()
        let store = try fixture.reopened()
        #expect(try dumpTree(store.tree(of: store.describe(image.digest))) == sampleTree())
        #expect(try store.fsck(repairs: false).problems == [])
        try store.settle()
        #expect(try fixture.listing() == before)
    }

    @Test func `nothing is written`() throws {
        let before = try fixture.listing()
        let store = try fixture.reopened()
        let new = sampleImage(.zstd, "new\n")
        #expect(fixture.failure { _ = try store.add(new.source, keepsBlobs: true) } == refusal)
        #expect(fixture.failure { try store.setReference("b", to: image.digest) } == refusal)
        #expect(fixture.failure { _ = try store.removeReference("app:1") } == refusal)
        #expect(fixture.failure { _ = try store.prune() } == refusal)
        #expect(fixture.failure { _ = try store.fsck(repairs: true) } == refusal)
        #expect(fixture.failure { _ = try store.temporaryDirectory } == refusal)
        #expect(try fixture.listing() == before)
    }

    @Test func `what would have to be derived is refused, and what is damaged stays`() throws {
        try fixture.write("trees/sha256/\(image.chainID.digest.hex)/notes", [])
        let before = try fixture.listing()
        let store = try fixture.reopened(bootID: Array("another".utf8))
        #expect(fixture.failure { _ = try store.tree(of: store.describe(image.digest)) } == refusal)
        #expect(try fixture.listing() == before)
    }

    @Test func `a directory of somebody else becomes no store of root's`() throws {
        let scratch = ScratchDirectory()
        let path = scratch.directory("home")
        #expect(chown("\(path)", 1234, 1234) == 0)
        #expect(throws: StoreError.self) { try Store(path) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(path)") == [])
        // One below it that root makes is root's own.
        _ = try Store(path.appending("new"))
    }
}
