// SPDX-License-Identifier: Apache-2.0

import LayerStore
import OCI

/// Finds the image meant in an index: by name, by digest, by platform, through indexes within indexes.
struct ImageChoice {
    /// Indexes within each other: 8.
    static let depthLimit = 8
    /// Entries of all indexes together.
    static let entryLimit = 10_000

    let blobs: ImageBlobs

    /// The image of an index that is meant.
    ///
    /// - Parameter platform: the platform asked for; nil for whatever there is, or this machine's among several.
    func image(
        _ selection: ImageSelection, of index: ImageIndex, platform: Platform?
    ) throws -> SourceImage {
        switch selection {
        case .only: return try only(index, platform: platform)
        case .name(let name): return try named(name, index, platform: platform)
        case .digest(let digest): return try image(digest, of: index, platform: platform)
        case .position:
            let entry = try entry(selection, of: index)
            let leaf = try choose(try leaves(of: [entry]), platform: platform, object: blobs.name)
            return try load(leaf, name: entry.referenceName)
        }
    }

    /// The entry of an index that is meant, whatever it leads to.
    func entry(_ selection: ImageSelection, of index: ImageIndex) throws -> ContentDescriptor {
        let entries = index.manifests.filter(Self.isCandidate)
        let matching: [ContentDescriptor]
        switch selection {
        case .only: matching = entries
        case .digest(let digest):
            matching = entries.filter { $0.digest == digest }
            if matching.isEmpty, blobs.files.contains(blobs.manifestPath(digest)) {
                let bytes = try blobs.document(digest)
                return ContentDescriptor(mediaType: "", digest: digest, size: Int64(bytes.count))
            }
        case .position(let position):
            guard index.manifests.indices.contains(position) else {
                throw SourceError(blobs.name, "has no image @\(position)", has: Self.names(of: entries))
            }
            return index.manifests[position]
        case .name(let name):
            let exact = entries.filter { $0.referenceName == name || $0.containerdName == name }
            matching = exact.isEmpty ? entries.filter { $0.names(name) } : exact
        }
        guard let first = matching.first else {
            throw SourceError(blobs.name, "has no such image", has: Self.names(of: entries))
        }
        guard matching.allSatisfy({ $0.digest == first.digest }) else {
            throw SourceError(blobs.name, "has several images, name one", has: Self.names(of: matching))
        }
        return first
    }

    private func only(_ index: ImageIndex, platform: Platform?) throws -> SourceImage {
        let entries = index.manifests.filter(Self.isCandidate)
        guard let first = entries.first else { throw SourceError(blobs.name, "has no images") }
        let names = Set(entries.map(\.referenceName))
        let isOne = names.count == 1 || entries.allSatisfy { $0.digest == first.digest }
        guard isOne else {
            throw SourceError(blobs.name, "has several images, name one", has: Self.names(of: entries))
        }
        let leaf = try choose(try leaves(of: entries), platform: platform, object: blobs.name)
        return try load(leaf, name: first.referenceName)
    }

    private func named(_ name: String, _ index: ImageIndex, platform: Platform?) throws -> SourceImage {
        let entries = index.manifests.filter(Self.isCandidate)
        let exact = entries.filter { $0.referenceName == name || $0.containerdName == name }
        // Tools write whole names into the annotation where the specification means tags.
        let matching = exact.isEmpty ? entries.filter { $0.names(name) } : exact
        guard !matching.isEmpty else {
            throw SourceError(
                blobs.name, "tag \"\(name.printable)\" not found", has: Self.names(of: entries))
        }
        let distinct = Set(matching.map(\.referenceName))
        guard distinct.count == 1 || Set(matching.map(\.digest)).count == 1 else {
            throw SourceError(
                blobs.name, "tag \"\(name.printable)\" fits several images", has: Self.names(of: matching))
        }
        let object = "\(blobs.name): \(name.printable)"
        return try load(try choose(try leaves(of: matching), platform: platform, object: object), name: name)
    }

    private func image(_ digest: Digest, of index: ImageIndex, platform: Platform?) throws -> SourceImage {
        let object = "\(blobs.name): manifest \(digest)"
        guard blobs.files.contains(blobs.manifestPath(digest)) else {
            throw SourceError(
                blobs.name, "manifest \(digest) not found",
                has: index.manifests.filter(Self.isCandidate).map { "\($0.digest)" })
        }
        let bytes = try blobs.document(digest)
        guard case .index(let nested) = try ManifestDocument(json: bytes, name: object) else {
            return try blobs.image(manifest: bytes, mediaType: nil, name: nil)
        }
        let entries = nested.manifests.filter(Self.isCandidate)
        return try load(try choose(try leaves(of: entries), platform: platform, object: object), name: nil)
    }

    private func load(_ entry: ContentDescriptor, name: String?) throws -> SourceImage {
        let bytes = try blobs.document(entry.digest, size: entry.size)
        return try blobs.image(manifest: bytes, mediaType: entry.mediaType, name: name)
    }

    /// The manifests that entries lead to, in the order of the indexes, each once.
    func leaves(of entries: [ContentDescriptor]) throws -> [ContentDescriptor] {
        var leaves: [ContentDescriptor] = []
        var seen: Set<Digest> = []
        var pending = entries.reversed().map { (entry: $0, depth: 1) }
        var count = entries.count
        while let (entry, depth) = pending.popLast() {
            guard seen.insert(entry.digest).inserted else { continue }
            let isIndex = try MediaType.isIndex(entry.mediaType) || (entry.mediaType.isEmpty && isIndex(entry))
            guard isIndex else {
                leaves.append(entry)
                continue
            }
            let object = "\(blobs.name): index \(entry.digest)"
            guard depth < Self.depthLimit else {
                throw SourceError(object, "is the \(depth + 1)th index within another, more than \(Self.depthLimit)")
            }
            let json = try blobs.document(entry.digest, size: entry.size)
            let index = try ImageIndex(json: json, name: object, mediaType: entry.mediaType)
            let nested = index.manifests.filter(Self.isCandidate)
            count += nested.count
            guard count <= Self.entryLimit else {
                throw SourceError(object, "leads to more than \(Self.entryLimit) manifests")
            }
            pending += nested.reversed().map { ($0, depth + 1) }
        }
        return leaves
    }

    private func isIndex(_ entry: ContentDescriptor) throws -> Bool {
        let json = try blobs.document(entry.digest, size: entry.size)
        let document = try ManifestDocument(json: json, name: "\(blobs.name): manifest \(entry.digest)")
        guard case .index = document else { return false }
        return true
    }

    /// The manifest for a platform: the nearest one, the first among equals.
    ///
    /// A source often holds the manifests of one platform only, although its index lists more: what is not there does
    /// not count. The only manifest serves whoever asks for no platform.
    func choose(
        _ leaves: [ContentDescriptor], platform: Platform?, object: String
    ) throws -> ContentDescriptor {
        let present = leaves.filter { blobs.files.contains(blobs.manifestPath($0.digest)) }
        guard let first = present.first else {
            guard let missing = leaves.first else { throw SourceError(object, "has no images") }
            throw SourceError(object, "manifest \(missing.digest) is missing")
        }
        if present.count == 1, platform == nil { return first }
        let wanted = platform ?? .host
        let platforms = present.map { self.platform(of: $0) }
        // One manifest that says nothing of its platform is taken for the one that is meant.
        if present.count == 1, platforms[0] == nil { return first }
        let distances = platforms.map { $0.flatMap { wanted.distance(to: $0) } }
        guard let nearest = distances.compactMap({ $0 }).min(), let position = distances.firstIndex(of: nearest) else {
            throw SourceError(
                object, "no image for \(wanted)", has: platforms.map { $0.map { "\($0)" } ?? "unknown platform" })
        }
        return present[position]
    }

    /// The platform of an entry, or of its configuration where the entry names none; nil where neither does.
    func platform(of entry: ContentDescriptor) -> Platform? {
        if let platform = entry.platform, !platform.os.isEmpty, !platform.architecture.isEmpty {
            return platform.spelledAsInGo
        }
        // It is unknown, and chosen only if it is the only one.
        guard let json = try? blobs.document(entry.digest, size: entry.size),
            // As above.
            let manifest = try? Manifest(json: json, name: ""), MediaType.isConfig(manifest.config.mediaType),
            let configuration = try? blobs.configuration(manifest.config)  // As above.
        else { return nil }
        return (try? ImageConfiguration(json: configuration, name: ""))?.platform  // As above.
    }

    /// Whether an entry may lead to an image: no attestation, and no type that readers must ignore.
    static func isCandidate(_ entry: ContentDescriptor) -> Bool {
        let type = entry.mediaType
        return !entry.isAttestation
            && (type.isEmpty || MediaType.isManifest(type) || MediaType.isIndex(type) || MediaType.isSchema1(type))
    }

    private static func names(of entries: [ContentDescriptor]) -> [String] {
        var names: [String] = []
        for name in entries.map({ $0.referenceName ?? "@\($0.digest)" }) where !names.contains(name) {
            names.append(name)
        }
        return names
    }
}

extension ContentDescriptor {
    /// The whole name that containerd and Docker write beside the tag.
    fileprivate var containerdName: String? { annotations?["io.containerd.image.name"] }

    /// Whether the entry's name, being a whole image name, is the one given or has it as its tag.
    fileprivate func names(_ text: String) -> Bool {
        [referenceName, containerdName].compactMap { $0 }.contains { name in
            // What is no whole name is none here.
            guard let reference = try? Reference(parsing: name) else { return false }
            if reference.tag == text { return true }
            guard let other = try? Reference(parsing: text) else { return false }  // As above.
            return other.withDefaultTag == reference.withDefaultTag
        }
    }
}
