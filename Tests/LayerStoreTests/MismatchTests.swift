// SPDX-License-Identifier: Apache-2.0

import OCI
import TestSupport
import Testing

@testable import LayerStore

/// Layers and documents that are not what is said of them.
@Suite(.timeLimit(.minutes(15))) struct MismatchTests {
    private let image = ImageBuilder([
        LayerBuilder(.gzip) { $0.file("a", [UInt8]((0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) })) }
    ])

    /// Checks that an import fails with this error and leaves nothing but an empty store.
    private func expect(
        _ source: SourceImage, _ error: String, limits: LayerLimits = LayerLimits(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for keepsBlobs in [true, false] {
            let fixture = try StoreFixture(limits: limits)
            #expect(fixture.error(source, keepsBlobs: keepsBlobs) == error, sourceLocation: sourceLocation)
            #expect(
                try fixture.listing() == [
                    "blobs", "blobs/sha256", "index.json", "layers", "layers/sha256", "lock", "oci-layout", "tmp",
                    "trees", "trees/sha256",
                ], sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [LayerCompression.none, .gzip, .gzipMembers, .zstd, .zstdFrames], 0..<12)
    func `a changed bit is told by the digest, whatever it does to the data`(
        _ compression: LayerCompression, seed: Int
    ) throws {
        let image = sampleImage(compression)
        var bytes = image.layers[1].blob
        // The first places of magic bytes and headers, then places all over the layer.
        let place = seed < 4 ? seed : (seed &* 2_654_435_761) % bytes.count
        bytes[place] ^= 1 << UInt8(seed % 8)
        try expect(
            image.source(replacing: [1: bytes, 0: image.layers[0].blob]),
            "layer \(image.layers[1].digest): has digest \(Digest(of: bytes)), not the one that its manifest says",
            only: image)
    }

    /// As `expect`, where another layer of the image may have come in whole.
    private func expect(_ source: SourceImage, _ error: String, only image: ImageBuilder) throws {
        let fixture = try StoreFixture()
        #expect(fixture.error(source) == error)
        let names = image.digestNames
        let bad = try fixture.listing(names).filter {
            $0.contains("blob1") || $0.contains("diff1") || $0.contains("<chain>") || $0.hasPrefix("tmp/")
        }
        #expect(bad == [])
        #expect(try fixture.problems() == [])
    }

    @Test func `a layer that is cut off has too few bytes`() throws {
        let blob = image.layers[0].blob
        for count in [0, 1, 3, 4, 17, blob.count / 2, blob.count - 1] {
            try expect(
                image.source(replacing: [0: Array(blob.prefix(count))]),
                "layer \(image.layers[0].digest): has \(count) bytes, not the \(blob.count) that its manifest says")
        }
    }

    @Test(arguments: [1, 300_000]) func `a layer that goes on has too many bytes`(more: Int) throws {
        let blob = image.layers[0].blob
        try expect(
            image.source(replacing: [0: blob + [UInt8](repeating: 0, count: more)]),
            "layer \(image.layers[0].digest): is longer than the \(blob.count) bytes that its manifest says")
    }

    @Test func `a wrong diff ID is told with both`() throws {
        var wrong = image
        let other = DiffID(Digest(of: "other".utf8))
        wrong.configuration["rootfs"] = ["type": "layers", "diff_ids": [.string("\(other)")]]
        try expect(
            wrong.source,
            "layer \(image.layers[0].digest): inflates to diff ID \(image.layers[0].diffID), "
                + "but the configuration says \(other)")
    }

    @Test func `a wrong diff ID is told even if both layers are in the store`() throws {
        let fixture = try StoreFixture()
        let (one, other) = (image, sampleImage(.gzip))
        try fixture.add(one)
        try fixture.add(other)
        var wrong = one
        wrong.configuration["rootfs"] = ["type": "layers", "diff_ids": [.string("\(other.layers[0].diffID)")]]
        let error =
            "layer \(one.layers[0].digest): inflates to diff ID \(one.layers[0].diffID), "
            + "but the configuration says \(other.layers[0].diffID)"
        #expect(fixture.error(wrong.source) == error)
        #expect(fixture.error(wrong.source, keepsBlobs: false) == error)
        // As if another tool had put the documents there.
        let writer = try TemporaryDirectory(fixture.store)
        try fixture.store.addBlob(wrong.configuration.bytes, writer)
        try fixture.store.addBlob(wrong.manifest.bytes, writer)
        #expect(fixture.failure { _ = try fixture.dump(wrong) } == error)
    }

    @Test func `a wrong size is told even if the layer is in the store`() throws {
        let fixture = try StoreFixture()
        try fixture.add(image)
        var wrong = image
        let size = image.layers[0].blob.count
        var descriptor = image.layers[0].descriptor
        descriptor["size"] = .number("\(size + 1)")
        wrong.manifestMembers = [("layers", [descriptor])]
        #expect(
            fixture.error(wrong.source)
                == "layer \(image.layers[0].digest): has \(size) bytes, not the \(size + 1) that its manifest says")
    }

    @Test func `a layer that occurs twice has one size`() throws {
        let layer = image.layers[0]
        var twice = ImageBuilder([layer, layer])
        var descriptor = layer.descriptor
        descriptor["size"] = .number("7")
        twice.manifestMembers = [("layers", [layer.descriptor, descriptor])]
        let fixture = try StoreFixture()
        #expect(
            fixture.error(twice.source)
                == "layer \(layer.digest): has \(layer.blob.count) bytes, not the 7 that its manifest says elsewhere")
    }

    @Test func `a configuration has a diff ID for each layer`() throws {
        var wrong = sampleImage(.gzip)
        wrong.configuration["rootfs"] = ["type": "layers", "diff_ids": [.string("\(wrong.layers[0].diffID)")]]
        try expect(
            wrong.source,
            "configuration \(Digest(of: wrong.configuration.bytes)): rootfs.diff_ids: "
                + "are 1, but the image has 2 layers")
    }

    @Test func `documents belong together`() throws {
        var source = image.source
        let other = sampleImage(.gzip).configuration.bytes
        source.configuration = other
        try expect(
            source,
            "configuration \(Digest(of: other)): is not the one of manifest \(image.digest): "
                + "\(Digest(of: image.configuration.bytes))")
        source = image.source
        source.layers = []
        try expect(source, "manifest \(image.digest): has other layers than its source")
    }

    @Test(arguments: [LayerCompression.none, .gzip, .zstd])
    func `a layer that is no tar tells where`(_ compression: LayerCompression) throws {
        let image = ImageBuilder([LayerBuilder(compression, tar: Array("no tar at all".utf8))])
        try expect(
            image.source, "layer \(image.layers[0].digest): byte 13: the tar is cut off")
        let text = ImageBuilder([LayerBuilder(compression, tar: [UInt8](repeating: 0x41, count: 2048))])
        try expect(
            text.source, "layer \(text.layers[0].digest): byte 0: not a tar header: its checksum is wrong")
    }

    @Test func `what follows the compressed data is an error`() throws {
        let blob = LayerCompression.gzip(TarBuilder { $0.file("a", "b") }.bytes) + Array("more".utf8)
        var image = image
        var descriptor = JSON.descriptor(MediaType.layerGzip, of: blob)
        descriptor["size"] = .number("\(blob.count)")
        image.manifestMembers = [("layers", [descriptor])]
        try expect(
            image.source(replacing: [0: blob]),
            "layer \(Digest(of: blob)): gzip: something else follows the compressed data")
    }

    @Test(arguments: [LayerCompression.gzip, .zstd])
    func `a layer inflates to a bounded multiple of its size`(_ compression: LayerCompression) throws {
        let bomb = ImageBuilder([
            LayerBuilder(compression) { $0.file("zeros", [UInt8](repeating: 0, count: 8 << 20)) }
        ])
        var limits = LayerLimits()
        limits.freeInflation = 1 << 20
        let name = "layer \(bomb.layers[0].digest)"
        try expect(
            bomb.source, "\(name): inflates to more than 100 times its size: 1572864 bytes so far", limits: limits)
        limits.freeInflation = 16 << 20
        let fixture = try StoreFixture(limits: limits)
        #expect(fixture.error(bomb.source) == nil)
        limits.byteCount = 1 << 20
        try expect(bomb.source, "\(name): inflates to more than 1048576 bytes", limits: limits)
    }

    @Test func `a source that fails is told with the layer`() throws {
        var source = image.source
        source.layers[0].open = { ForbiddenStream() }
        try expect(source, "layer \(image.layers[0].digest): Operation not permitted")
    }
}
