// SPDX-License-Identifier: Apache-2.0

package import OCI

/// A test image: layers, configuration and manifest, all open to change.
package struct ImageBuilder: Sendable {
    /// The layers, base layer first.
    package let layers: [LayerBuilder]
    /// The configuration; its bytes are what the manifest's descriptor names.
    package var configuration: JSON
    /// The manifest's media type.
    package var mediaType = MediaType.manifest
    /// The configuration's media type.
    package var configurationMediaType = MediaType.config
    /// Members of the manifest that replace or, being nil, remove what the builder would write.
    package var manifestMembers: [(String, JSON?)] = []

    /// Makes an image of layers for `linux/amd64` unless told otherwise.
    package init(
        _ layers: [LayerBuilder], os: String = "linux", architecture: String = "amd64", variant: String? = nil,
        created: String = "2024-05-06T07:08:09Z"
    ) {
        self.layers = layers
        configuration = [
            "created": .string(created), "architecture": .string(architecture), "os": .string(os),
            "config": ["Env": ["PATH=/bin"], "Cmd": ["/bin/sh"], "Labels": ["key": "value"]],
            "rootfs": ["type": "layers", "diff_ids": .array(layers.map { .string("\($0.diffID)") })],
            "history": .array(layers.indices.map { ["created_by": .string("step \($0)")] }),
        ]
        if let variant { configuration["variant"] = .string(variant) }
    }

    /// Makes an image of one layer for `linux/amd64`.
    package init(_ compression: LayerCompression = .none, _ build: (inout TarBuilder) -> Void) {
        self.init([LayerBuilder(compression, build)])
    }

    /// The same image with Docker's media types.
    package var docker: ImageBuilder {
        var image = self
        image.mediaType = MediaType.dockerManifest
        image.configurationMediaType = MediaType.dockerConfig
        return image
    }

    /// The manifest.
    package var manifest: JSON {
        var json: JSON = [
            "schemaVersion": 2, "mediaType": .string(mediaType),
            "config": .descriptor(configurationMediaType, of: configuration.bytes),
            "layers": .array(layers.map(\.descriptor)),
        ]
        for (key, value) in manifestMembers { json[key] = value }
        return json
    }

    /// The digest of the manifest.
    package var digest: Digest { Digest(of: manifest.bytes) }

    /// All blobs: the layers, the configuration, the manifest.
    package var blobs: [[UInt8]] { layers.map(\.blob) + [configuration.bytes, manifest.bytes] }

    /// The manifest's descriptor for an index, with the platform that the configuration names.
    package var descriptor: JSON {
        var json = JSON.descriptor(mediaType, of: manifest.bytes)
        var platform: JSON = [:]
        for key in ["os", "architecture", "variant"] { platform[key] = configuration[key] }
        json["platform"] = platform
        return json
    }

    /// Writes the image as skopeo's `dir:` does: `manifest.json`, `version` and blobs named by their hex digits.
    package func writeDirectory(to scratch: ScratchDirectory, _ name: String = "image") {
        scratch.file("\(name)/version", "Directory Transport Version: 1.1\n")
        scratch.file("\(name)/manifest.json", manifest.bytes)
        for blob in layers.map(\.blob) + [configuration.bytes] { scratch.file("\(name)/\(Digest(of: blob).hex)", blob) }
    }
}
