// SPDX-License-Identifier: Apache-2.0

import Archive
import Glibc
package import LinuxIO
package import OCI
import SystemPackage

/// An uncompressed layer of a store.
package struct StoredLayer: Sendable {
    /// The digest of its bytes, its name.
    package let diffID: DiffID
    /// The uncompressed tar.
    package let data: Descriptor
    /// Its entries.
    package let index: LayerIndex
}

extension Store {
    /// Opens an uncompressed layer; nil if it has to be derived first.
    ///
    /// One that is damaged at first sight is removed.
    package func openLayer(_ diffID: DiffID) throws -> StoredLayer? {
        let name = diffID.digest.hex
        guard let directory = try openDerived(name, in: layers) else { return nil }
        return try openLayer(diffID, in: directory)
    }

    /// Opens an uncompressed layer whose directory is open.
    ///
    /// See `openLayer(_:)`.
    func openLayer(_ diffID: DiffID, in directory: Descriptor) throws -> StoredLayer? {
        do {
            return try Self.readLayer(directory, diffID)
        } catch let error as StoreError where error.code == .damaged {
            try discardDerived(directory, diffID.digest.hex, in: layers)
            return nil
        }
    }

    /// Opens the files of a layer's directory.
    ///
    /// - Throws: `StoreError`, damaged if they are not what they should be at first sight.
    static func readLayer(_ directory: Descriptor, _ diffID: DiffID) throws -> StoredLayer {
        do {
            let index = try directory.openBeneath("index", O_RDONLY | O_NONBLOCK)
            let data = try directory.openBeneath("data", O_RDONLY | O_NONBLOCK)
            let size = try data.size()
            let layer = StoredLayer(diffID: diffID, data: data, index: try LayerIndex(index, diffID: diffID))
            guard size == layer.index.layerByteCount else {
                throw StoreError(
                    .damaged, "layer \(diffID)",
                    "its uncompressed data has \(size) bytes, not \(layer.index.layerByteCount)")
            }
            return layer
        } catch Errno.noSuchFileOrDirectory {
            throw StoreError(.damaged, "layer \(diffID)", "is incomplete")
        } catch let error as Errno {
            throw StoreError(.system, "layer \(diffID)", "\(error)")
        }
    }

    /// Whether a blob was once inflated here and gave this layer.
    ///
    /// That both are in the store proves nothing: the configuration of an image may pair what does not belong together.
    func isVerified(_ descriptor: ContentDescriptor, gives diffID: DiffID) throws -> Bool {
        guard let directory = try openDerived(diffID.digest.hex, in: layers) else { return false }
        return Self.isMarked(directory, descriptor)
    }

    /// Whether a layer's directory says that the layer was made of a blob.
    static func isMarked(_ directory: Descriptor, _ descriptor: ContentDescriptor) -> Bool {
        (try? directory.hasEntry(verificationMark(descriptor))) ?? false  // Then it is verified again.
    }

    /// The name of the empty file in a layer's directory that says of which blob the layer was made.
    static func verificationMark(_ descriptor: ContentDescriptor) -> String {
        "blob-\(descriptor.digest.hex)-\(descriptor.size)"
    }

    /// What is known of a layer after it was taken in.
    struct IngestedLayer: Sendable {
        var diffID: DiffID
        var descriptor: ContentDescriptor
    }

    /// Takes one layer in: uncompressed, indexed, and as a blob if `keepsBlob`.
    ///
    /// One pass over its bytes.
    ///
    /// - Parameters:
    ///   - expected: the diff ID that the configuration says; nil where there is none.
    ///   - budget: what the layers of the import may cost together.
    func ingest(
        _ layer: SourceLayer, expected: DiffID?, keepsBlob: Bool, number: Int, writer: TemporaryDirectory,
        budget: SharedBudget, advanced: @escaping (UInt64) -> Void
    ) throws -> IngestedLayer {
        if let expected, let descriptor = layer.descriptor, try isVerified(descriptor, gives: expected),
            try openLayer(expected) != nil,
            try !keepsBlob || openBlob(descriptor.digest)?.size() == UInt64(exactly: descriptor.size)
        {
            return IngestedLayer(diffID: expected, descriptor: descriptor)
        }
        let name = "layer \(layer.descriptor.map { "\($0.digest)" } ?? expected.map { "\($0)" } ?? "\(number + 1)")"
        do {
            return try ingest(layer, expected, keepsBlob, number, name, writer, budget, advanced)
        } catch let error as Errno where error.isFullDisk {
            throw StoreError(.system, "store \(path)", "cannot write \(name): \(error)\(error.advice)")
        } catch let error as Errno {
            throw StoreError(.system, name, "\(error)")
        }
    }

    private func ingest(
        _ layer: SourceLayer, _ expected: DiffID?, _ keepsBlob: Bool, _ number: Int, _ name: String,
        _ writer: TemporaryDirectory, _ budget: SharedBudget, _ advanced: @escaping (UInt64) -> Void
    ) throws -> IngestedLayer {
        let directory = try writer.makeDirectory("layer-\(number)")
        let blobName = "blob-\(number)"
        let copy = keepsBlob ? try writer.create(blobName) : nil
        let bytes = LayerBytes(
            try layer.open(), expected: layer.descriptor, copy: copy, name: name, advanced: advanced)
        let data = try directory.openBeneath("data", O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        let index = try directory.openBeneath("index", O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        let result = try LayerPipeline(
            name: name, bytes: bytes, data: data, index: index, limits: limits, budget: budget
        ).run()
        if let expected, expected != result.diffID {
            throw StoreError(
                .damaged, name, "inflates to diff ID \(result.diffID), but the configuration says \(expected)")
        }
        let descriptor =
            layer.descriptor
            ?? ContentDescriptor(
                mediaType: result.compression.layerMediaType, digest: result.blobDigest,
                size: Int64(clamping: result.blobByteCount))
        if let copy {
            try publishBlob(result, copy, data, directory, blobName, writer)
        }
        try publishLayer(result.diffID, descriptor, directory, "layer-\(number)", writer)
        return IngestedLayer(diffID: result.diffID, descriptor: descriptor)
    }

    private func publishBlob(
        _ result: LayerPipeline.Result, _ copy: Descriptor, _ data: Descriptor, _ directory: Descriptor,
        _ blobName: String, _ writer: TemporaryDirectory
    ) throws {
        let final = result.blobDigest.hex
        guard result.compression == .none else {
            try copy.synchronize()
            // A blob that is there may have been damaged since; this one was verified just now.
            try writer.publish(blobName, in: blobs, as: final, replacing: true)
            return
        }
        // The blob is the uncompressed layer: one file with two names, unless both are there already.
        try writer.directory.remove(blobName)
        try directory.link("data", to: writer.directory, as: blobName)
        try data.synchronize()
        // One that cannot be read is replaced.
        let isStored = try (try? openBlob(result.blobDigest))?.size() == result.byteCount
        try writer.publish(blobName, in: blobs, as: final, replacing: !isStored)
    }

    private func publishLayer(
        _ diffID: DiffID, _ descriptor: ContentDescriptor, _ directory: Descriptor, _ name: String,
        _ writer: TemporaryDirectory
    ) throws {
        let mark = Self.verificationMark(descriptor)
        if try openLayer(diffID) == nil {
            _ = try directory.openBeneath(mark, O_WRONLY | O_CREAT | O_NONBLOCK, mode: 0o600)
            try markUnsynced(directory)
            if try writer.publish(name, in: layers, as: diffID.digest.hex, replacing: false) { return }
        }
        // The layer is there, of another blob perhaps: of this one too, it is known now.
        _ = try openDerived(diffID.digest.hex, in: layers)?.openBeneath(
            mark, O_WRONLY | O_CREAT | O_NONBLOCK, mode: 0o600)
    }
}

extension Compression {
    /// The media type of a layer that is compressed so.
    var layerMediaType: String {
        switch self {
        case .none: MediaType.layer
        case .gzip: MediaType.layerGzip
        case .zstd: MediaType.layerZstd
        // No specification has these.
        case .xz, .bzip2, .lz4, .lzip: MediaType.layer + "+" + rawValue
        }
    }
}
