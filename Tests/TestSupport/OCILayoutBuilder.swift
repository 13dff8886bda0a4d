// SPDX-License-Identifier: Apache-2.0

package import OCI
package import SystemPackage

/// A test image layout (image-layout.md): blobs and an index, as a directory or as an archive.
package struct OCILayoutBuilder: Sendable {
    /// The blobs by digest, in the order they were added.
    package var blobs: [(digest: Digest, bytes: [UInt8])] = []
    /// The descriptors of the index.
    package var entries: [JSON] = []
    /// Whether `oci-layout` is written.
    package var hasMarker = true

    /// Starts an empty layout.
    package init() {}

    /// Builds a layout in one expression.
    package init(_ build: (inout OCILayoutBuilder) -> Void) { build(&self) }

    /// The index.
    package var index: JSON {
        ["schemaVersion": 2, "mediaType": .string(MediaType.index), "manifests": .array(entries)]
    }

    /// Adds a blob and returns its digest.
    @discardableResult
    package mutating func blob(_ bytes: [UInt8]) -> Digest {
        let digest = Digest(of: bytes)
        if !blobs.contains(where: { $0.digest == digest }) { blobs.append((digest, bytes)) }
        return digest
    }

    /// Adds an image: its blobs and an entry of the index.
    package mutating func image(
        _ image: ImageBuilder, tag: String? = nil, annotations: [(String, String)] = [], withPlatform: Bool = true
    ) {
        for bytes in image.blobs { blob(bytes) }
        var descriptor = image.descriptor
        if !withPlatform { descriptor["platform"] = nil }
        entry(descriptor, tag: tag, annotations: annotations)
    }

    /// Adds an index within the index.
    package mutating func index(
        tag: String? = nil, mediaType: String = MediaType.index, annotations: [(String, String)] = [],
        _ build: (inout OCILayoutBuilder) -> Void
    ) {
        let nested = OCILayoutBuilder(build)
        for item in nested.blobs { blob(item.bytes) }
        var index = nested.index
        index["mediaType"] = .string(mediaType)
        blob(index.bytes)
        entry(.descriptor(mediaType, of: index.bytes), tag: tag, annotations: annotations)
    }

    /// Adds an attestation of an image as BuildKit does: platform `unknown/unknown` and two annotations.
    package mutating func attestation(of image: ImageBuilder) {
        let statement = Array("{\"_type\":\"https://in-toto.io/Statement/v0.1\"}".utf8)
        var attestation = ImageBuilder([LayerBuilder(tar: statement)], os: "unknown", architecture: "unknown")
        attestation.manifestMembers = [
            ("layers", [.descriptor("application/vnd.in-toto+json", of: statement)])
        ]
        self.image(
            attestation,
            annotations: [
                ("vnd.docker.reference.type", "attestation-manifest"),
                ("vnd.docker.reference.digest", "\(image.digest)"),
            ])
    }

    /// Adds an entry to the index.
    package mutating func entry(_ descriptor: JSON, tag: String? = nil, annotations: [(String, String)] = []) {
        var descriptor = descriptor
        let all = (tag.map { [("org.opencontainers.image.ref.name", $0)] } ?? []) + annotations
        if !all.isEmpty { descriptor["annotations"] = .object(all.map { ($0.0, .string($0.1)) }) }
        entries.append(descriptor)
    }

    /// The layout's files.
    package var files: [(name: String, bytes: [UInt8])] {
        blobs.map { ("blobs/sha256/\($0.digest.hex)", $0.bytes) } + [("index.json", index.bytes)]
            + (hasMarker ? [("oci-layout", Array("{\"imageLayoutVersion\":\"1.0.0\"}".utf8))] : [])
    }

    /// Writes the layout as a directory and returns its path.
    @discardableResult
    package func write(to scratch: ScratchDirectory, _ name: String = "layout") -> FilePath {
        for file in files { scratch.file("\(name)/\(file.name)", file.bytes) }
        return scratch.directory(name)
    }

    /// The layout as a tar; every name starts with `prefix`.
    package func archive(prefix: String = "") -> [UInt8] {
        TarBuilder { tar in
            tar.directory("\(prefix)blobs/")
            tar.directory("\(prefix)blobs/sha256/")
            for file in files { tar.file("\(prefix)\(file.name)", file.bytes) }
        }.bytes
    }
}
