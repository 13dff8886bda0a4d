// SPDX-License-Identifier: Apache-2.0

import OCI

/// A test archive as `docker save` writes it.
package struct DockerArchiveBuilder: Sendable {
    /// Which version of the layout.
    package enum Layout: Sendable, CaseIterable {
        /// Until Docker 24: `ID/layer.tar`, a layer that occurs again is a symbolic link to its first place.
        case legacy
        /// Since Docker 25: an OCI layout with `manifest.json`.
        case oci
    }

    /// Which version of the layout.
    package var layout: Layout
    /// What every name of the archive starts with.
    package var prefix = ""
    private var images: [(image: ImageBuilder, tags: [String])] = []

    /// Starts an empty archive.
    package init(_ layout: Layout) { self.layout = layout }

    /// Makes an archive of one image.
    package init(_ layout: Layout, _ image: ImageBuilder, tags: [String]) {
        self.layout = layout
        images = [(image, tags)]
    }

    /// Adds an image with its names, such as `busybox:latest`.
    package mutating func image(_ image: ImageBuilder, tags: [String]) { images.append((image, tags)) }

    /// The archive.
    package var bytes: [UInt8] {
        switch layout {
        case .legacy: legacy
        case .oci: oci
        }
    }

    private var oci: [UInt8] {
        let layout = OCILayoutBuilder { layout in
            for (image, tags) in images {
                for tag in tags {
                    let short = String(tag.split(separator: ":").last ?? "")
                    layout.image(
                        image, tag: short, annotations: [("io.containerd.image.name", "docker.io/library/\(tag)")])
                }
                if tags.isEmpty { layout.image(image) }
            }
        }
        return TarBuilder { tar in
            tar.directory("\(prefix)blobs/")
            tar.directory("\(prefix)blobs/sha256/")
            for file in layout.files { tar.file("\(prefix)\(file.name)", file.bytes) }
            let manifest = manifestJSON {
                "blobs/sha256/\(Digest(of: $0).hex)"
            } layer: { image, position in
                "blobs/sha256/\(image.layers[position].digest.hex)"
            }
            tar.file("\(prefix)manifest.json", manifest.bytes)
        }.bytes
    }

    private var legacy: [UInt8] {
        TarBuilder { tar in
            var firstPlaces: [Digest: String] = [:]
            for (image, _) in images {
                for (position, layer) in image.layers.enumerated() {
                    let id = Self.legacyID(image, position)
                    tar.directory("\(prefix)\(id)/")
                    tar.file("\(prefix)\(id)/VERSION", "1.0")
                    tar.file("\(prefix)\(id)/json", "{\"id\":\"\(id)\"}")
                    if let first = firstPlaces[layer.digest] {
                        tar.symlink("\(prefix)\(id)/layer.tar", to: "../\(first)/layer.tar")
                    } else {
                        tar.file("\(prefix)\(id)/layer.tar", layer.blob)
                        firstPlaces[layer.digest] = id
                    }
                }
                let configuration = image.configuration.bytes
                tar.file("\(prefix)\(Digest(of: configuration).hex).json", configuration)
            }
            let manifest = manifestJSON {
                "\(Digest(of: $0).hex).json"
            } layer: { image, position in
                "\(Self.legacyID(image, position))/layer.tar"
            }
            tar.file("\(prefix)manifest.json", manifest.bytes)
            tar.file("\(prefix)repositories", "{}")
        }.bytes
    }

    /// The layer's directory: a digest of the image and the layer's place in it, so that no two layers share one.
    private static func legacyID(_ image: ImageBuilder, _ position: Int) -> String {
        Digest(of: "\(image.digest) \(position)".utf8).hex
    }

    private func manifestJSON(
        configuration: ([UInt8]) -> String, layer: (ImageBuilder, Int) -> String
    ) -> JSON {
        .array(
            images.map { image, tags in
                [
                    "Config": .string(configuration(image.configuration.bytes)),
                    "RepoTags": tags.isEmpty ? .null : .array(tags.map { .string($0) }),
                    "Layers": .array(image.layers.indices.map { .string(layer(image, $0)) }),
                ]
            })
    }
}
