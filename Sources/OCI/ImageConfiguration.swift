// SPDX-License-Identifier: Apache-2.0

/// An image configuration (config.md); the fields that cimg shows or needs.
package struct ImageConfiguration: Codable, Sendable, Hashable {
    /// When the image was made, RFC 3339.
    package var created: String?
    /// Who made it.
    package var author: String?
    /// Architecture as Go names it.
    package var architecture: String?
    /// Operating system as Go names it.
    package var os: String?
    /// Variant of the architecture.
    package var variant: String?
    /// What a container of the image runs.
    package var config: Execution?
    /// The layers' diff IDs.
    package var rootfs: RootFS
    /// How the image was made, oldest step first.
    package var history: [HistoryEntry]?

    /// What a container of the image runs.
    package struct Execution: Codable, Sendable, Hashable {
        /// User or uid.
        package var user: String?
        /// Environment, `NAME=value`.
        package var env: [String]?
        /// Entry point.
        package var entrypoint: [String]?
        /// Default command.
        package var cmd: [String]?
        /// Working directory.
        package var workingDir: String?
        /// Labels.
        package var labels: [String: String]?

        private enum CodingKeys: String, CodingKey {
            case user = "User"
            case env = "Env"
            case entrypoint = "Entrypoint"
            case cmd = "Cmd"
            case workingDir = "WorkingDir"
            case labels = "Labels"
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            user = try container.decodeIfPresent(String.self, forKey: .user)
            env = try container.decodeIfPresent([String].self, forKey: .env)
            entrypoint = try container.decodeWords(forKey: .entrypoint)
            cmd = try container.decodeWords(forKey: .cmd)
            workingDir = try container.decodeIfPresent(String.self, forKey: .workingDir)
            labels = try container.decodeAnnotations(forKey: .labels)
        }
    }

    /// The layers of the root file system.
    package struct RootFS: Codable, Sendable, Hashable {
        /// Always `layers`.
        package var type: String
        /// The digests of the uncompressed layers, base layer first.
        package var diffIDs: [DiffID]

        private enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            type = try container.decodeIfPresent(String.self, forKey: .type) ?? "layers"
            diffIDs = try container.decodeIfPresent([DiffID].self, forKey: .diffIDs) ?? []
        }

        /// Makes a root file system of layers.
        package init(diffIDs: [DiffID]) {
            type = "layers"
            self.diffIDs = diffIDs
        }
    }

    /// One step of an image's making.
    package struct HistoryEntry: Codable, Sendable, Hashable {
        /// When, RFC 3339.
        package var created: String?
        /// By which command.
        package var createdBy: String?
        /// A comment.
        package var comment: String?
        /// Whether the step made no layer.
        package var emptyLayer: Bool?

        private enum CodingKeys: String, CodingKey {
            case created, comment
            case createdBy = "created_by"
            case emptyLayer = "empty_layer"
        }
    }

    /// Makes a configuration.
    package init(created: String? = nil, architecture: String?, os: String?, diffIDs: [DiffID]) {
        self.created = created
        self.architecture = architecture
        self.os = os
        rootfs = RootFS(diffIDs: diffIDs)
    }
    /// Decodes a configuration; fields that tools leave out or write as null are taken as empty.
    ///
    /// - Throws: `FormatError` that begins with `name` (`configuration sha256:…`) and tells the JSON path. A document
    ///   without `rootfs` is no container image's.
    package init(json: [UInt8], name: String) throws(FormatError) {
        let presence = try OCI.decode(RootPresence.self, json, name: name, limit: DocumentLimit.configuration)
        guard presence.hasRootFS else {
            throw FormatError(name, "is of no container image: it has no rootfs.diff_ids")
        }
        self = try OCI.decode(ImageConfiguration.self, json, name: name, limit: DocumentLimit.configuration)
        guard rootfs.type == "layers" else {
            throw FormatError(name, at: "rootfs.type", "is \"\(rootfs.type.printable)\", not \"layers\"")
        }
    }

    /// The platform the image is made for; nil where the configuration does not say.
    package var platform: Platform? {
        guard let os, let architecture, !os.isEmpty, !architecture.isEmpty else { return nil }
        return Platform(os: os, architecture: architecture, variant: variant).spelledAsInGo
    }

    /// Checks that the configuration has a diff ID for each of a manifest's layers.
    ///
    /// - Throws: `FormatError` that begins with `name`.
    package func checkLayerCount(_ count: Int, name: String) throws(FormatError) {
        guard rootfs.diffIDs.count == count else {
            throw FormatError(
                name, at: "rootfs.diff_ids", "are \(rootfs.diffIDs.count), but the image has \(count) layers")
        }
    }
}

/// Whether a document has what only an image's configuration has.
private struct RootPresence: Decodable {
    var hasRootFS: Bool

    private enum CodingKeys: String, CodingKey {
        case rootfs
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        hasRootFS = try container.contains(.rootfs) && !container.decodeNil(forKey: .rootfs)
    }
}

extension KeyedDecodingContainer {
    /// A command line: an array of words, or one string for a command of one word as old builders wrote it.
    fileprivate func decodeWords(forKey key: Key) throws -> [String]? {
        // What is no text is an array, which is read below.
        if let word = try? decode(String.self, forKey: key) { return [word] }
        return try decodeIfPresent([String].self, forKey: key)
    }
}
