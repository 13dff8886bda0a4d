// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import LinuxIO
import OCI
import SystemPackage

extension ContainerdContents {
    /// Makes a container of its record.
    ///
    /// - Throws: `EngineError`: its identifier or namespace could not be a directory's name.
    func container(_ record: ContainerdContainerRecord) throws(EngineError) -> EngineContainer {
        let object =
            "\(engine.name): container \(record.namespace.printable)/\(record.id.prefix(64).description.printable)"
        guard isIdentifier(record.id), isIdentifier(record.namespace) else {
            throw EngineError(object, "has an identifier that cannot be")
        }
        let specification = record.specification.flatMap {
            // What needs it says that it cannot be read.
            try? decode(RuntimeConfiguration.self, $0, name: object, limit: EngineLimit.record)
        }
        let text = { (text: String?) in text.flatMap { $0.isEmpty ? nil : $0 } }
        let label = { (key: String) in text(record.labels[key]) }
        let inPod = [label("io.kubernetes.pod.name"), label("io.kubernetes.container.name")].compactMap { $0 }
        let name = label("nerdctl/name") ?? text(inPod.joined(separator: "/"))
        return EngineContainer(
            engine: .containerd, storage: engine.storage, maker: "containerd", namespace: record.namespace,
            id: record.id, names: [name].compactMap { $0 }, imageName: text(record.image), imageID: nil,
            created: record.created, mountLabel: text(specification?.linux?.mountLabel),
            processLabel: text(specification?.process?.selinuxLabel),
            readStatus: { status(record) },
            readLayers: { () throws(EngineError) in try layers(of: record, specification, object: object) },
            readMounts: { () throws(EngineError) in
                guard let specification else {
                    throw EngineError(object, "its runtime configuration cannot be read")
                }
                return try specification.userMounts(
                    object: object, own: [place.root, place.state], volumes: nil)
            },
            readDetails: { () throws(EngineError) in
                guard let specification else {
                    throw EngineError(object, "its runtime configuration cannot be read")
                }
                var details = specification.details
                details.labels = record.labels
                return details
            })
    }

    /// The state of a container, from the files that its shim keeps while it has a task.
    private func status(_ record: ContainerdContainerRecord) -> EngineStatus {
        let task = "io.containerd.runtime.v2.task/\(record.namespace)/\(record.id)"
        // What may not be looked at is told as created.
        guard let state = try? StorageFolder(place.state, name: engine.name),
            (try? state.hasDirectory(task)) == true  // As above.
        else { return EngineStatus(.created) }
        // As above.
        guard let process = (try? state.number("\(task)/init.pid")) ?? nil else { return EngineStatus(.created) }
        guard ProcessFile.stat(process) != nil,
            ProcessFile.isIn(process, controlGroupOf: record.id) || isRoot(of: process, record)
        else { return EngineStatus(.stopped) }
        return EngineStatus(ProcessFile.isFrozen(process) ? .paused : .running, process: process)
    }

    private func isRoot(of process: Int32, _ record: ContainerdContainerRecord) -> Bool {
        guard let upper = ProcessFile.rootUpper(process),
            // A process is not taken for the container's unless that is known.
            let top = try? snapshots(record.namespace, record.snapshotKey, object: "")?.first
        else { return false }
        return upper == directory(of: top)
    }

    private func layers(
        of record: ContainerdContainerRecord, _ specification: RuntimeConfiguration?, object: String
    ) throws(EngineError) -> EngineLayers {
        guard record.snapshotter == "overlayfs" else {
            throw EngineError(
                object, "is kept by the snapshotter \(record.snapshotter.printable); only overlayfs can be read")
        }
        guard let chain = try snapshots(record.namespace, record.snapshotKey, object: object), let top = chain.first
        else {
            throw EngineError(object, "its snapshot \(record.snapshotKey.printable) is missing")
        }
        var layers = try layers(of: chain, object: object)
        layers.setDiffIDs(try diffIDs(of: record))
        let users = try IDMap(specification?.linux?.uidMappings?.map(\.record), object: object)
        let groups = try IDMap(specification?.linux?.gidMappings?.map(\.record), object: object)
        if let user = users.host(of: 0), let group = groups.host(of: 0), !users.isIdentity {
            // A copy of the image's files for containers of this map is known only by its name.
            for (position, snapshot) in chain.enumerated() where snapshot.name.hasSuffix("-\(user)-\(group)") {
                layers.lowers[position].users = users
                layers.lowers[position].groups = groups
            }
        }
        guard top.isActive else { return layers }
        var upper = layers.lowers.removeFirst()
        upper.users = users
        upper.groups = groups
        layers.upper = upper
        layers.work = upper.path.removingLastComponent().appending("work")
        if layers.lowers.isEmpty {
            // A snapshot of nothing is no overlay: its directory is all there is.
            layers.lowers = [upper]
            layers.upper = nil
            layers.work = nil
        }
        return layers
    }

    /// The diff IDs of a container's image, where the image is still there.
    private func diffIDs(of record: ContainerdContainerRecord) throws(EngineError) -> [DiffID]? {
        let image = try images().first { $0.namespace == record.namespace && $0.names.contains(record.image) }
        guard let bytes = try? image?.configuration(),  // Without it no layer is known to be one of the store.
            let configuration = try? ImageConfiguration(json: bytes, name: "")  // As above.
        else { return nil }
        return configuration.rootfs.diffIDs
    }

    /// Where a snapshot's files are.
    func directory(of snapshot: ContainerdSnapshotRecord) -> FilePath {
        place.snapshotter.appending("snapshots/\(snapshot.number)/fs")
    }

    /// The directories of a chain of snapshots, the topmost first.
    func layers(of chain: [ContainerdSnapshotRecord], object: String) throws(EngineError) -> EngineLayers {
        let folder = try StorageFolder(place.snapshotter, name: "containerd \(place.snapshotter.printable)")
        var lowers: [EngineLayers.Directory] = []
        for snapshot in chain {
            guard try folder.hasDirectory("snapshots/\(snapshot.number)/fs") else {
                throw EngineError(object, "the directory of snapshot \(snapshot.number) is missing")
            }
            lowers.append(
                EngineLayers.Directory(
                    directory(of: snapshot), anchor: place.snapshotter,
                    users: Self.map(snapshot, label: "uidmapping"), groups: Self.map(snapshot, label: "gidmapping")))
        }
        return EngineLayers(lowers: lowers)
    }

    /// How a snapshot's owners were shifted for its containers, as its label tells: `CONTAINER:HOST:COUNT`, commas
    /// between.
    private static func map(_ snapshot: ContainerdSnapshotRecord, label: String) -> IDMap {
        guard let text = snapshot.labels["containerd.io/snapshot/\(label)"] else { return .identity }
        let ranges = text.split(separator: ",").prefix(IDMap.maximumCount).compactMap { part -> IDMapping? in
            let numbers = part.split(separator: ":").compactMap { UInt32($0) }
            return numbers.count == 3
                ? IDMapping(container: numbers[0], host: numbers[1], count: numbers[2]) : nil
        }
        return IDMap(ranges)
    }
}

extension RuntimeConfiguration.Mapping {
    /// The same range as containers/storage would write it.
    var record: MappingRecord { MappingRecord(container: containerID ?? 0, host: hostID ?? 0, size: size ?? 0) }
}
