// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import OCI

/// What is to be said of an image that is made of another.
package struct CommitFacts: Sendable {
    /// When it was made, in seconds since 1970.
    package var created: Int64
    /// Who made it; nil to say nothing.
    package var author: String?
    /// A comment in the history; nil for none.
    package var message: String?
    /// Changes of the configuration, one after the other.
    package var changes: [ChangeInstruction] = []
    /// What the image is made of as others can find it: a qualified name; nil where it has none.
    package var baseName: String?
    /// Whether the annotations of the image that it is made of are kept.
    package var keepsAnnotations = false

    /// Makes facts.
    package init(created: Int64) { self.created = created }
}

/// The new layer, as a manifest tells of it.
package struct CommittedLayer: Sendable {
    /// Its descriptor.
    package var descriptor: ContentDescriptor
    /// The digest of its tar.
    package var diffID: DiffID

    /// Makes a layer.
    package init(descriptor: ContentDescriptor, diffID: DiffID) {
        self.descriptor = descriptor
        self.diffID = diffID
    }
}

/// The documents of an image that is made of another: what is not changed stays as it was.
package struct CommittedDocuments: Sendable {
    /// The manifest.
    package let manifest: [UInt8]
    /// The configuration.
    package let configuration: [UInt8]
    /// What the user should know.
    package private(set) var remarks: [String] = []

    /// Makes them.
    ///
    /// - Parameters:
    ///   - manifest: the manifest of the image that it is made of, with its digest.
    ///   - configuration: its configuration.
    ///   - layer: the new layer; nil where no file changed.
    ///   - facts: the date, the author, the comment and the changes of the configuration.
    /// - Throws: `FormatError`, `AuthoringError`.
    package init(
        of manifest: [UInt8], _ configuration: [UInt8], layer: CommittedLayer?, facts: CommitFacts
    ) throws {
        let digest = Digest(of: manifest)
        let old = try Manifest(json: manifest, name: "manifest \(digest)")
        let isDocker = old.mediaType == MediaType.dockerManifest
        let isZstd = layer?.descriptor.mediaType == MediaType.layerZstd
        let staysDocker = isDocker && !isZstd
        if isDocker, isZstd { remarks.append("Docker's media types know no zstd: the image has OCI's now") }
        if !staysDocker, facts.changes.contains(where: { $0.kind == .healthcheck }) {
            throw AuthoringError("--change HEALTHCHECK: configurations of OCI have none, only Docker's")
        }
        self.configuration = try Self.changed(configuration, old, layer, facts, &remarks)
        var descriptor = old.config
        descriptor.digest = Digest(of: self.configuration)
        descriptor.size = Int64(self.configuration.count)
        descriptor.data = nil
        if !staysDocker { descriptor.mediaType = MediaType.config }
        var layers = old.layers
        if isDocker, !staysDocker {
            for index in layers.indices where layers[index].mediaType == MediaType.dockerLayerGzip {
                layers[index].mediaType = MediaType.layerGzip
            }
        }
        if var added = layer?.descriptor {
            if staysDocker, added.mediaType == MediaType.layerGzip { added.mediaType = MediaType.dockerLayerGzip }
            if staysDocker, added.mediaType == MediaType.layer {
                added.mediaType = "application/vnd.docker.image.rootfs.diff.tar"
            }
            layers.append(added)
        }
        var annotations = facts.keepsAnnotations ? old.annotations ?? [:] : [:]
        annotations["org.opencontainers.image.base.digest"] = "\(digest)"
        annotations["org.opencontainers.image.base.name"] = facts.baseName
        annotations["org.opencontainers.image.created"] = Self.text(facts.created)
        let made = Manifest(
            mediaType: staysDocker ? MediaType.dockerManifest : MediaType.manifest, config: descriptor, layers: layers,
            annotations: staysDocker ? nil : annotations)
        self.manifest = try Self.encoded(made)
    }

    private static func encoded(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    private static func text(_ seconds: Int64) -> String { Moment(seconds: seconds).rfc3339 }

    private static func changed(
        _ bytes: [UInt8], _ old: Manifest, _ layer: CommittedLayer?, _ facts: CommitFacts, _ remarks: inout [String]
    ) throws -> [UInt8] {
        let name = "configuration \(old.config.digest)"
        var members = try decode([String: JSONValue].self, bytes, name: name, limit: DocumentLimit.configuration)
        let image = try ImageConfiguration(json: bytes, name: name)
        try image.checkLayerCount(old.layers.count, name: name)
        let created = JSONValue.string(text(facts.created))
        members["created"] = created
        if let author = facts.author { members["author"] = .string(author) }
        if !facts.changes.isEmpty {
            var config = ChangeInstruction.members(members["config"])
            // A new entry point takes the command away, but never one that is set with it.
            for change in facts.changes where change.kind != .cmd { try change.apply(to: &config) }
            for change in facts.changes where change.kind == .cmd { try change.apply(to: &config) }
            members["config"] = .object(config.filter { $0.value != .null })
        }
        // Docker's record of the container that made the old image tells nothing of this one.
        for member in ["container", "container_config"] { members[member] = nil }
        var rootfs = ChangeInstruction.members(members["rootfs"])
        let diffIDs = image.rootfs.diffIDs + [layer?.diffID].compactMap { $0 }
        rootfs["diff_ids"] = .array(diffIDs.map { .string("\($0)") })
        members["rootfs"] = .object(rootfs)
        var history: [JSONValue] = []
        if case .array(let known)? = members["history"] { history = known }
        let missing = old.layers.count - (image.history ?? []).count { $0.emptyLayer != true }
        if missing > 0 {
            remarks.append("the history has no step for \(missing) of the layers: it got as many unknown ones")
            history += Array(repeating: .object(["created_by": .string("unknown")]), count: missing)
        }
        var step: [String: JSONValue] = ["created": created, "created_by": .string("cimg commit")]
        step["comment"] = facts.message.map { .string($0) }
        step["author"] = facts.author.map { .string($0) }
        if layer == nil { step["empty_layer"] = .bool(true) }
        members["history"] = .array(history + [.object(step)])
        return try encoded(members)
    }
}
