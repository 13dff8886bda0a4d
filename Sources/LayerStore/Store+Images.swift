// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
package import OCI

/// The documents of a stored image, read without its layers.
package struct ImageDescription: Sendable {
    /// The manifest's digest.
    package let digest: Digest
    /// The manifest, byte for byte.
    package let manifestBytes: [UInt8]
    /// The manifest.
    package let manifest: Manifest
    /// The configuration, byte for byte.
    package let configurationBytes: [UInt8]
    /// The configuration.
    package let configuration: ImageConfiguration
}

extension ImageDescription {
    /// The documents of a source that has them all.
    ///
    /// - Throws: `StoreError` for a source without a manifest or configuration, `FormatError`.
    package init(_ source: SourceImage) throws {
        guard let manifestBytes = source.manifest, let configurationBytes = source.configuration else {
            throw StoreError(.invalid, "image", "has no manifest")
        }
        digest = Digest(of: manifestBytes)
        self.manifestBytes = manifestBytes
        manifest = try Manifest(json: manifestBytes, name: "manifest \(digest)")
        self.configurationBytes = configurationBytes
        configuration = try ImageConfiguration(
            json: configurationBytes, name: "configuration \(manifest.config.digest)")
    }
}

extension Store {
    /// Finds an image by a name, by `name` for `name:latest` and the reverse, by `name@sha256:…` (six digits or more)
    /// where the name is one of an image of that digest, by a manifest's or configuration's digest, or by at least six
    /// hexadecimal digits that begin one.
    ///
    /// Nil if there is none.
    ///
    /// - Throws: `StoreError` if the digits begin several.
    package func find(_ text: String) throws -> Digest? {
        let references = try references()
        var names = [text, "\(text):latest"]
        if text.hasSuffix(":latest") { names.append(String(text.dropLast(7))) }
        for name in names {
            if let match = references.first(where: { $0.name == name }) { return match.descriptor.digest }
        }
        if let at = text.lastIndex(of: "@"), let digits = Self.digits(text[text.index(after: at)...]) {
            return try findDigest(digits, of: String(text[..<at]), references)
        }
        let digests = try Set(readIndex().manifests.map(\.digest))
        guard let digits = Self.digits(text.hasPrefix("sha256:") ? text[...] : "sha256:" + text) else { return nil }
        var matches: Set<Digest> = []
        for digest in digests {
            if digest.hex.hasPrefix(digits) { matches.insert(digest) }
            if let image = try whole(digest), image.manifest.config.digest.hex.hasPrefix(digits) {
                matches.insert(digest)
            }
        }
        return try Self.only(matches, text)
    }

    /// The documents of an image; nil of one that is damaged or of no kind to be shown, which goes by no digest but its own.
    private func whole(_ digest: Digest) throws -> ImageDescription? {
        do { return try describe(digest) } catch is StoreError { return nil } catch is FormatError { return nil }
    }

    private static func only(_ matches: Set<Digest>, _ text: String) throws -> Digest? {
        guard matches.count <= 1 else {
            let list = matches.map(\.hex).sorted().joined(separator: ", ")
            throw StoreError(.invalid, "image \(text)", "begins several digests: \(list)")
        }
        return matches.first
    }

    /// The hexadecimal digits of `sha256:…`, or of its beginning: at least six; nil for anything else.
    private static func digits(_ text: Substring) -> Substring? {
        let digits = text.dropFirst(7)
        guard text.hasPrefix("sha256:"), (6...64).contains(digits.count),
            digits.allSatisfy({ $0.isHexDigit && !$0.isUppercase })
        else { return nil }
        return digits
    }

    /// The digest that begins with digits and stands behind a name, if an image of that name's repository has it.
    private func findDigest(_ digits: Substring, of name: String, _ references: [ImageReference]) throws -> Digest? {
        func repository(_ name: String) -> Substring {
            guard let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") else { return name[...] }
            return name[..<colon]
        }
        let near = references.filter { repository($0.name) == repository(name) }
        var matches = Set(near.map(\.descriptor.digest).filter { $0.hex.hasPrefix(digits) })
        guard matches.isEmpty else { return try Self.only(matches, "\(name)@sha256:\(digits)") }
        for reference in near {
            // An index's images go by its name.
            guard let image = try whole(reference.descriptor.digest) else { continue }
            if [image.digest, image.manifest.config.digest].contains(where: { $0.hex.hasPrefix(digits) }) {
                matches.insert(image.digest)
            }
        }
        return try Self.only(matches, "\(name)@sha256:\(digits)")
    }

    /// When a blob came into the store, in seconds since 1970; nil where it is not there.
    package func timeOfBlob(_ digest: Digest) throws -> Int64? {
        guard let file = try openBlob(digest) else { return nil }
        return Int64(try file.status().st_mtim.tv_sec)
    }

    /// Reads the documents of an image.
    ///
    /// - Parameters:
    ///   - digest: of a manifest or an index in the store.
    ///   - platform: which image of an index is meant; nil for this machine's, or the only one there is.
    /// - Throws: `StoreError` or `FormatError`.
    package func describe(_ digest: Digest, platform: Platform? = nil) throws -> ImageDescription {
        let manifestBytes = try readBlob(digest, limit: DocumentLimit.manifest)
        let manifest: Manifest
        switch try ManifestDocument(json: manifestBytes, name: "manifest \(digest)") {
        case .manifest(let found): manifest = found
        case .index(let index):
            return try describeImage(try choose(platform, of: index, digest))
        }
        let image = try describeImage(digest, manifest, manifestBytes)
        guard let platform, let own = image.configuration.platform, platform.distance(to: own) == nil else {
            return image
        }
        throw StoreError(.notFound, "image \(digest)", "no image for \(platform); it has: \(own)")
    }

    /// The manifest of what has a name: of an index, the one for a platform; an artifact's is its own.
    ///
    /// - Throws: `StoreError` or `FormatError`.
    package func manifest(
        of digest: Digest, platform: Platform? = nil
    ) throws -> (digest: Digest, manifest: Manifest) {
        let bytes = try readBlob(digest, limit: DocumentLimit.manifest)
        switch try ManifestDocument(json: bytes, name: "manifest \(digest)") {
        case .manifest(let found): return (digest, found)
        case .index(let index):
            let chosen = try choose(platform, of: index, digest)
            let bytes = try readBlob(chosen, limit: DocumentLimit.manifest)
            return (chosen, try Manifest(json: bytes, name: "manifest \(chosen)"))
        }
    }

    private func describeImage(_ digest: Digest) throws -> ImageDescription {
        let bytes = try readBlob(digest, limit: DocumentLimit.manifest)
        return try describeImage(digest, try Manifest(json: bytes, name: "manifest \(digest)"), bytes)
    }

    private func describeImage(
        _ digest: Digest, _ manifest: Manifest, _ manifestBytes: [UInt8]
    ) throws -> ImageDescription {
        if manifest.isArtifact { try manifest.checkIsImage(name: "manifest \(digest)") }
        let configurationBytes = try readBlob(manifest.config.digest, limit: DocumentLimit.configuration)
        let configuration = try ImageConfiguration(
            json: configurationBytes, name: "configuration \(manifest.config.digest)")
        return ImageDescription(
            digest: digest, manifestBytes: manifestBytes, manifest: manifest,
            configurationBytes: configurationBytes, configuration: configuration)
    }

    /// The documents of a source.
    ///
    /// Where it has none, its layers are taken in to make them.
    package func describe(_ source: SourceImage) throws -> ImageDescription {
        let documents = try self.documents(of: source)
        return ImageDescription(
            digest: Digest(of: documents.manifestBytes), manifestBytes: documents.manifestBytes,
            manifest: documents.manifest, configurationBytes: documents.configurationBytes,
            configuration: documents.configuration)
    }

    /// A stored image as a source: its layers are read from the store's own blobs.
    package func source(_ image: ImageDescription) -> SourceImage {
        SourceImage(
            manifest: image.manifestBytes, configuration: image.configurationBytes,
            layers: image.manifest.layers.map { descriptor in
                SourceLayer(descriptor: descriptor) { [self] in
                    guard let file = try openBlob(descriptor.digest) else {
                        throw StoreError(.notFound, "layer \(descriptor.digest)", "is not in the store")
                    }
                    return FileStream(file)
                }
            })
    }

    /// The tree of a stored image; what is missing of it is derived from its blobs first.
    ///
    /// - Parameters:
    ///   - image: the image, as `describe` found it.
    ///   - opened: the layers that other trees have open; gets those of this one.
    ///   - progress: gets what was done, from any thread.
    package func tree(
        of image: ImageDescription, sharing opened: OpenedLayers = OpenedLayers(),
        progress: @escaping @Sendable (ImportProgress) -> Void = { _ in }
    ) throws -> StoredTree {
        let diffIDs = image.configuration.rootfs.diffIDs
        let layers = image.manifest.layers
        let isWhole =
            try layers.count == diffIDs.count
            && zip(layers, diffIDs).allSatisfy { try opened.open($1, madeOf: $0, in: self) }
        // Another tool may have put in what never was verified here, next to layers that were.
        if isWhole, let tree = try openTree(diffIDs, sharing: opened) { return tree }
        let added = try add(source(image), keepsBlobs: true, progress: progress)
        defer { withExtendedLifetime(added) {} }
        guard let tree = try openTree(diffIDs) else {
            throw StoreError(.damaged, "image \(image.digest)", "its tree vanished while it was made")
        }
        return tree
    }
}
