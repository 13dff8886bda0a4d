// SPDX-License-Identifier: Apache-2.0

import Bolt
import EngineRecords
import OCI

/// A container in containerd's database.
struct ContainerdContainerRecord: Sendable {
    var namespace: String
    var id: String
    var image: String
    var created: String?
    var snapshotter: String
    var snapshotKey: String
    var labels: [String: String]
    /// The OCI runtime's configuration as the container was made with it.
    var specification: [UInt8]?

    init(_ bucket: BoltBucket, namespace: String, id: String) throws(BoltError) {
        self.namespace = namespace
        self.id = id
        image = try bucket.text("image") ?? ""
        created = ContainerdValue.time(try bucket.value("createdat"))
        snapshotter = try bucket.text("snapshotter") ?? ""
        snapshotKey = try bucket.text("snapshotKey") ?? ""
        labels = try bucket.bucket("labels")?.texts() ?? [:]
        specification = ContainerdValue.payload(try bucket.value("spec"))
    }
}

/// An image in containerd's database.
struct ContainerdImageRecord: Sendable {
    var namespace: String
    var name: String
    var created: String?
    var digest: Digest
    var mediaType: String

    init?(_ bucket: BoltBucket, namespace: String, name: String) throws(BoltError) {
        guard let target = try bucket.bucket("target"),
            // Of another algorithm nothing can be read.
            let digest = (try target.text("digest")).flatMap({ try? Digest(parsing: $0) })
        else { return nil }
        self.namespace = namespace
        self.name = name
        self.digest = digest
        created = ContainerdValue.time(try bucket.value("createdat"))
        mediaType = try target.text("mediatype") ?? ""
    }
}

/// A snapshot in the snapshotter's database.
struct ContainerdSnapshotRecord: Sendable {
    /// Its name there: `NAMESPACE/NUMBER/KEY`.
    var name: String
    /// The number that its directory is named by.
    var number: UInt64
    /// Whether it can be written to: a container's.
    var isActive: Bool
    var parent: String?
    var size: UInt64?
    var labels: [String: String]

    init?(_ bucket: BoltBucket, name: String) throws(BoltError) {
        guard let number = ContainerdValue.unsigned(try bucket.value("id")) else { return nil }
        self.name = name
        self.number = number
        isActive = try bucket.value("kind") == [2]
        parent = try bucket.text("parent").flatMap { $0.isEmpty ? nil : $0 }
        size = ContainerdValue.signed(try bucket.value("size")).flatMap { UInt64(exactly: $0) }
        labels = try bucket.bucket("labels")?.texts() ?? [:]
    }
}

extension BoltBucket {
    /// All values as text.
    func texts() throws(BoltError) -> [String: String] {
        var result: [String: String] = [:]
        for (key, content) in try entries() {
            guard case .value(let value) = content else { continue }
            result[String(decoding: key, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        return result
    }

    /// All buckets by their keys, in the order of these.
    func buckets() throws(BoltError) -> [(name: String, bucket: BoltBucket)] {
        try entries().compactMap { key, content in
            guard case .bucket(let bucket) = content else { return nil }
            return (String(decoding: key, as: UTF8.self), bucket)
        }
    }
}
