// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// A reference to a blob: what it is, its digest, its size (descriptor.md).
package struct ContentDescriptor: Codable, Sendable, Hashable {
    /// The blob's media type; may be empty where a tool left it out.
    package var mediaType: String
    /// The blob's digest.
    package var digest: Digest
    /// The blob's size in bytes; never negative in a decoded descriptor.
    package var size: Int64
    /// The platform of a manifest in an index.
    package var platform: Platform?
    /// The type of an artifact, where the manifest is no image.
    package var artifactType: String?
    /// Free annotations.
    package var annotations: [String: String]?
    /// Where else the blob can be had.
    package var urls: [String]?
    /// The blob itself in base64, where it is small.
    package var data: String?

    private enum CodingKeys: String, CodingKey {
        case mediaType, digest, size, platform, artifactType, annotations, urls, data
    }

    /// Makes a descriptor.
    package init(
        mediaType: String, digest: Digest, size: Int64, platform: Platform? = nil, artifactType: String? = nil,
        annotations: [String: String]? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.platform = platform
        self.artifactType = artifactType
        self.annotations = annotations
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        mediaType = try container.decodeIfPresent(String.self, forKey: .mediaType) ?? ""
        digest = try container.decode(Digest.self, forKey: .digest)
        size = try container.decode(Int64.self, forKey: .size)
        guard size >= 0 else {
            throw DecodingError.dataCorruptedError(forKey: .size, in: container, debugDescription: "is negative")
        }
        platform = try container.decodeIfPresent(Platform.self, forKey: .platform)
        artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
        annotations = try container.decodeAnnotations(forKey: .annotations)
        urls = try container.decodeIfPresent([String].self, forKey: .urls)
        data = try container.decodeIfPresent(String.self, forKey: .data)
    }

    /// The blob, where the descriptor has it in itself and it is what the descriptor says; else nil.
    package var embedded: [UInt8]? {
        guard let data, let blob = Data(base64Encoded: data), Int64(blob.count) == size else { return nil }
        let bytes = Array(blob)
        return Digest(of: bytes) == digest ? bytes : nil
    }

    /// Whether the blob is a layer that registries need not have, and copies pass over: it stays at its own addresses.
    package var isForeign: Bool { MediaType.isForeign(mediaType) && urls?.isEmpty == false }

    /// Whether an index lists the blob only to tell something of another image: BuildKit's attestations.
    ///
    /// Such an entry has the annotation `vnd.docker.reference.type` or the platform `unknown/unknown`.
    package var isAttestation: Bool {
        annotations?["vnd.docker.reference.type"] == "attestation-manifest"
            || (platform?.os == "unknown" && platform?.architecture == "unknown")
    }

    /// The name of the entry in an image layout: `org.opencontainers.image.ref.name` (image-layout.md); nil if none.
    package var referenceName: String? { annotations?["org.opencontainers.image.ref.name"] }
}

extension KeyedDecodingContainer {
    /// Annotations with null values taken as empty ones, as programs in Go read them.
    func decodeAnnotations(forKey key: Key) throws -> [String: String]? {
        try decodeIfPresent([String: String?].self, forKey: key)?.mapValues { $0 ?? "" }
    }
}
