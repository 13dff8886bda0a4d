// SPDX-License-Identifier: Apache-2.0

package import OCI

/// A layer of a test image: a tar, and how it is compressed.
///
///     LayerBuilder(.gzip) {
///         $0.directory("a")
///         $0.file("a/b", "text", mode: 0o600)
///         $0.whiteout("a/c")
///     }
package struct LayerBuilder: Sendable {
    /// The uncompressed tar.
    package let tar: [UInt8]
    /// The layer as it is stored.
    package let blob: [UInt8]
    /// The media type that its descriptor claims.
    package var mediaType: String
    /// Annotations of its descriptor.
    package var annotations: [(String, String)] = []

    /// Builds a layer's tar and compresses it.
    package init(_ compression: LayerCompression = .none, _ build: (inout TarBuilder) -> Void) {
        self.init(compression, tar: TarBuilder(build).bytes)
    }

    /// Makes a layer of any bytes.
    package init(_ compression: LayerCompression = .none, tar: [UInt8]) {
        self.tar = tar
        blob = compression(tar)
        mediaType = compression.layerMediaType
    }

    /// The digest of the uncompressed tar.
    package var diffID: DiffID { DiffID(Digest(of: tar)) }

    /// The digest of the stored bytes.
    package var digest: Digest { Digest(of: blob) }

    /// The layer's descriptor as JSON.
    package var descriptor: JSON {
        var json = JSON.descriptor(mediaType, of: blob)
        if !annotations.isEmpty { json["annotations"] = .object(annotations.map { ($0.0, .string($0.1)) }) }
        return json
    }
}

extension JSON {
    /// A descriptor of bytes.
    package static func descriptor(_ mediaType: String, of bytes: [UInt8]) -> JSON {
        [
            "mediaType": .string(mediaType), "digest": .string("\(Digest(of: bytes))"),
            "size": .number("\(bytes.count)"),
        ]
    }
}
