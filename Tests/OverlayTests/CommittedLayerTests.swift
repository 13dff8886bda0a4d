// SPDX-License-Identifier: Apache-2.0

import Authoring
import EROFS
import FileSystems
import FileTree
import Foundation
import LayerStore
import LinuxIO
import OCI
import Overlay
import OverlayLayers
import SystemPackage
import TestSupport
import Testing
import TreeDiff

/// A layer of what was changed, laid over the image again, shows what the mount showed.
@Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(30))) struct CommittedLayerTests {
    /// How many uppers are tried: `CIMG_COMMIT_CASES`, or a few.
    private static let caseCount = ProcessInfo.processInfo.environment["CIMG_COMMIT_CASES"].flatMap { Int($0) } ?? 24

    /// The tar of the layer between two trees.
    private static func layer(_ below: any TreeSource, _ whole: any TreeSource, marker: Bool = false) throws -> [UInt8]
    {
        var options = LayerPlan.Options()
        options.cutsTimes = false
        if marker { options.opaque = .marker }
        var bytes: [UInt8] = []
        let plan = try LayerPlan(below: below, whole: whole, options: options)
        try withoutActuallyEscaping({ (piece: UnsafeRawBufferPointer) in bytes.append(contentsOf: piece) }) { write in
            try LayerTar.write(plan, of: whole, write)
        }
        return bytes
    }

    /// The tree of layers, as an import makes it.
    private static func imported(_ layers: [[UInt8]], _ store: Store) throws -> MappedTree {
        let image = try store.add(
            SourceImage(
                manifest: nil, configuration: nil,
                layers: layers.map { bytes in SourceLayer(descriptor: nil) { BytesStream(bytes) } }), keepsBlobs: false)
        let tree = try #require(try store.openTree(image.diffIDs))
        let (file, notes) = (try MappedFile(tree.image), try MappedFile(tree.notes))
        return MappedTree(
            image: try EROFSImage(bytes: file.bytes, owner: file),
            notes: try TreeNotes(bytes: notes.bytes, owner: notes), layers: LayerFiles(tree.layers))
    }

    private static func changes(
        _ left: any TreeSource, _ right: any TreeSource, _ fields: ChangedFields
    ) throws -> [String] {
        var found: [String] = []
        try TreeComparison(left: left, right: right, options: ComparisonOptions(fields: fields)).forEachChange {
            found.append("\($0.kind) \(Bytes.escaped($0.path)) \($0.fields.named.map(\.name))")
        }
        return found
    }

    /// A line of a file without its link count, which overlays have of their layers, and without the end of what the
    /// kernel reads beyond a size that only a metacopy has.
    private static func withoutLinks(_ line: String) -> String {
        var words = line.split(separator: " ")
        if words.count > 6, words[1] != "directory" { words.remove(at: 6) }
        let line = words.joined(separator: " ")
        return line.hasSuffix("\\n") ? String(line.dropLast(2)) : line
    }

    @Test func `for random changes in a mount the image has the digest of what the mount shows`() throws {
        let scratch = ScratchDirectory()
        let store = try Store(scratch.path("store"))
        let empty = MemoryTree([])
        let stacks = [
            [
                "mkdir -p a/b/c b; echo 1 >a/1; echo 2 >a/b/c/c; echo 3 >b/a; echo 4 >c; ln -s a b/b; mkfifo a/c",
                "mkdir -p a/b c0 b/c; echo 5 >a/b/b; mkdir b/c/a; setfattr -n user.x -v 1 a/b/b; chmod 4755 a/b/b",
            ],
            ["mkdir -p a/b b; echo 1 >a/a; ln a/a b/a; ln a/a c; echo 2 >a/b/b; ln a/b/b b/b; mkdir b/c"],
        ]
        for seed in 0..<UInt64(Self.caseCount) {
            let fixture = try WritableFixture(stacks[Int(seed % 2)], bareSize: seed % 4 < 2 ? 1 : nil)
            let lower = try OverlayTree(fixture.stack.layers(), name: [])
            let base = try Self.layer(empty, lower)
            let below = try Self.imported([base], store)
            var random = RandomOperations(seed: seed &+ 9000)
            for _ in 0..<Int(10 + seed % 60) { _ = FileSystemTarget(fixture.fileSystem).run(random.next()) }
            let mount = FileSystemSource(fixture.fileSystem)
            let shown = try Self.imported([Self.layer(empty, mount)], store)
            fixture.fileSystem.finish()
            // As the command reads it: the upper and its work directory over the image.
            let whole = try OverlayTree(
                [.directory(try Descriptor.open(fixture.upper, O_RDONLY | O_DIRECTORY))] + fixture.stack.layers(),
                name: [], options: OverlayOptions(marks: [.trusted]),
                links: try Descriptor.open(fixture.work.appending("links"), O_RDONLY | O_DIRECTORY))
            #expect(try lines(whole, hasTimes: false) == lines(mount, hasTimes: false), "seed \(seed)")
            for marker in [false, true] {
                let layer = try Self.layer(below, whole, marker: marker)
                let again = try Self.layer(below, whole, marker: marker)
                #expect(layer == again, "seed \(seed)")
                let tree = try Self.imported([base, layer], store)
                #expect(try Self.changes(tree, mount, .all) == [], "seed \(seed)")
                #expect(try tree.subtreeDigest(of: tree.root) == shown.subtreeDigest(of: shown.root), "seed \(seed)")
            }
        }
    }

    @Test func `for random layers with all marks of overlayfs the image is what the kernel shows`() throws {
        let scratch = ScratchDirectory()
        let store = try Store(scratch.path("store"))
        var readable = 0
        for seed in 0..<UInt64(Self.caseCount) {
            var random = RandomLayers(seed: seed &+ 77_000)
            let stack = try LayerStack(random.layers())
            let options = OverlayOptions(marks: [.trusted])
            let whole = try OverlayTree(stack.layers(), name: [], options: options)
            // The highest layer is the upper.
            let lower = try OverlayTree(Array(stack.layers().dropFirst()), name: [], options: options)
            let hasDamage = try (lines(whole) + lines(lower)).contains { $0.hasSuffix("unreadable") }
            if hasDamage { continue }
            readable += 1
            let base = try Self.layer(MemoryTree([]), lower)
            let layer = try Self.layer(try Self.imported([base], store), whole)
            let tree = try Self.imported([base, layer], store)
            #expect(try Self.changes(tree, whole, .all.subtracting(.nlink)) == [], "seed \(seed)")
            let kernel = try lines(PathSource(stack.mountKernel()), hasTimes: false).map(Self.withoutLinks)
            let ours = try lines(tree, hasTimes: false).map(Self.withoutLinks)
            #expect(Set(ours).subtracting(kernel).sorted() == [], "seed \(seed)")
            #expect(Set(kernel).subtracting(ours).sorted() == [], "seed \(seed)")
            try stack.unmount()
        }
        #expect(readable * 4 > Self.caseCount)
    }
}
