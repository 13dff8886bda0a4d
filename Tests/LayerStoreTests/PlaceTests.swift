// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import LayerStore

/// Where a store can be, and what happens where it cannot.
@Suite(.timeLimit(.minutes(15))) struct PlaceTests {
    @Test func `a store is made with the directories above it, for its owner alone`() throws {
        let scratch = ScratchDirectory()
        let store = try Store(scratch.path("a/b/store"))
        #expect(try store.root.status().st_mode & 0o777 == 0o700)
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: "\(store.path)").sorted() == [
                "blobs", "blobs/sha256", "index.json", "layers", "layers/sha256", "oci-layout", "tmp", "trees",
                "trees/sha256",
            ])
        #expect(try store.references() == [])
    }

    @Test func `what a killed first command left is made whole`() throws {
        let scratch = ScratchDirectory()
        scratch.directory("store/blobs/sha256")
        scratch.directory("store/lost+found")
        scratch.directory("store/tmp/1-2")
        let store = try Store(scratch.path("store"))
        #expect(try store.root.hasEntry("oci-layout"))
        #expect(try store.temporary.entryNames() == [])
    }

    @Test func `a directory with other things in it is not made a store`() throws {
        let scratch = ScratchDirectory()
        scratch.file("home/letter\n.txt", "dear")
        #expect(throws: StoreError.self) { try Store(scratch.path("home")) }
        do {
            _ = try Store(scratch.path("home"))
        } catch {
            #expect(
                "\(error)"
                    == "store \(scratch.path)/home: is no store but a directory with \"letter\\n.txt\" in it; choose "
                    + "another with --root or CIMG_ROOT")
        }
        #expect(try FileManager.default.subpathsOfDirectory(atPath: "\(scratch.path)/home").count == 1)
    }

    @Test func `an image layout of other tools becomes a store with its images`() throws {
        let scratch = ScratchDirectory()
        let image = sampleImage(.zstd)
        let path = OCILayoutBuilder { $0.image(image, tag: "theirs") }.write(to: scratch)
        let store = try Store(path)
        #expect(try store.references().map(\.name) == ["theirs"])
        #expect(try dumpTree(store.tree(of: store.describe(#require(try store.find("theirs"))))) == sampleTree())
        #expect(try store.fsck(repairs: false) == FsckReport(problems: [], blobs: 4, layers: 2, trees: 1))
        #expect(try store.prune() == PruneReport())
    }

    @Test(arguments: [("file", "Not a directory"), ("link", "Too many levels of symbolic links")])
    func `what stands in the way is named`(kind: String, reason: String) throws {
        let scratch = ScratchDirectory()
        if kind == "file" {
            scratch.file("store")
        } else {
            scratch.directory("store")
            scratch.directory("elsewhere")
            try FileManager.default.createSymbolicLink(
                atPath: "\(scratch.path)/store/blobs", withDestinationPath: "../elsewhere")
        }
        do {
            _ = try Store(scratch.path("store"))
            Issue.record("no error")
        } catch {
            #expect("\(error)" == "store \(scratch.path)/store: \(reason); choose another with --root or CIMG_ROOT")
        }
    }

    @Test(.enabled(if: Requirements.root)) func `a store on a medium that cannot be written can be read`() throws {
        let fixture = try StoreFixture()
        let (image, other) = (sampleImage(.gzip), sampleImage(.zstd, "other"))
        try fixture.add(image, "sample")
        let mount = try TestMount(["--bind", fixture.store.path.string], at: fixture.store.path.string)
        try mount.remount("bind,ro")
        let store = try fixture.reopened()
        #expect(try store.references().map(\.name) == ["sample"])
        #expect(try dumpTree(store.tree(of: store.describe(image.digest))) == sampleTree())
        #expect(try store.fsck(repairs: false).problems == [])
        for (expected, body) in [
            (
                "store $: cannot lock references.lock: Read-only file system",
                {
                    try store.setReference("x", to: image.digest)
                }
            ),
            (
                "store $: cannot lock references.lock: Read-only file system",
                { _ = try store.removeReference("sample") }
            ),
            ("store $: cannot lock it: Read-only file system", { _ = try store.prune() }),
            (
                "store $: cannot write to it: Read-only file system",
                {
                    _ = try store.add(other.source, keepsBlobs: true)
                }
            ),
        ] as [(String, () throws -> Void)] {
            #expect(fixture.failure(body) == expected)
        }
        // What has to be derived again cannot be.
        let later = try fixture.reopened(bootID: [1])
        #expect(
            fixture.failure { _ = try later.openTree(image.layers.map(\.diffID)) }
                == "store $: cannot write to it: Read-only file system")
    }

    @Test(.enabled(if: Requirements.root)) func `a full disk is an error, and the store goes on when there is room`()
        throws
    {
        let scratch = ScratchDirectory()
        let mount = try TestMount(["-t", "tmpfs", "-o", "size=768k", "tmpfs"], at: scratch.directory("disk").string)
        let store = try Store(scratch.path("disk/store"))
        let small = sampleImage(.gzip)
        // What is taken in keeps `prune` away as long as its value lives.
        _ = try store.add(small.source, keepsBlobs: true)
        try store.setReference("small", to: small.digest)
        for compression in [LayerCompression.none, .gzip] {
            let big = ImageBuilder([
                LayerBuilder(compression) { $0.file("big", (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 | 1) }) }
            ])
            do {
                _ = try store.add(big.source, keepsBlobs: true)
                Issue.record("no error")
            } catch {
                #expect(
                    "\(error)" == "store \(store.path): cannot write layer \(big.layers[0].digest): No space left on "
                        + "device; make room there, for instance with \"cimg prune\", or choose another store with --root"
                )
            }
            #expect(try store.temporary.entryNames() == [])
            #expect(try store.fsck(repairs: false).problems == [])
        }
        // To the last byte: then nothing can be added, but everything can be read and pruned.
        let filler = FilePath("\(scratch.path)/disk/filler")
        #expect(FileManager.default.createFile(atPath: filler.string, contents: nil))
        let handle = try #require(FileHandle(forWritingAtPath: filler.string))
        while (try? handle.write(contentsOf: Data(count: 4096))) != nil {}
        let other = sampleImage(.zstd, "other")
        #expect(throws: StoreError.self) { try store.add(other.source, keepsBlobs: true) }
        #expect(try dumpTree(store.tree(of: store.describe(small.digest))) == sampleTree())
        #expect(throws: StoreError.self) { try store.setReference("second", to: small.digest) }
        #expect(try store.references().map(\.name) == ["small"])
        try handle.close()
        try FileManager.default.removeItem(atPath: filler.string)
        _ = try store.add(other.source, keepsBlobs: true)
        _ = try store.prune()
        #expect(try store.fsck(repairs: false) == FsckReport(problems: [], blobs: 4, layers: 2, trees: 1))
        withExtendedLifetime(mount) {}
    }
}

/// A mount of a test, gone with it.
final class TestMount {
    private let target: String

    init(_ arguments: [String], at target: String) throws {
        self.target = target
        try Self.run("/bin/mount", arguments + [target])
    }

    deinit { try? Self.run("/bin/umount", ["-l", target]) }

    func remount(_ options: String) throws { try Self.run("/bin/mount", ["-o", "remount,\(options)", target]) }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = try CimgProgram.start(arguments, program: program)
        process.waitUntilExit(atMost: 600)
        guard process.terminationStatus == 0 else { throw Errno.permissionDenied }
    }
}
