// SPDX-License-Identifier: Apache-2.0

/// Media types of the OCI image specification (media-types.md) and Docker's.
package enum MediaType {
    /// An OCI image manifest.
    package static let manifest = "application/vnd.oci.image.manifest.v1+json"
    /// An OCI image index.
    package static let index = "application/vnd.oci.image.index.v1+json"
    /// An OCI image configuration.
    package static let config = "application/vnd.oci.image.config.v1+json"
    /// An uncompressed layer.
    package static let layer = "application/vnd.oci.image.layer.v1.tar"
    /// A layer compressed with gzip.
    package static let layerGzip = "application/vnd.oci.image.layer.v1.tar+gzip"
    /// A layer compressed with zstd.
    package static let layerZstd = "application/vnd.oci.image.layer.v1.tar+zstd"
    /// Docker's image manifest, version 2 schema 2.
    package static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    /// Docker's manifest list.
    package static let dockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"
    /// Docker's image configuration.
    package static let dockerConfig = "application/vnd.docker.container.image.v1+json"
    /// Docker's gzip-compressed layer.
    package static let dockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip"

    /// Whether a type names an image manifest.
    package static func isManifest(_ type: String) -> Bool { type == manifest || type == dockerManifest }

    /// Whether a type names an index of manifests.
    package static func isIndex(_ type: String) -> Bool { type == index || type == dockerManifestList }

    /// Whether a type names a layer that is not to be distributed, such as those of Windows.
    package static func isForeign(_ type: String) -> Bool {
        type.hasPrefix("application/vnd.oci.image.layer.nondistributable.")
            || type.hasPrefix("application/vnd.docker.image.rootfs.foreign.")
    }

    /// Docker's manifest of schema 1 with a signature in it.
    package static let schema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    /// Docker's manifest of schema 1.
    package static let schema1 = "application/vnd.docker.distribution.manifest.v1+json"

    /// Whether a type names Docker's manifest of schema 1, signed or not.
    package static func isSchema1(_ type: String) -> Bool {
        type.hasPrefix("application/vnd.docker.distribution.manifest.v1+")
    }

    /// Whether a type may name an image's configuration; Docker 1.10 wrote none or `application/octet-stream`.
    package static func isConfig(_ type: String) -> Bool {
        [config, dockerConfig, "application/octet-stream", ""].contains(type)
    }

    /// Whether a type may name a layer: any kind of tar, of whatever compression, or nothing in particular.
    ///
    /// How a layer is really compressed is told by its first bytes.
    package static func isLayer(_ type: String) -> Bool {
        (type.contains("tar") || type == "" || type == "application/octet-stream" || type == "application/gzip")
            && !isEncrypted(type)
    }

    /// Whether a type names an encrypted layer (ocicrypt).
    package static func isEncrypted(_ type: String) -> Bool { type.contains("+encrypted") }
}
