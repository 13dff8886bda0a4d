// SPDX-License-Identifier: Apache-2.0

import Bolt
import EngineRecords
import Glibc
import LinuxIO
import OCI
import SystemPackage

/// What a containerd's directories hold.
struct ContainerdContents: Sendable {
    let place: ContainerdPlace
    let engine: ContainerdStorage
    let folder: StorageFolder

    init(_ place: ContainerdPlace, engine: ContainerdStorage) throws(EngineError) {
        self.place = place
        self.engine = engine
        folder = try StorageFolder(place.root, name: engine.name)
    }

    /// Reads of containerd's own database; nil where there is none yet.
    private func metadata<Result>(
        _ body: (BoltBucket) throws(BoltError) -> Result
    ) throws(EngineError) -> Result? {
        try database(folder, "io.containerd.metadata.v1.bolt/meta.db", body)
    }

    private func database<Result>(
        _ folder: StorageFolder, _ file: String, _ body: (BoltBucket) throws(BoltError) -> Result
    ) throws(EngineError) -> Result? {
        let object = "\(folder.name): \(file)"
        let opened: Descriptor
        do throws(Errno) {
            opened = try folder.descriptor.openBeneath(file, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try opened.status().st_mode & S_IFMT == S_IFREG else { throw Errno.invalidArgument }
        } catch .noSuchFileOrDirectory {
            return nil
        } catch .invalidArgument, .noSuchAddressOrDevice {
            throw EngineError(object, "is not a regular file")
        } catch {
            throw EngineError(object, reading: error)
        }
        do {
            return try BoltFile(opened, object: object).read { (root) throws(BoltError) in
                guard let version = try root.bucket("v1") else { return nil }
                return try body(version)
            }
        } catch {
            throw EngineError(error)
        }
    }

    /// The containers of all namespaces.
    func containers() throws(EngineError) -> [ContainerdContainerRecord] {
        try metadata { (root) throws(BoltError) in
            var records: [ContainerdContainerRecord] = []
            for (namespace, bucket) in try root.buckets() {
                for (id, container) in try bucket.bucket("containers")?.buckets() ?? [] {
                    records.append(try ContainerdContainerRecord(container, namespace: namespace, id: id))
                }
            }
            return records
        } ?? []
    }

    /// The records of the images of all namespaces.
    private func imageRecords() throws(EngineError) -> [ContainerdImageRecord] {
        try metadata { (root) throws(BoltError) in
            var records: [ContainerdImageRecord] = []
            for (namespace, bucket) in try root.buckets() {
                for (name, image) in try bucket.bucket("images")?.buckets() ?? [] {
                    guard let record = try ContainerdImageRecord(image, namespace: namespace, name: name) else {
                        continue
                    }
                    records.append(record)
                }
            }
            return records
        } ?? []
    }

    /// A snapshot and those below it, the topmost first; nil where containerd or the snapshotter has none of that key.
    func snapshots(
        _ namespace: String, _ key: String, object: String
    ) throws(EngineError) -> [ContainerdSnapshotRecord]? {
        let name = try metadata { (root) throws(BoltError) in
            try root.bucket(namespace)?.bucket("snapshots")?.bucket("overlayfs")?.bucket(key)?.text("name")
        }
        guard let name = name ?? nil else { return nil }
        let snapshotter = try StorageFolder(place.snapshotter, name: "containerd \(place.snapshotter.printable)")
        return try database(snapshotter, "metadata.db") { (root) throws(BoltError) in
            guard let all = try root.bucket("snapshots") else { return nil }
            var chain: [ContainerdSnapshotRecord] = []
            var next: String? = name
            while let current = next {
                guard chain.count < EngineLimit.depth else {
                    throw BoltError(object, "has more than \(EngineLimit.depth) snapshots on top of each other")
                }
                guard let bucket = try all.bucket(current),
                    let record = try ContainerdSnapshotRecord(bucket, name: current)
                else {
                    guard !chain.isEmpty else { return nil }
                    throw BoltError(object, "snapshot \(current.printable) is missing")
                }
                chain.append(record)
                next = record.parent
            }
            return chain
        } ?? nil
    }

    /// The images of all namespaces; the names of one digest in one namespace are one image's.
    func images() throws(EngineError) -> [EngineImage] {
        var order: [String] = []
        var names: [String: [ContainerdImageRecord]] = [:]
        for record in try imageRecords() {
            let key = "\(record.namespace) \(record.digest.hex)"
            if names[key] == nil { order.append(key) }
            names[key, default: []].append(record)
        }
        return order.compactMap { names[$0] }.compactMap { image($0) }
    }
}
