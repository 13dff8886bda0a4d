// SPDX-License-Identifier: Apache-2.0

/// The most bytes and levels that a JSON document of an image may have; what is larger is refused unread.
package enum DocumentLimit {
    /// Bytes of a manifest, an index or an archive's list of images: 4 MiB, as much as registries accept.
    package static let manifest = 4 << 20
    /// Bytes of a configuration: 16 MiB; build information lies in some.
    package static let configuration = 16 << 20
    /// Arrays and objects within each other.
    package static let depth = 64
    /// Values of a document, names of members included: room for an engine's list of 100,000 layers.
    package static let values = 4 << 20
    /// Layers of an image: more than any engine can stack.
    package static let layers = 4096
}

/// A manifest or an index, told apart by what is in it.
package enum ManifestDocument: Sendable, Hashable {
    /// An image manifest, OCI's or Docker's schema 2.
    case manifest(Manifest)
    /// An index of manifests or a Docker manifest list.
    case index(ImageIndex)

    /// Decodes a manifest or an index.
    ///
    /// Fields that tools leave out or write as null are taken as empty. A document that is both, or that its media type
    /// names otherwise than its fields, is refused: readers would disagree about what it is. `mediaType` is what the
    /// descriptor of the document says, nil or empty where there is none.
    /// - Throws: `FormatError` that begins with `name` (`manifest sha256:…`) and tells the JSON path.
    package init(json: [UInt8], name: String, mediaType: String? = nil) throws(FormatError) {
        let shape = try decode(Shape.self, json, name: name, limit: DocumentLimit.manifest)
        let claimed = [shape.mediaType, mediaType].compactMap { $0 }.filter { !$0.isEmpty }
        if shape.isSchema1 || claimed.contains(where: MediaType.isSchema1) {
            throw FormatError(
                name,
                "is a Docker schema 1 manifest, a format replaced in 2016 that is not supported; "
                    + "\"skopeo copy --format v2s2\" converts it")
        }
        if let version = shape.schemaVersion, version != 2 {
            throw FormatError(name, at: "schemaVersion", "is \(version), not 2")
        }
        switch (shape.hasManifests, shape.hasConfig || shape.hasLayers) {
        case (true, true):
            throw FormatError(name, "has the fields of an index and of a manifest")
        case (true, false):
            if let other = claimed.first(where: MediaType.isManifest) {
                throw FormatError(name, "is an index by its fields, but \(other) by its media type")
            }
            self = .index(try decode(ImageIndex.self, json, name: name, limit: DocumentLimit.manifest))
        case (false, true):
            if let other = claimed.first(where: MediaType.isIndex) {
                throw FormatError(name, "is a manifest by its fields, but \(other) by its media type")
            }
            self = .manifest(try decode(Manifest.self, json, name: name, limit: DocumentLimit.manifest))
        case (false, false):
            if let type = shape.artifactType ?? shape.mediaType, !MediaType.isIndex(type), !MediaType.isManifest(type) {
                throw FormatError(name, "is no container image (artifact type \(type.printable))")
            }
            throw FormatError(name, "is neither a manifest nor an index")
        }
    }
}

/// What tells manifests and indexes apart.
private struct Shape: Decodable {
    var schemaVersion: Int?
    var mediaType: String?
    var artifactType: String?
    var isSchema1: Bool
    var hasManifests: Bool
    var hasConfig: Bool
    var hasLayers: Bool

    private enum CodingKeys: String, CodingKey {
        case schemaVersion, mediaType, artifactType, manifests, config, layers, fsLayers
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        schemaVersion = try container.decodeIfPresent(Int.self, forKey: .schemaVersion)
        mediaType = try container.decodeIfPresent(String.self, forKey: .mediaType)
        artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
        isSchema1 = schemaVersion == 1 || container.contains(.fsLayers)
        hasManifests = container.contains(.manifests)
        hasConfig = container.contains(.config)
        hasLayers = container.contains(.layers)
    }
}

/// Decodes a JSON document of bounded size and depth.
///
/// The only way in which cimg reads JSON. A document in which readers could see different things is refused: one with a
/// member twice, or with a field in other letters (`Layers` for `layers`), which programs in Go take for the field.
/// - Throws: `FormatError` that begins with `name` and tells the JSON path.
package func decode<Value: Decodable>(
    _ type: Value.Type, _ json: [UInt8], name: String, limit: Int
) throws(FormatError) -> Value {
    guard json.count <= limit else {
        throw FormatError(name, "is larger than \(limit) bytes")
    }
    let tape = try JSONTape(json, name: name)
    do {
        return try JSONReader(tape).value(type)
    } catch {
        throw FormatError(name, decoding: error)
    }
}
