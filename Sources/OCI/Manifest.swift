// SPDX-License-Identifier: Apache-2.0

/// An image manifest (manifest.md), also Docker's schema 2, which has the same fields.
package struct Manifest: Codable, Sendable, Hashable {
    /// Always 2.
    package var schemaVersion: Int
    /// The manifest's own media type.
    package var mediaType: String?
    /// The type of an artifact that is no image.
    package var artifactType: String?
    /// The image's configuration.
    package var config: ContentDescriptor
    /// The layers, base layer first.
    package var layers: [ContentDescriptor]
    /// Free annotations.
    package var annotations: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case schemaVersion, mediaType, artifactType, config, layers, annotations
    }

    /// Makes a manifest.
    package init(
        mediaType: String? = MediaType.manifest, artifactType: String? = nil, config: ContentDescriptor,
        layers: [ContentDescriptor], annotations: [String: String]? = nil
    ) {
        schemaVersion = 2
        self.mediaType = mediaType
        self.artifactType = artifactType
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        schemaVersion = try container.decodeIfPresent(Int.self, forKey: .schemaVersion) ?? 2
        mediaType = try container.decodeIfPresent(String.self, forKey: .mediaType)
        artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
        config = try container.decode(ContentDescriptor.self, forKey: .config)
        layers = try container.decodeIfPresent([ContentDescriptor].self, forKey: .layers) ?? []
        annotations = try container.decodeAnnotations(forKey: .annotations)
    }

    /// Decodes a manifest that must be one, no index.
    ///
    /// See `ManifestDocument.init(json:name:mediaType:)`.
    package init(json: [UInt8], name: String, mediaType: String? = nil) throws(FormatError) {
        guard case .manifest(let manifest) = try ManifestDocument(json: json, name: name, mediaType: mediaType) else {
            throw FormatError(name, "is an index, not a manifest")
        }
        self = manifest
    }

    /// Whether the manifest describes something else than a container image: a chart, a signature, a program.
    package var isArtifact: Bool {
        !MediaType.isConfig(config.mediaType)
            || !layers.allSatisfy { MediaType.isLayer($0.mediaType) || MediaType.isEncrypted($0.mediaType) }
    }

    /// Checks that the manifest describes a container image: a configuration of an image, and layers that are tars.
    ///
    /// - Throws: `FormatError` that begins with `name` and tells the artifact's type.
    package func checkIsImage(name: String) throws(FormatError) {
        guard MediaType.isConfig(config.mediaType) else {
            let type = artifactType.flatMap { $0.isEmpty ? nil : $0 } ?? config.mediaType
            throw FormatError(name, "is no container image (artifact type \(type.printable))")
        }
        guard layers.count <= DocumentLimit.layers else {
            throw FormatError(name, at: "layers", "are \(layers.count), more than \(DocumentLimit.layers)")
        }
        for (position, layer) in layers.enumerated() where !MediaType.isLayer(layer.mediaType) {
            if MediaType.isEncrypted(layer.mediaType) {
                throw FormatError(
                    name, at: "layers[\(position)]", "is encrypted (\(layer.mediaType.printable))")
            }
            let type = artifactType.flatMap { $0.isEmpty ? nil : $0 } ?? layer.mediaType
            throw FormatError(name, "is no container image (artifact type \(type.printable))")
        }
    }
}

/// An index of manifests (image-index.md), also Docker's manifest list.
package struct ImageIndex: Codable, Sendable, Hashable {
    /// Always 2.
    package var schemaVersion: Int
    /// The index's own media type.
    package var mediaType: String?
    /// What it lists; the first match wins.
    package var manifests: [ContentDescriptor]
    /// Free annotations.
    package var annotations: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case schemaVersion, mediaType, manifests, annotations
    }

    /// Makes an index.
    package init(manifests: [ContentDescriptor], annotations: [String: String]? = nil) {
        schemaVersion = 2
        mediaType = MediaType.index
        self.manifests = manifests
        self.annotations = annotations
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        schemaVersion = try container.decodeIfPresent(Int.self, forKey: .schemaVersion) ?? 2
        mediaType = try container.decodeIfPresent(String.self, forKey: .mediaType)
        manifests = try container.decodeIfPresent([ContentDescriptor].self, forKey: .manifests) ?? []
        annotations = try container.decodeAnnotations(forKey: .annotations)
    }

    /// Decodes an index that must be one, no manifest.
    ///
    /// See `ManifestDocument.init(json:name:mediaType:)`.
    package init(json: [UInt8], name: String, mediaType: String? = nil) throws(FormatError) {
        guard case .index(let index) = try ManifestDocument(json: json, name: name, mediaType: mediaType) else {
            throw FormatError(name, "is a manifest, not an index")
        }
        self = index
    }
}
