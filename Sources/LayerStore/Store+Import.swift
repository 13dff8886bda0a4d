// SPDX-License-Identifier: Apache-2.0

import FileTree
import FoundationEssentials
import LinuxIO
package import OCI
import Synchronization
import SystemPackage
import Threads

/// An image whose layers and tree are in a store.
///
/// While a value lives, `Store.prune()` waits: let go of it before pruning in the same process.
package struct StoredImage: Sendable {
    /// The manifest's digest: the image's identity.
    package let manifestDigest: Digest
    /// The manifest.
    package let manifest: Manifest
    /// The configuration.
    package let configuration: ImageConfiguration
    /// The layers, base layer first.
    package var diffIDs: [DiffID] { configuration.rootfs.diffIDs }
    /// What flattening met, if the tree was made just now.
    package let report: TreeReport
    /// Keeps `prune` away while this value lives, so that the image can still be named or opened.
    private let hold: Descriptor

    init(
        manifestDigest: Digest, manifest: Manifest, configuration: ImageConfiguration, report: TreeReport,
        hold: Descriptor
    ) {
        self.manifestDigest = manifestDigest
        self.manifest = manifest
        self.configuration = configuration
        self.report = report
        self.hold = hold
    }
}

/// How far the taking in of an image is.
package enum ImportProgress: Sendable {
    /// So many bytes of a layer were read, of so many if it is known.
    case read(layer: Int, of: Int, bytes: UInt64, total: UInt64?)
    /// All layers are in and are being flattened.
    case flattening
}

extension Store {
    /// Takes an image in: verifies, inflates and indexes its layers, several at once, and flattens them.
    ///
    /// What is in the store already is not read again. Nothing is named by this; see `setReference`.
    ///
    /// - Parameters:
    ///   - source: the image and how its layers are read.
    ///   - keepsBlobs: whether manifest, configuration and layers are kept as they came. If not, only what is derived
    ///     from them is: a later `prune` may take it away.
    ///   - progress: gets what was done, from any thread.
    /// - Throws: `StoreError`, `LayerError`, `FormatError`.
    package func add(
        _ source: SourceImage, keepsBlobs: Bool, progress: @escaping @Sendable (ImportProgress) -> Void = { _ in }
    ) throws -> StoredImage {
        let hold = try holdForWriting()
        let writer = try TemporaryDirectory(self)
        let claimed = try claimedConfiguration(of: source)
        let ingested = try ingestLayers(source.layers, claimed?.rootfs.diffIDs, keepsBlobs, writer, progress)
        let image = try makeImage(source, claimed, ingested)
        if keepsBlobs {
            try addBlob(image.configurationBytes, writer)
            try addBlob(image.manifestBytes, writer)
            do throws(Errno) {
                // The names of all blobs, also of those that another process made a moment ago.
                try blobs.synchronizeDirectory()
            } catch {
                throw StoreError(.system, "store \(path)", "\(error)")
            }
        }
        var report = TreeReport()
        if try openTree(image.configuration.rootfs.diffIDs) == nil {
            progress(.flattening)
            report = try makeTree(image.configuration.rootfs.diffIDs, writer: writer)
        }
        return StoredImage(
            manifestDigest: Digest(of: image.manifestBytes), manifest: image.manifest,
            configuration: image.configuration, report: report, hold: hold)
    }

    /// The configuration that a source has, checked against its layers and, where it has one, its manifest.
    private func claimedConfiguration(of source: SourceImage) throws -> ImageConfiguration? {
        let digest = source.configuration.map { Digest(of: $0) }
        let name = digest.map { "configuration \($0)" } ?? "configuration"
        if let bytes = source.manifest {
            let object = "manifest \(Digest(of: bytes))"
            let manifest = try Manifest(json: bytes, name: object)
            guard manifest.config.digest == digest else {
                throw StoreError(.damaged, name, "is not the one of \(object): \(manifest.config.digest)")
            }
            guard manifest.layers == source.layers.map(\.descriptor) else {
                throw StoreError(.damaged, object, "has other layers than its source")
            }
        }
        let configuration = try source.configuration.map { try ImageConfiguration(json: $0, name: name) }
        try configuration?.checkLayerCount(source.layers.count, name: name)
        return configuration
    }

    private func ingestLayers(
        _ layers: [SourceLayer], _ diffIDs: [DiffID]?, _ keepsBlobs: Bool, _ writer: TemporaryDirectory,
        _ progress: @escaping @Sendable (ImportProgress) -> Void
    ) throws -> [IngestedLayer] {
        // Each layer has three threads; two at a time keep a small machine busy and memory small.
        let workers = max(1, min(layers.count, 2))
        let budget = SharedBudget(limits.image)
        let next = Mutex(0)
        let failure = Mutex<(any Error)?>(nil)
        let results = Mutex([IngestedLayer?](repeating: nil, count: layers.count))
        // Large layers first: the longest decides when all are done. A layer that occurs twice is taken in once.
        var seen: Set<Digest> = []
        let order = layers.indices.sorted {
            (layers[$0].descriptor?.size ?? .max, $1) > (layers[$1].descriptor?.size ?? .max, $0)
        }
        .filter { index in layers[index].descriptor.map { seen.insert($0.digest).inserted } ?? true }
        let work: @Sendable () -> Void = { [self] in
            while true {
                guard failure.withLock({ $0 == nil }) else { return }
                let position = next.withLock { position in
                    defer { position += 1 }
                    return position
                }
                guard position < order.count else { return }
                let number = order[position]
                let total = layers[number].descriptor.flatMap { UInt64(exactly: $0.size) }
                do {
                    let result = try ingest(
                        layers[number], expected: diffIDs?[number], keepsBlob: keepsBlobs, number: number,
                        writer: writer, budget: budget
                    ) { progress(.read(layer: number, of: layers.count, bytes: $0, total: total)) }
                    results.withLock { $0[number] = result }
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
        }
        // This thread is one of the workers, so that it goes on where no other can be started.
        let helpers = (1..<workers).map { _ in WorkerThread(work) }
        work()
        for helper in helpers { try helper.join() }
        if let error = failure.withLock({ $0 }) { throw error }
        return try complete(results.withLock { $0 }, of: layers, diffIDs)
    }

    /// What was taken in, for every layer: one that occurs twice was taken in once.
    private func complete(
        _ results: [IngestedLayer?], of layers: [SourceLayer], _ diffIDs: [DiffID]?
    ) throws -> [IngestedLayer] {
        try layers.indices.map { index in
            if let result = results[index] { return result }
            let descriptor = layers[index].descriptor
            let twin = layers.indices.first {
                results[$0] != nil && layers[$0].descriptor?.digest == descriptor?.digest
            }
            guard let twin, let result = results[twin] else {
                throw StoreError(.damaged, "layer \(index + 1)", "was not taken in")
            }
            if let size = descriptor?.size, let other = layers[twin].descriptor?.size, size != other {
                throw StoreError(
                    .damaged, "layer \(result.descriptor.digest)",
                    "has \(other) bytes, not the \(size) that its manifest says elsewhere")
            }
            if let expected = diffIDs?[index], expected != result.diffID {
                throw StoreError(
                    .damaged, "layer \(result.descriptor.digest)",
                    "inflates to diff ID \(result.diffID), but the configuration says \(expected)")
            }
            return result
        }
    }

    /// The documents of a source; its layers are read only where it has not got them all.
    func documents(of source: SourceImage) throws -> ImageDocuments {
        let claimed = try claimedConfiguration(of: source)
        if source.manifest != nil, source.configuration != nil { return try makeImage(source, claimed, []) }
        let hold = try holdForWriting()
        defer { withExtendedLifetime(hold) {} }
        let writer = try TemporaryDirectory(self)
        return try makeImage(
            source, claimed, ingestLayers(source.layers, claimed?.rootfs.diffIDs, false, writer) { _ in })
    }

    /// An image's manifest and configuration, as bytes and decoded.
    struct ImageDocuments {
        var manifestBytes: [UInt8]
        var manifest: Manifest
        var configurationBytes: [UInt8]
        var configuration: ImageConfiguration
    }

    /// The image's documents; those that the source lacks are made, always the same from the same layers.
    private func makeImage(
        _ source: SourceImage, _ claimed: ImageConfiguration?, _ layers: [IngestedLayer]
    ) throws -> ImageDocuments {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let configuration: ImageConfiguration
        let configurationBytes: [UInt8]
        if let claimed, let bytes = source.configuration {
            (configuration, configurationBytes) = (claimed, bytes)
        } else {
            configuration = ImageConfiguration(
                architecture: Platform.host.architecture, os: "linux", diffIDs: layers.map(\.diffID))
            configurationBytes = Array(try encoder.encode(configuration))
        }
        if let bytes = source.manifest {
            let manifest = try Manifest(json: bytes, name: "manifest \(Digest(of: bytes))")
            return ImageDocuments(
                manifestBytes: bytes, manifest: manifest, configurationBytes: configurationBytes,
                configuration: configuration)
        }
        let manifest = Manifest(
            config: ContentDescriptor(
                mediaType: MediaType.config, digest: Digest(of: configurationBytes),
                size: Int64(configurationBytes.count)),
            layers: layers.map(\.descriptor))
        return ImageDocuments(
            manifestBytes: Array(try encoder.encode(manifest)), manifest: manifest,
            configurationBytes: configurationBytes, configuration: configuration)
    }
}
