// SPDX-License-Identifier: Apache-2.0

package import LayerStore
import LinuxIO
package import OCI
import Web

/// A manifest of an index, and the platform it is for.
package struct RemoteLeaf: Sendable, Hashable {
    /// The manifest's descriptor.
    package var descriptor: ContentDescriptor
    /// Its platform as the index has it; nil where it says nothing.
    package var platform: Platform?
}

extension RemoteRepository {
    /// Indexes within each other: 8.
    private static let depthLimit = 8
    /// Manifests that an index may lead to.
    private static let leafLimit = 10_000

    /// Decodes a document of this repository.
    ///
    /// - Throws: `FormatError`: also for a format that is not supported.
    package func decoded(_ document: RemoteDocument) throws(FormatError) -> ManifestDocument {
        let isKnown =
            MediaType.isManifest(document.mediaType) || MediaType.isIndex(document.mediaType)
            || MediaType.isSchema1(document.mediaType)
        return try ManifestDocument(
            json: document.bytes, name: "docker://\(registry)/\(name)@\(document.digest)",
            mediaType: isKnown ? document.mediaType : nil)
    }

    /// The images that an index leads to, in its order, each once; attestations and unknown things are left out.
    package func leaves(of index: ImageIndex) throws -> [RemoteLeaf] {
        var leaves: [RemoteLeaf] = []
        var seen: Set<Digest> = []
        var pending = index.manifests.reversed().map { (entry: $0, depth: 1) }
        while let (entry, depth) = pending.popLast() {
            guard !entry.isAttestation, seen.insert(entry.digest).inserted else { continue }
            if MediaType.isManifest(entry.mediaType) || entry.mediaType.isEmpty {
                leaves.append(RemoteLeaf(descriptor: entry, platform: entry.platform?.spelledAsInGo))
            } else if MediaType.isIndex(entry.mediaType) {
                guard depth < Self.depthLimit else {
                    throw RegistryError(
                        .tooLarge, object, "has more than \(Self.depthLimit) indexes within each other")
                }
                let document = try document(.digest(entry.digest))
                guard case .index(let nested) = try decoded(document) else { continue }
                pending += nested.manifests.reversed().map { ($0, depth + 1) }
            }
            guard leaves.count + pending.count <= Self.leafLimit else {
                throw RegistryError(.tooLarge, object, "an index leads to more than \(Self.leafLimit) manifests")
            }
        }
        return leaves
    }

    /// The manifest of an image: the document itself, or the one of an index for a platform.
    ///
    /// - Parameters:
    ///   - document: a manifest or an index of this repository.
    ///   - platform: nil for this machine's, or for the only one there is.
    /// - Throws: `RegistryError` that tells which platforms there are.
    package func manifest(of document: RemoteDocument, platform: Platform?) throws -> RemoteDocument {
        let object = "\(self.object)@\(document.digest)"
        switch try decoded(document) {
        case .manifest: return document
        case .index(let index):
            let leaves = try leaves(of: index)
            let wanted = platform ?? .host
            let distances = leaves.map { leaf in leaf.platform.flatMap { wanted.distance(to: $0) } }
            let chosen: RemoteLeaf
            if let nearest = distances.compactMap({ $0 }).min(), let position = distances.firstIndex(of: nearest) {
                chosen = leaves[position]
            } else if leaves.count == 1, platform == nil || leaves[0].platform == nil {
                chosen = leaves[0]
            } else {
                let has = leaves.prefix(20).map { $0.platform.map { "\($0)" } ?? "unknown platform" }
                throw RegistryError(
                    .notFound, object,
                    leaves.isEmpty
                        ? "has no images"
                        : "no image for \(wanted); it has: \(has.joined(separator: ", ")); choose one with --platform")
            }
            var found = try self.document(.digest(chosen.descriptor.digest))
            if found.mediaType.isEmpty { found.mediaType = chosen.descriptor.mediaType }
            return found
        }
    }

    /// The configuration of an image, checked against its manifest.
    package func configuration(of manifest: Manifest) throws -> [UInt8] {
        if let embedded = manifest.config.embedded, embedded.count <= DocumentLimit.configuration { return embedded }
        return try bytes(manifest.config, limit: DocumentLimit.configuration)
    }

    /// An image as a source for a store: manifest and configuration are here, layers come when they are read.
    ///
    /// - Parameter platform: the platform that the user asked for, which the configuration must fit.
    /// - Throws: `RegistryError` or `FormatError`: it is no image, or its documents do not fit together.
    package func source(_ document: RemoteDocument, platform: Platform? = nil, name: String?) throws -> SourceImage {
        let object = "\(self.object)@\(document.digest)"
        guard case .manifest(let manifest) = try decoded(document) else {
            throw RegistryError(.invalid, object, "is an index, not a manifest")
        }
        try manifest.checkIsImage(name: object)
        let json = try self.configuration(of: manifest)
        let configurationObject = "\(self.object): configuration \(manifest.config.digest)"
        let configuration = try ImageConfiguration(json: json, name: configurationObject)
        try configuration.checkLayerCount(manifest.layers.count, name: configurationObject)
        if let platform, let found = configuration.platform, platform.distance(to: found) == nil {
            throw RegistryError(
                .notFound, object, "no image for \(platform); it has: \(found); choose one with --platform")
        }
        let layers = manifest.layers.map { layer in SourceLayer(descriptor: layer) { self.blob(layer) } }
        return SourceImage(manifest: document.bytes, configuration: json, layers: layers, name: name)
    }
}
