// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import OCI
import TestSupport
import Testing

@testable import LayerStore

/// Damage of every kind: found, named, removed, and healed by another import.
@Suite(.timeLimit(.minutes(15))) struct FsckTests {
    /// Where something is damaged.
    enum Place: String, CaseIterable {
        case manifest, configuration, blob, data, indexHeader, indexRecord, tree, notes
    }

    private let image = sampleImage(.gzip)

    private func file(_ place: Place) -> (path: String, offset: Int) {
        let layer = "layers/sha256/\(image.layers[1].diffID.digest.hex)"
        let tree = "trees/sha256/\(image.chainID.digest.hex)"
        switch place {
        case .manifest: return ("blobs/sha256/\(image.digest.hex)", 40)
        case .configuration: return ("blobs/sha256/\(Digest(of: image.configuration.bytes).hex)", 40)
        case .blob: return ("blobs/sha256/\(image.layers[1].digest.hex)", 60)
        case .data: return ("\(layer)/data", 2000)
        case .indexHeader: return ("\(layer)/index", 20)
        case .indexRecord: return ("\(layer)/index", 96 + 16)
        case .tree: return ("\(tree)/tree", 2100)
        case .notes: return ("\(tree)/notes", 40)
        }
    }

    /// What `fsck` says of a changed bit.
    private func problems(_ place: Place) -> [String] {
        let config = Digest(of: image.configuration.bytes)
        let diffID = image.layers[1].diffID
        switch place {
        case .manifest:
            return [
                "blob \(image.digest): does not have this digest",
                "image sample: blob \(image.digest): does not have this digest",
            ]
        case .configuration:
            return [
                "blob \(config): does not have this digest", "image sample: blob \(config): does not have this digest",
            ]
        case .blob: return ["blob \(image.layers[1].digest): does not have this digest"]
        case .data: return ["layer \(diffID): its uncompressed data does not have this digest"]
        case .indexHeader: return ["layer \(diffID): its index is damaged"]
        case .indexRecord: return ["layer \(diffID): its index is not what its data makes"]
        case .tree, .notes: return ["tree \(image.chainID): is not what its layers make"]
        }
    }

    private func damaged(_ place: Place) throws -> StoreFixture {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        let (path, offset) = file(place)
        try fixture.flipBit(path, at: offset)
        return fixture
    }

    @Test(arguments: Place.allCases) func `a changed bit is found, and nothing is changed without being asked`(
        place: Place
    ) throws {
        let fixture = try damaged(place)
        let before = try fixture.listing()
        // A damaged header of an index is no index of this layer; without it the tree cannot be compared.
        #expect(
            try fixture.problems().filter { !$0.hasPrefix("tree") || place == .tree || place == .notes }
                == problems(place))
        if place != .indexHeader { #expect(try fixture.listing() == before) }
        #expect(try !fixture.problems().isEmpty || place == .indexHeader)
    }

    @Test(arguments: Place.allCases) func `repaired damage heals with the next import`(place: Place) throws {
        let fixture = try damaged(place)
        #expect(try !fixture.problems(repairs: true).isEmpty)
        let second = try fixture.problems(repairs: true)
        let config = Digest(of: image.configuration.bytes)
        switch place {
        case .manifest: #expect(second == ["image sample: blob \(image.digest): is not in the store"])
        case .configuration:
            #expect(
                second
                    == [
                        "image sample: configuration \(config) is missing",
                        "image sample: blob \(config): is not in the store",
                    ].sorted { $0 < $1 })
        case .blob: #expect(second == ["image sample: layer \(image.layers[1].digest) is missing"])
        default: #expect(second == [])
        }
        if second.isEmpty { #expect(try fixture.dump(image) == sampleTree()) }
        try fixture.add(image, "sample")
        #expect(try fixture.problems() == [])
        #expect(try fixture.dump(image) == sampleTree())
    }

    @Test(arguments: Place.allCases) func `a file cut short is found and heals`(place: Place) throws {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        for keep in [0, 50] {
            let (path, _) = file(place)
            try fixture.write(path, Array((fixture.read(path) ?? []).prefix(keep)))
            #expect(try !fixture.problems(repairs: true).isEmpty)
            try fixture.add(image, "sample")
            #expect(try fixture.problems() == [])
            #expect(try fixture.dump(image) == sampleTree())
        }
    }

    @Test(arguments: Place.allCases) func `a missing file is found and heals`(place: Place) throws {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        try fixture.remove(file(place).path)
        #expect(try !fixture.problems(repairs: true).isEmpty)
        try fixture.add(image, "sample")
        #expect(try fixture.problems() == [])
        #expect(try fixture.dump(image) == sampleTree())
    }

    /// Damage that opening notices costs the time to derive it again, nothing else.
    @Test(arguments: [Place.indexHeader, .data, .tree, .notes])
    func `derived data cut short is derived again when it is used`(
        place: Place
    ) throws {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        for keep in [0, 50] {
            let (path, _) = file(place)
            try fixture.write(path, Array((fixture.read(path) ?? []).prefix(keep)))
            #expect(try fixture.dump(image) == sampleTree())
            #expect(try fixture.problems() == [])
        }
        try fixture.remove(file(place).path)
        #expect(try fixture.dump(image) == sampleTree())
    }

    @Test func `a tree whose blob is gone says so`() throws {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        try fixture.remove("blobs/sha256/\(image.layers[0].digest.hex)")
        // As long as all that is derived is there it can be used.
        #expect(try fixture.dump(image) == sampleTree())
        try fixture.remove("layers/sha256/\(image.layers[0].diffID.digest.hex)")
        #expect(
            fixture.failure { _ = try fixture.dump(image) } == "layer \(image.layers[0].digest): is not in the store")
        #expect(try fixture.problems() == ["image sample: layer \(image.layers[0].digest) is missing"])
    }

    @Test func `notes of another tree are not taken for a tree's own`() throws {
        let fixture = try StoreFixture()
        let other = ImageBuilder(.gzip) { $0.file("one", "1") }
        try fixture.add(image, "sample")
        try fixture.add(other, "other")
        let notes = try #require(fixture.read("trees/sha256/\(other.chainID.digest.hex)/notes"))
        try fixture.write(file(.notes).path, notes)
        #expect(try fixture.problems() == ["tree \(image.chainID): has 7 files, but notes of 2"])
        #expect(try fixture.dump(image) == sampleTree())
        #expect(try fixture.problems() == [])
        let tree = try #require(fixture.read("trees/sha256/\(other.chainID.digest.hex)/tree"))
        try fixture.write(file(.tree).path, tree)
        #expect(try fixture.problems() == ["tree \(image.chainID): has other layers than its name says"])
        #expect(try fixture.dump(image) == sampleTree())
    }

    @Test func `an uncompressed layer is damaged under both its names and heals`() throws {
        let fixture = try StoreFixture()
        let image = sampleImage(.none)
        try fixture.add(image, "sample")
        let digest = image.layers[1].digest
        try fixture.flipBit("blobs/sha256/\(digest.hex)", at: 2000)
        #expect(
            try fixture.problems(repairs: true) == [
                "blob \(digest): does not have this digest",
                "layer \(digest): its uncompressed data does not have this digest",
                "image sample: layer \(digest) is missing",
            ])
        try fixture.add(image, "sample")
        #expect(try fixture.problems() == [])
        #expect(try fixture.dump(image) == sampleTree())
    }

    @Test func `strange things in the store are named and do not stop the check`() throws {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        let hex = String(repeating: "ab", count: 32)
        for directory in ["blobs/sha256/\(hex)/below", "layers/sha256/\(hex)"] {
            try FileManager.default.createDirectory(
                atPath: fixture.path(directory), withIntermediateDirectories: true)
        }
        for name in ["blobs/sha256/a\u{1B}b", "layers/sha256/x", "trees/sha256/\(hex)"] {
            #expect(FileManager.default.createFile(atPath: fixture.path(name), contents: nil))
        }
        mkfifo(fixture.path("blobs/sha256/" + String(repeating: "cd", count: 32)), 0o600)
        let fifo = "sha256:" + String(repeating: "cd", count: 32)
        let names = [
            #"store $: blobs/sha256/a\x1bb: not the name of a blob"#, "blob sha256:\(hex): is not a regular file",
            "blob \(fifo): is not a regular file", "store $: layers/sha256/x: not the name of a layer",
            "layer sha256:\(hex): is incomplete", "tree sha256:\(hex): store $: \(hex): Not a directory",
        ]
        #expect(try fixture.problems().sorted() == names.sorted())
        _ = try fixture.problems(repairs: true)
        // What has no name of ours is left to whoever put it there.
        #expect(try fixture.problems().sorted() == [names[0], names[3]].sorted())
        #expect(try fixture.dump(image) == sampleTree())
    }

    @Test func `another import puts damaged documents right without repair`() throws {
        let fixture = try StoreFixture()
        try fixture.add(image, "sample")
        for place in [Place.manifest, .configuration] {
            let (path, offset) = file(place)
            try fixture.flipBit(path, at: offset)
            try fixture.add(image, "sample")
            #expect(try fixture.problems() == [])
        }
    }

    @Test(.timeLimit(.minutes(15))) func `fifos in the place of files are told, not waited for`() throws {
        let image = sampleImage(.gzip)
        let first = try StoreFixture()
        try first.add(image, "app:1")
        let files = try first.listing().filter { path in
            let directories = ["blobs/sha256/", "layers/sha256/", "trees/sha256/"]
            return directories.contains { path.hasPrefix($0) } && first.read(path) != nil
        }
        #expect(files.count > 10)
        for file in files {
            let fixture = try StoreFixture()
            try fixture.add(image, "app:1")
            try fixture.remove(file)
            #expect(mkfifo(fixture.path(file), 0o600) == 0)
            // A layer's marks of the blobs that it was made of say all that they say by their names.
            #expect(try fixture.problems() != [] || file.contains("/blob-"), "\(file)")
        }
    }
}
