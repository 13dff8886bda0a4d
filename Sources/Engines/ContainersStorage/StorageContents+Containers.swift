// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import Glibc
import LinuxIO
import OCI
import SystemPackage

extension StorageContents {
    /// Makes a container of its record.
    ///
    /// - Throws: `EngineError`: its identifier could not be a directory's name.
    func container(_ record: ContainerRecord) throws(EngineError) -> EngineContainer {
        guard isIdentifier(record.id) else {
            throw EngineError("\(engine.name): container \(record.id.printable)", "has an identifier that cannot be")
        }
        let metadata = record.metadata.flatMap {
            try? decode(  // Only who made it, and its image's name, are not known then.
                ContainerRecord.Metadata.self, Array($0.utf8), name: "metadata", limit: EngineLimit.record)
        }
        let made = try maker(record, metadata)
        let label = { @Sendable (text: String?) in text.flatMap { $0.isEmpty ? nil : $0 } }
        return EngineContainer(
            engine: .podman, storage: engine.storage, maker: made.name, namespace: nil, id: record.id,
            names: record.names ?? [], imageName: label(metadata?.imageName ?? made.imageName),
            imageID: label(record.image), created: record.created, mountLabel: label(record.flags?.mountLabel),
            processLabel: label(record.flags?.processLabel), readStatus: { status(record.id) },
            readLayers: { () throws(EngineError) in
                // podman's containers of a directory (--rootfs) have a record of an image without a name.
                if label(record.image) == nil, metadata?.imageName == "", made.name == "podman" {
                    return try namedRoot(of: record)
                }
                return try layers(of: record)
            },
            readMounts: { () throws(EngineError) in try mounts(of: record.id) },
            readDetails: { () throws(EngineError) in try details(of: record.id) })
    }

    /// The program that made a container: podman and CRI-O tell in its record, buildah in a file of its own.
    private func maker(
        _ record: ContainerRecord, _ metadata: ContainerRecord.Metadata?
    ) throws(EngineError) -> (name: String, imageName: String?) {
        if metadata?.podID != nil || metadata?.metadataName != nil { return ("cri-o", nil) }
        if metadata?.imageName != nil { return ("podman", nil) }
        let file = "\(driver)-containers/\(record.id)/userdata/buildah.json"
        if try folders[0].fileType(file) == S_IFREG {
            // The image's name is not known then.
            let notes = try? folders[0].document(BuildahNotes.self, file, limit: EngineLimit.record)
            return ("buildah", notes?.image)
        }
        return ("podman", nil)
    }

    private func object(_ id: String) -> String { "\(engine.name): container \(id.prefix(12))" }

    /// Where a container's layers are.
    private func layers(of record: ContainerRecord) throws(EngineError) -> EngineLayers {
        let object = object(record.id)
        guard let layer = record.layer, !layer.isEmpty else { throw EngineError(object, "has no layer") }
        var stack = try stack(layer, object: object)
        // The container's own layer stands first; those of the image have digests.
        stack.diffIDs = try diffIDs(below: layer, object: object)
        guard driver == .overlay, !stack.lowers.isEmpty else { return stack }
        var upper = stack.lowers.removeFirst()
        let users = try IDMap(record.uidmap, object: object)
        let groups = try IDMap(record.gidmap, object: object)
        if try layers.record(layer)?.uidmap?.isEmpty ?? true, !engine.configuration.hasMountProgram {
            // The kernel shows the image's layers shifted; what the container writes has the host's numbers.
            upper.users = users.within(owner.users)
            upper.groups = groups.within(owner.groups)
        }
        stack.upper = upper
        stack.work = upper.path.removingLastComponent().appending("work")
        return stack
    }

    /// The directory that a container was made of instead of an image.
    private func namedRoot(of record: ContainerRecord) throws(EngineError) -> EngineLayers {
        let object = object(record.id)
        guard let root = absolutePath(try runtimeConfiguration(record.id)?.root?.path) else {
            throw EngineError(
                object, "is made of a directory (--rootfs), which is written down when it first runs: start it")
        }
        return EngineLayers(lowers: [
            EngineLayers.Directory(
                root, users: try IDMap(record.uidmap, object: object).within(owner.users),
                groups: try IDMap(record.gidmap, object: object).within(owner.groups))
        ])
    }

    private func diffIDs(below layer: String, object: String) throws(EngineError) -> [DiffID]? {
        let known = try layers.chain(layer, object: object).dropFirst().map(\.diffID)
        let digests = known.compactMap { $0 }
        return digests.count == known.count ? digests.reversed() : nil
    }

    /// The state of a container; unknown where the files that tell it cannot be read.
    private func status(_ id: String) -> EngineStatus {
        do throws(EngineError) {
            return try knownStatus(id)
        } catch {
            return EngineStatus(.unknown)
        }
    }

    /// The state of a container, from what conmon wrote when it started it.
    private func knownStatus(_ id: String) throws(EngineError) -> EngineStatus {
        let place = "\(driver)-containers/\(id)/userdata"
        guard let run = try runFolder(), try run.hasDirectory(place) else {
            return EngineStatus(try wasStarted(place) ? .stopped : .created)
        }
        let monitor = try run.number("\(place)/conmon.pid")
        guard let process = try run.number("\(place)/pidfile") else {
            // A monitor without a process: it could not be started.
            if monitor != nil { return EngineStatus(.created) }
            return EngineStatus(try wasStarted(place) ? .stopped : .created)
        }
        guard let found = ProcessFile.stat(process),
            found.parent == monitor || ProcessFile.isIn(process, controlGroupOf: id),
            // A user's record can name the process of anybody.
            let user = ProcessTable.owner(of: process), owner.users.container(of: user) != nil
        else { return EngineStatus(.stopped) }
        return EngineStatus(ProcessFile.isFrozen(process) ? .paused : .running, process: process)
    }

    /// Whether the container ever came so far that its runtime's configuration was written.
    private func wasStarted(_ place: String) throws(EngineError) -> Bool {
        // CRI-O has it in both places.
        for folder in [folders.first, try runFolder()] {
            if try folder?.fileType("\(place)/config.json") == S_IFREG { return true }
        }
        return false
    }

    func runtimeConfiguration(_ id: String) throws(EngineError) -> RuntimeConfiguration? {
        let file = "\(driver)-containers/\(id)/userdata/config.json"
        if let found = try folders[0].document(RuntimeConfiguration.self, file, limit: EngineLimit.record) {
            return found
        }
        return try runFolder()?.document(RuntimeConfiguration.self, file, limit: EngineLimit.record)
    }

    /// The volumes and bind mounts of a container that was started at least once.
    private func mounts(of id: String) throws(EngineError) -> [EngineMount] {
        guard let configuration = try runtimeConfiguration(id) else { return [] }
        let run = engine.configuration.runRoots
        // Below these lie the engine's own files for the container: hosts, hostname, shm, secrets.
        let own = ([engine.storage] + run).map { $0.appending("\(driver)-containers") }
        return try configuration.userMounts(object: object(id), own: own, volumes: engine.storage.appending("volumes"))
    }
}

/// What is needed of buildah's notes about a container.
private struct BuildahNotes: Decodable {
    var image: String?
}
