// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import LayerStore

@Suite(.timeLimit(.minutes(15))) struct IngestTests {
    private static let layout = [
        "blobs", "blobs/sha256", "index.json", "layers", "layers/sha256", "lock", "oci-layout", "tmp", "trees",
        "trees/sha256",
    ]

    @Test(arguments: LayerCompression.allCases, [1, 3, .max])
    func `an image becomes its blobs, layers and tree`(_ compression: LayerCompression, piece: Int) throws {
        let fixture = try StoreFixture()
        let image = sampleImage(compression)
        let stored = try fixture.store.add(image.source(piece: piece), keepsBlobs: true)
        #expect(stored.manifestDigest == image.digest)
        #expect(stored.diffIDs == image.layers.map(\.diffID))
        #expect(try fixture.dump(image) == sampleTree())
        for layer in image.layers {
            #expect(fixture.read("blobs/sha256/\(layer.digest.hex)") == layer.blob)
            #expect(fixture.read("layers/sha256/\(layer.diffID.digest.hex)/data") == layer.tar)
        }
        #expect(fixture.read("blobs/sha256/\(image.digest.hex)") == image.manifest.bytes)
        #expect(try fixture.problems() == [])
    }

    @Test func `the store holds exactly this after an import`() throws {
        let fixture = try StoreFixture()
        let image = sampleImage(.gzip)
        try fixture.add(image, "sample")
        let layers = image.layers.indices.flatMap { index in
            let directory = "layers/sha256/<diff\(index)>"
            let size = image.layers[index].blob.count
            return [
                directory, "\(directory)/blob-<blob\(index)>-\(size)", "\(directory)/boot", "\(directory)/data",
                "\(directory)/index",
            ]
        }
        let expected =
            Self.layout + ["references.lock"] + layers
            + ["blob0", "blob1", "config", "manifest"].map { "blobs/sha256/<\($0)>" }
            + ["", "/boot", "/notes", "/tree"].map { "trees/sha256/<chain>\($0)" }
        #expect(try fixture.listing(image.digestNames) == expected.sorted())
        #expect(fixture.read("oci-layout") == Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        let size = image.manifest.bytes.count
        #expect(
            String(decoding: fixture.read("index.json") ?? [], as: UTF8.self)
                == #"{"manifests":[{"annotations":{"org.opencontainers.image.ref.name":"sample"},"#
                + #""digest":"\#(image.digest)","mediaType":"application/vnd.oci.image.manifest.v1+json","#
                + #""size":\#(size)}],"schemaVersion":2}"#)
        #expect(try fixture.store.root.status().st_mode & 0o777 == 0o700)
    }

    @Test func `without keeping blobs only what is derived stays`() throws {
        let fixture = try StoreFixture()
        let image = sampleImage(.zstd)
        let stored = try fixture.store.add(image.source, keepsBlobs: false)
        let tree = try #require(try fixture.store.openTree(stored.diffIDs))
        #expect(try dumpTree(tree) == sampleTree())
        #expect(try fixture.listing(image.digestNames).filter { $0.hasPrefix("blobs/sha256/") } == [])
        // The blobs can follow later.
        try fixture.add(image)
        #expect(try fixture.listing(image.digestNames).filter { $0.hasPrefix("blobs/sha256/") }.count == 4)
        #expect(try fixture.problems() == [])
    }

    @Test func `what is in the store already is not read again`() throws {
        let fixture = try StoreFixture()
        let image = sampleImage(.gzip)
        try fixture.add(image)
        var source = image.source
        for index in source.layers.indices { source.layers[index].open = { ForbiddenStream() } }
        #expect(fixture.error(source) == nil)
        #expect(fixture.error(source, keepsBlobs: false) == nil)
    }

    @Test func `an uncompressed blob and its layer are one file`() throws {
        let fixture = try StoreFixture()
        let image = ImageBuilder([
            LayerBuilder(.none) { $0.file("zeros", [UInt8](repeating: 0, count: 1 << 20)) }
        ])
        try fixture.add(image)
        func status(_ name: String) throws -> stat { try Descriptor.open(FilePath(fixture.path(name))).status() }
        let hex = image.layers[0].digest.hex
        let (blob, data) = (try status("blobs/sha256/\(hex)"), try status("layers/sha256/\(hex)/data"))
        #expect(blob.st_ino == data.st_ino)
        #expect(blob.st_nlink == 2)
        #expect(blob.st_size == Int64(image.layers[0].blob.count))
        // A mebibyte of zeros is a hole.
        #expect(blob.st_blocks * 512 <= 64 << 10)
        #expect(fixture.read("blobs/sha256/\(hex)") == image.layers[0].blob)
    }

    @Test func `an image without layers has an empty tree`() throws {
        let fixture = try StoreFixture()
        let image = ImageBuilder([])
        try fixture.add(image, "empty")
        #expect(try fixture.dump(image) == ["/ directory 755 0:0 0.0 links=2 size=0"])
        #expect(try fixture.problems() == [])
    }

    @Test(arguments: [LayerCompression.none, .gzip, .zstd])
    func `a layer of no bytes is an empty layer`(_ compression: LayerCompression) throws {
        let fixture = try StoreFixture()
        let image = ImageBuilder([LayerBuilder(compression, tar: []), LayerBuilder(compression) { $0.file("a", "b") }])
        try fixture.add(image, "empty")
        #expect(
            try fixture.dump(image) == [
                "/ directory 755 0:0 0.0 links=2 size=0",
                "/a regular 644 0:0 0.0 links=1 size=1 \(Digest(of: [0x62]).hex.prefix(12))",
            ])
        #expect(try fixture.problems() == [])
    }

    @Test func `a layer may occur several times`() throws {
        let fixture = try StoreFixture()
        let first = LayerBuilder(.gzip) { $0.file("a", "first") }
        let second = LayerBuilder(.zstd) { $0.whiteout("a") }
        let image = ImageBuilder([first, second, first, second, first])
        try fixture.add(image, "twice")
        #expect(
            try fixture.dump(image).last
                == "/a regular 644 0:0 0.0 links=1 size=5 \(Digest(of: Array("first".utf8)).hex.prefix(12))")
        #expect(try fixture.listing(image.digestNames).filter { $0.hasSuffix("/data") }.count == 2)
        #expect(try fixture.problems() == [])
    }

    @Test func `one layer of several blobs is verified for each of them`() throws {
        let fixture = try StoreFixture()
        let (gzip, zstd) = (sampleImage(.gzip), sampleImage(.zstd))
        try fixture.add(gzip)
        try fixture.add(zstd)
        for layer in zip(gzip.layers, zstd.layers) {
            let directory = "layers/sha256/\(layer.0.diffID.digest.hex)"
            for blob in [layer.0, layer.1] {
                #expect(fixture.read("\(directory)/blob-\(blob.digest.hex)-\(blob.blob.count)") == [])
            }
        }
    }

    @Test func `an image without documents gets its own, always the same`() throws {
        let fixture = try StoreFixture()
        let image = sampleImage(.gzip)
        let source = SourceImage(
            manifest: nil, configuration: nil,
            layers: image.layers.map { layer in SourceLayer(descriptor: nil) { MemoryStream(layer.blob) } })
        let stored = try fixture.store.add(source, keepsBlobs: true)
        #expect(stored.manifest.layers.map(\.digest) == image.layers.map(\.digest))
        #expect(stored.manifest.layers.map(\.mediaType) == [MediaType.layerGzip, MediaType.layerGzip])
        #expect(stored.manifest.layers.map(\.size) == image.layers.map { Int64($0.blob.count) })
        #expect(stored.diffIDs == image.layers.map(\.diffID))
        let described = try fixture.store.describe(source)
        #expect(described.digest == stored.manifestDigest)
        #expect(try fixture.store.describe(stored.manifestDigest).configurationBytes == described.configurationBytes)
        #expect(try fixture.problems() == [])
    }

    @Test func `a media type that lies about compression changes nothing`() throws {
        let fixture = try StoreFixture()
        var layers = sampleImage(.gzip).layers
        layers[0].mediaType = MediaType.layerZstd
        layers[1].mediaType = MediaType.layer
        let image = ImageBuilder(layers)
        try fixture.add(image, "liar")
        #expect(try fixture.dump(image) == sampleTree())
        #expect(fixture.read("blobs/sha256/\(image.digest.hex)") == image.manifest.bytes)
    }

    @Test func `the index of a store of another boot is made again`() throws {
        let fixture = try StoreFixture()
        let image = sampleImage(.gzip)
        try fixture.add(image, "sample")
        let report = try fixture.store.fsck(repairs: false)
        #expect(report == FsckReport(problems: [], blobs: 4, layers: 2, trees: 1))
    }
}
