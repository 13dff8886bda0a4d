// SPDX-License-Identifier: Apache-2.0

import LayerStore
import LinuxIO
import OCI

/// An entry of a Docker archive's `manifest.json`: one image.
struct DockerArchiveEntry: Decodable, Sendable {
    /// Path of the configuration.
    var config: String
    /// Names of the image, `busybox:latest`.
    var repoTags: [String]
    /// Paths of the layers, base layer first.
    var layers: [String]

    private enum CodingKeys: String, CodingKey {
        case config = "Config"
        case repoTags = "RepoTags"
        case layers = "Layers"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        config = try container.decode(String.self, forKey: .config)
        repoTags = try container.decodeIfPresent([String].self, forKey: .repoTags) ?? []
        layers = try container.decodeIfPresent([String].self, forKey: .layers) ?? []
    }
}

/// What `docker save` writes: `manifest.json` with the images, their configurations and layers.
///
/// Since Docker 25 the archive is an image layout too. Then `manifest.json` tells which image is meant, and the OCI
/// manifest with the same configuration and layers is what is returned, so that digests are those of the layout.
struct DockerArchive {
    let files: any SourceFiles
    /// The images in the order of the archive.
    let entries: [DockerArchiveEntry]

    /// Reads the list of images.
    init(_ files: any SourceFiles) throws {
        self.files = files
        guard files.contains("manifest.json") else {
            let hint = files.contains("index.json") ? ": it is an oci-archive" : ": it is no Docker archive since 1.10"
            throw SourceError(files.name, "has no manifest.json\(hint)")
        }
        let object = "\(files.name): manifest.json"
        let json = try files.open("manifest.json").bytes(limit: DocumentLimit.manifest, object: object)
        entries = try decode([DockerArchiveEntry].self, json, name: object, limit: DocumentLimit.manifest)
    }

    /// The image that is meant.
    func image(_ selection: ImageSelection, platform: Platform?) throws -> SourceImage {
        switch selection {
        case .only:
            // A multi-platform image is several entries of the same names.
            guard let first = entries.first else { throw SourceError(files.name, "has no images") }
            guard
                entries.count == 1 || (!first.repoTags.isEmpty && entries.allSatisfy { $0.repoTags == first.repoTags })
            else {
                let names = entries.enumerated().compactMap { Self.names(of: $1, at: $0).first }
                throw SourceError(files.name, "has several images, name one", has: names)
            }
            return try image(entries, name: first.repoTags.first, platform: platform)
        case .name(let name):
            let wanted = try? Reference(parsing: name).withDefaultTag  // Then only the very text names one.
            let matching = entries.filter { entry in
                entry.repoTags.contains { tag in
                    // As above.
                    tag == name || (wanted != nil && (try? Reference(parsing: tag).withDefaultTag) == wanted)
                }
            }
            guard !matching.isEmpty else {
                throw SourceError(files.name, "image \"\(name.printable)\" not found", has: allNames)
            }
            return try image(matching, name: name, platform: platform)
        case .position(let position):
            guard entries.indices.contains(position) else {
                throw SourceError(files.name, "has no image @\(position)", has: allNames)
            }
            return try image([entries[position]], name: entries[position].repoTags.first, platform: platform)
        case .digest(let wanted):
            for entry in entries {
                if try digest(of: entry) == wanted { return try image([entry], name: nil, platform: platform) }
            }
            guard let index = try layoutIndex() else {
                throw SourceError(files.name, "image \(wanted) not found", has: allNames)
            }
            return try ImageChoice(blobs: blobs).image(selection, of: index, platform: platform)
        }
    }

    /// How each image can be named: all its names, or its position where it has none.
    var allNames: [String] { entries.enumerated().flatMap { Self.names(of: $1, at: $0) } }

    /// How an image can be named.
    static func names(of entry: DockerArchiveEntry, at position: Int) -> [String] {
        entry.repoTags.isEmpty ? ["@\(position)"] : entry.repoTags
    }

    private var blobs: ImageBlobs { ImageBlobs(files: files, naming: .layout) }

    private func image(
        _ candidates: [DockerArchiveEntry], name: String?, platform: Platform?
    ) throws -> SourceImage {
        let entry = try choose(candidates, platform: platform)
        if let image = try layoutImage(entry, name: name) { return image }
        let json = try configuration(of: entry)
        let object = configurationObject(entry)
        try ImageConfiguration(json: json, name: object).checkLayerCount(entry.layers.count, name: object)
        guard entry.layers.count <= DocumentLimit.layers else {
            throw SourceError(object, "has \(entry.layers.count) layers, more than \(DocumentLimit.layers)")
        }
        let layers = try entry.layers.map { path in
            let file = try files.open(path)
            return SourceLayer(descriptor: nil) { file.stream() }
        }
        return SourceImage(manifest: nil, configuration: json, layers: layers, name: name)
    }

    private func choose(
        _ candidates: [DockerArchiveEntry], platform: Platform?
    ) throws -> DockerArchiveEntry {
        guard let first = candidates.first else { throw SourceError(files.name, "has no images") }
        if candidates.count == 1, platform == nil { return first }
        let wanted = platform ?? .host
        let platforms = try candidates.map { entry in
            try ImageConfiguration(json: try configuration(of: entry), name: configurationObject(entry)).platform
        }
        if candidates.count == 1, platforms[0] == nil { return first }
        let distances = platforms.map { $0.flatMap { wanted.distance(to: $0) } }
        guard let nearest = distances.compactMap({ $0 }).min(), let position = distances.firstIndex(of: nearest) else {
            throw SourceError(
                files.name, "no image for \(wanted)", has: platforms.map { $0.map { "\($0)" } ?? "unknown platform" })
        }
        return candidates[position]
    }

    private func configurationObject(_ entry: DockerArchiveEntry) -> String {
        "\(files.name): configuration \(entry.config.printable)"
    }

    /// The configuration, checked against its digest where its name is one.
    func configuration(of entry: DockerArchiveEntry) throws -> [UInt8] {
        let object = configurationObject(entry)
        let json = try files.open(entry.config).bytes(limit: DocumentLimit.configuration, object: object)
        if let claimed = Self.digest(named: entry.config), claimed != Digest(of: json) {
            throw SourceError(object, "its content has the digest \(Digest(of: json))")
        }
        return json
    }

    private func digest(of entry: DockerArchiveEntry) throws -> Digest {
        if let digest = Self.digest(named: entry.config) { return digest }
        return Digest(of: try configuration(of: entry))
    }

    /// The digest that a configuration's path is made of: `HEX.json`, `sha256:HEX` or `blobs/sha256/HEX`.
    private static func digest(named path: String) -> Digest? {
        var name = path.split(separator: "/").last ?? ""
        if name.hasSuffix(".json") { name = name.dropLast(5) }
        if name.hasPrefix("sha256:") { name = name.dropFirst(7) }
        return Digest(hex: name)
    }

    /// The layout's index; nil where the archive is none.
    private func layoutIndex() throws -> ImageIndex? {
        guard files.contains("index.json") else { return nil }
        let object = "\(files.name): index.json"
        let json = try files.open("index.json").bytes(limit: DocumentLimit.manifest, object: object)
        return try ImageIndex(json: json, name: object)
    }

    /// The image as the layout has it, where a manifest has the entry's configuration and layers.
    private func layoutImage(_ entry: DockerArchiveEntry, name: String?) throws -> SourceImage? {
        guard let index = try layoutIndex() else { return nil }
        let wanted = try digest(of: entry)
        let choice = ImageChoice(blobs: blobs)
        for leaf in try choice.leaves(of: index.manifests.filter(ImageChoice.isCandidate)) {
            guard files.contains(blobs.manifestPath(leaf.digest)) else { continue }
            let json = try blobs.document(leaf.digest, size: leaf.size)
            guard
                // Else the archive's own list describes the image.
                let manifest = try? Manifest(json: json, name: "", mediaType: leaf.mediaType),
                manifest.config.digest == wanted,
                manifest.layers.map({ blobs.path($0.digest) }) == entry.layers.map(Self.withoutDot)
            else { continue }
            return try blobs.image(manifest: json, mediaType: leaf.mediaType, name: name)
        }
        return nil
    }

    private static func withoutDot(_ path: String) -> String {
        path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    }
}
