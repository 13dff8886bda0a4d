// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import LinuxIO
import OCI
import SystemPackage

extension ContainerdContents {
    /// Makes an image of the records that have its digest, at least one.
    func image(_ records: [ContainerdImageRecord]) -> EngineImage? {
        guard let record = records.first else { return nil }
        let object = "\(engine.name): image \(record.name.printable)"
        let manifest = { @Sendable () throws(EngineError) -> (bytes: [UInt8], manifest: Manifest) in
            try self.manifest(record, object: object)
        }
        let configuration = { @Sendable () throws(EngineError) -> [UInt8] in
            try blob(try manifest().manifest.config.digest, limit: DocumentLimit.configuration, object: object)
        }
        let chain = { @Sendable () throws(EngineError) -> (diffIDs: [DiffID], snapshots: [ContainerdSnapshotRecord]) in
            let parsed: ImageConfiguration
            do {
                parsed = try ImageConfiguration(json: try configuration(), name: "\(object): configuration")
            } catch let error as FormatError {
                throw EngineError(error)
            } catch let error as EngineError {
                throw error
            } catch {
                throw EngineError(object, "\(error)")
            }
            let diffIDs = parsed.rootfs.diffIDs
            guard !diffIDs.isEmpty else { return ([], []) }
            guard let snapshots = try self.snapshots(record.namespace, "\(ChainID(diffIDs))", object: object) else {
                throw EngineError(object, "was never unpacked by the overlayfs snapshotter; its layers are blobs only")
            }
            return (diffIDs, snapshots)
        }
        return EngineImage(
            engine: .containerd, storage: engine.storage, namespace: record.namespace, id: record.digest.hex,
            names: records.map(\.name), digest: record.digest, created: record.created,
            readSize: {
                guard let snapshots = try? chain().snapshots else { return nil }  // Then its size is not known.
                return snapshots.reduce(UInt64?(0)) { sum, snapshot in
                    guard let sum, let size = snapshot.size else { return nil }
                    let (result, overflow) = sum.addingReportingOverflow(size)
                    return overflow ? nil : result
                }
            },
            readManifest: { () throws(EngineError) in try manifest().bytes },
            readConfiguration: configuration,
            readLayers: { () throws(EngineError) in
                let (diffIDs, snapshots) = try chain()
                var result = try layers(of: snapshots, object: object)
                result.setDiffIDs(diffIDs)
                return result
            },
            readData: { () throws(EngineError) in
                var data: [EngineLayerData] = []
                for layer in try manifest().manifest.layers {
                    guard let file = try folder.openFile(blobPath(layer.digest)) else {
                        throw EngineError(object, "layer \(layer.digest) was not kept as it came, or never fetched")
                    }
                    data.append(.blob(file, layer))
                }
                return data
            })
    }

    /// The manifest of an image; of an index the one for this machine whose manifest is here, else the first that is.
    private func manifest(
        _ record: ContainerdImageRecord, object: String
    ) throws(EngineError) -> (bytes: [UInt8], manifest: Manifest) {
        var digest = record.digest
        for _ in 0..<8 {
            let bytes = try blob(digest, limit: DocumentLimit.manifest, object: object)
            let document: ManifestDocument
            do {
                document = try ManifestDocument(json: bytes, name: "\(object): manifest")
            } catch {
                throw EngineError(error)
            }
            switch document {
            case .manifest(let manifest):
                return (bytes, manifest)
            case .index(let index):
                let machine = Platform.host
                let candidates = index.manifests.filter { !$0.isAttestation }
                let ordered = candidates.filter { isFor(machine, $0) } + candidates.filter { !isFor(machine, $0) }
                var next: Digest?
                for candidate in ordered where next == nil {
                    if try folder.fileType(blobPath(candidate.digest)) != nil { next = candidate.digest }
                }
                guard let next else { throw EngineError(object, "none of the manifests in its index is here") }
                digest = next
            }
        }
        throw EngineError(object, "has indexes within indexes")
    }

    private func isFor(_ machine: Platform, _ descriptor: ContentDescriptor) -> Bool {
        descriptor.platform.map { machine.distance(to: $0) != nil } ?? false
    }

    private func blobPath(_ digest: Digest) -> String {
        "io.containerd.content.v1.content/blobs/sha256/\(digest.hex)"
    }

    private func blob(_ digest: Digest, limit: Int, object: String) throws(EngineError) -> [UInt8] {
        guard let bytes = try folder.read(blobPath(digest), limit: limit) else {
            throw EngineError(object, "blob \(digest) is missing")
        }
        return bytes
    }
}
