// SPDX-License-Identifier: Apache-2.0

import OCI

/// A container in `containers.json`.
struct ContainerRecord: Decodable, Sendable {
    var id: String
    var names: [String]?
    var image: String?
    var layer: String?
    var metadata: String?
    var created: String?
    var uidmap: [MappingRecord]?
    var gidmap: [MappingRecord]?
    var flags: Flags?

    /// The flags that are needed; others may have values of any type.
    struct Flags: Decodable, Sendable {
        var mountLabel: String?
        var processLabel: String?

        private enum CodingKeys: String, CodingKey {
            case mountLabel = "MountLabel"
            case processLabel = "ProcessLabel"
        }
    }

    /// What podman and CRI-O write into `metadata`, as JSON in a string.
    struct Metadata: Decodable, Sendable {
        var imageName: String?
        var podID: String?
        var metadataName: String?

        private enum CodingKeys: String, CodingKey {
            case imageName = "image-name"
            case podID = "pod-id"
            case metadataName = "metadata-name"
        }
    }
}

/// A range of numbers in `containers.json` and `layers.json`.
struct MappingRecord: Decodable, Sendable {
    var container: Int64
    var host: Int64
    var size: Int64

    private enum CodingKeys: String, CodingKey {
        case container = "container_id"
        case host = "host_id"
        case size
    }
}

/// A layer in `layers.json`.
struct LayerRecord: Decodable, Sendable {
    var id: String
    var parent: String?
    var diffDigest: String?
    var diffSize: Int64?
    var uidmap: [MappingRecord]?
    var gidmap: [MappingRecord]?

    private enum CodingKeys: String, CodingKey {
        case id, parent, uidmap, gidmap
        case diffDigest = "diff-digest"
        case diffSize = "diff-size"
    }

    // A layer of another algorithm is none of the store's.
    var diffID: DiffID? { diffDigest.flatMap { try? Digest(parsing: $0) }.map { DiffID($0) } }
}

/// An image in `images.json`.
struct ImageRecord: Decodable, Sendable {
    var id: String
    var digest: String?
    var names: [String]?
    var layer: String?
    var created: String?
    var bigDataNames: [String]?

    private enum CodingKeys: String, CodingKey {
        case id, digest, names, layer, created
        case bigDataNames = "big-data-names"
    }
}

extension IDMap {
    /// Makes a map of what a record says.
    ///
    /// - Throws: `EngineError` that begins with `object`.
    init(_ records: [MappingRecord]?, object: String) throws(EngineError) {
        let records = records ?? []
        guard records.count <= Self.maximumCount else {
            throw EngineError(object, "maps users in more than \(Self.maximumCount) ranges")
        }
        var ranges: [IDMapping] = []
        for record in records where record.size != 0 {
            guard let container = UInt32(exactly: record.container), let host = UInt32(exactly: record.host),
                let count = UInt32(exactly: record.size),
                let range = IDMapping(container: container, host: host, count: count)
            else { throw EngineError(object, "has a range of users that cannot be") }
            ranges.append(range)
        }
        self.init(ranges)
    }
}

/// A list whose members are decoded one by one, so that a damaged one does not hide the others.
struct Tolerant<Element: Decodable & Sendable>: Decodable, Sendable {
    var elements: [Element] = []
    var damaged = 0

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        while !container.isAtEnd {
            guard elements.count + damaged < EngineLimit.count else {
                throw DecodingError.dataCorrupted(
                    .init(
                        codingPath: decoder.codingPath,
                        debugDescription: "has more than \(EngineLimit.count) members"))
            }
            let member = try container.decode(Member.self)
            if let element = member.element { elements.append(element) } else { damaged += 1 }
        }
    }

    /// Never fails, so that the list goes on behind it.
    private struct Member: Decodable {
        var element: Element?

        init(from decoder: any Decoder) throws { element = try? Element(from: decoder) }  // It is counted as damaged.
    }
}
