// SPDX-License-Identifier: Apache-2.0

import LayerStore
import LinuxIO
import OCI

/// The blobs of a source, found by digest; what is read whole is checked against what names it.
struct ImageBlobs: Sendable {
    /// How the files of blobs are called.
    enum Naming: Sendable {
        /// `blobs/sha256/HEX` (image-layout.md).
        case layout
        /// `HEX`, and `HEX.manifest.json` for the manifests of an index, as skopeo writes directories.
        case flat
        /// `blobs/sha256/HE/HEX/data`, as registries store them.
        case registry
    }

    let files: any SourceFiles
    let naming: Naming

    /// The source for messages.
    var name: String { files.name }

    /// The path of a blob.
    func path(_ digest: Digest) -> String {
        switch naming {
        case .layout: "blobs/sha256/\(digest.hex)"
        case .flat: digest.hex
        case .registry: "blobs/sha256/\(digest.hex.prefix(2))/\(digest.hex)/data"
        }
    }

    /// The path of a manifest or an index.
    func manifestPath(_ digest: Digest) -> String {
        naming == .flat ? "\(digest.hex).manifest.json" : path(digest)
    }

    /// Reads a manifest or an index and checks its digest, and its size where it is known.
    func document(_ digest: Digest, size: Int64? = nil) throws(SourceError) -> [UInt8] {
        try read(manifestPath(digest), digest, size: size, limit: DocumentLimit.manifest, "manifest \(digest)")
    }

    /// Reads a configuration and checks its size and digest.
    ///
    /// A small one may be in the descriptor alone.
    func configuration(_ descriptor: ContentDescriptor) throws(SourceError) -> [UInt8] {
        if let embedded = descriptor.embedded, !files.contains(path(descriptor.digest)) { return embedded }
        return try read(
            path(descriptor.digest), descriptor.digest, size: descriptor.size, limit: DocumentLimit.configuration,
            "configuration \(descriptor.digest)")
    }

    /// Opens a blob, which is not checked.
    ///
    /// - Throws: `SourceError` that tells where a layer is kept that sources need not have.
    func open(_ blob: ContentDescriptor) throws(SourceError) -> any ByteStream {
        let path = path(blob.digest)
        if let urls = blob.urls, !urls.isEmpty, !files.contains(path) {
            let addresses = urls.prefix(8).map(\.printable).joined(separator: ", ")
            throw SourceError("\(name): layer \(blob.digest)", "is not in it, but kept at \(addresses)")
        }
        return try files.open(path).stream()
    }

    private func read(
        _ path: String, _ digest: Digest, size: Int64?, limit: Int, _ what: String
    ) throws(SourceError) -> [UInt8] {
        let object = "\(name): \(what)"
        let file = try files.open(path)
        if let size, size != Int64(clamping: file.size) {
            throw SourceError(object, "has \(file.size) bytes, but \(size) in its descriptor")
        }
        let bytes = try file.bytes(limit: limit, object: object)
        let found = Digest(of: bytes)
        guard found == digest else { throw SourceError(object, "its content has the digest \(found)") }
        return bytes
    }

    /// The image of a manifest that was read and checked.
    ///
    /// - Throws: `FormatError` or `SourceError` where it is no image, or its configuration does not fit.
    func image(manifest: [UInt8], mediaType: String?, name: String?) throws -> SourceImage {
        let object = "\(files.name): manifest \(Digest(of: manifest))"
        let decoded = try Manifest(json: manifest, name: object, mediaType: mediaType)
        try decoded.checkIsImage(name: object)
        let json = try configuration(decoded.config)
        let configurationObject = "\(files.name): configuration \(decoded.config.digest)"
        let configuration = try ImageConfiguration(json: json, name: configurationObject)
        try configuration.checkLayerCount(decoded.layers.count, name: configurationObject)
        let layers = decoded.layers.map { layer in
            SourceLayer(descriptor: layer) { try open(layer) }
        }
        return SourceImage(manifest: manifest, configuration: json, layers: layers, name: name)
    }
}
