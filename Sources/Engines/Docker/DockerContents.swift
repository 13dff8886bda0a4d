// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import Glibc
import LinuxIO
import OCI
import SystemPackage

/// What a Docker data root holds.
struct DockerContents: Sendable {
    private let engine: DockerStorage
    private let folder: StorageFolder
    private let users: IDMap
    private let groups: IDMap

    init(_ engine: DockerStorage, maps: (users: IDMap, groups: IDMap)) throws(EngineError) {
        self.engine = engine
        (users, groups) = maps
        folder = try StorageFolder(engine.storage, name: engine.name)
    }

    /// The names in a directory; none where there is none.
    func names(in directory: String) throws(EngineError) -> [String] {
        do throws(Errno) {
            let names = try folder.descriptor.openBeneath(directory, O_RDONLY | O_DIRECTORY).entryNames()
            guard names.count <= EngineLimit.count else { throw Errno.fileTooLarge }
            return names.map { String(decoding: $0, as: UTF8.self) }.sorted()
        } catch .noSuchFileOrDirectory {
            return []
        } catch .fileTooLarge {
            throw EngineError("\(engine.name): \(directory)", "has more than \(EngineLimit.count) entries")
        } catch {
            throw EngineError("\(engine.name): \(directory)", reading: error)
        }
    }

    /// The names of the images by their identifiers without the algorithm; names with digests come last.
    func repositoryNames() throws(EngineError) -> [String: [String]] {
        let file = "image/overlay2/repositories.json"
        let list = try folder.document(DockerRepositories.self, file, limit: EngineLimit.list)
        var names: [String: [String]] = [:]
        for (name, id) in (list?.repositories ?? [:]).values.flatMap({ $0 }) where id.hasPrefix("sha256:") {
            names[String(id.dropFirst(7)), default: []].append(name)
        }
        return names.mapValues { $0.sorted { ($0.contains("@") ? 1 : 0, $0) < ($1.contains("@") ? 1 : 0, $1) } }
    }

    private func object(_ id: String) -> String { "\(engine.name): container \(id.prefix(12))" }

    private func record(_ id: String) throws(EngineError) -> DockerContainerRecord? {
        try folder.document(DockerContainerRecord.self, "containers/\(id)/config.v2.json", limit: EngineLimit.record)
    }

    /// A container; nil where it was removed meanwhile.
    ///
    /// - Parameter id: 64 hexadecimal digits.
    func container(_ id: String) throws(EngineError) -> EngineContainer? {
        guard let record = try record(id) else {
            guard try folder.hasDirectory("containers/\(id)") else { return nil }
            throw EngineError(object(id), "has no config.v2.json")
        }
        let text = { (text: String?) in text.flatMap { $0.isEmpty ? nil : $0 } }
        let name = text(record.name).map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 }
        let image = text(record.image).map { $0.hasPrefix("sha256:") ? String($0.dropFirst(7)) : $0 }
        return EngineContainer(
            engine: .docker, storage: engine.storage, maker: "docker", namespace: nil, id: id,
            names: [name].compactMap { $0 }, imageName: text(record.config?.image), imageID: image,
            created: record.created, mountLabel: text(record.mountLabel), processLabel: text(record.processLabel),
            readStatus: { status(id) },
            readLayers: { () throws(EngineError) in try layers(ofContainer: id, driver: record.driver) },
            readMounts: { () throws(EngineError) in try mounts(record, object: object(id)) },
            readDetails: { () throws(EngineError) in record.details })
    }

    /// The state of a container as the daemon last wrote it, if the process that it names is the container's.
    private func status(_ id: String) -> EngineStatus {
        // What cannot be read is not known.
        guard let record = try? record(id), let state = record.state else { return EngineStatus(.unknown) }
        if state.running == true, let process = state.pid.flatMap({ Int32(exactly: $0) }), process > 0,
            ProcessFile.stat(process) != nil,
            ProcessFile.isIn(process, controlGroupOf: id) || isRoot(of: process, id, driver: record.driver)
        {
            let isPaused = state.paused == true || ProcessFile.isFrozen(process)
            return EngineStatus(isPaused ? .paused : .running, process: process)
        }
        // Go's zero time: no process was ever started.
        let wasStarted = state.startedAt.map { !$0.isEmpty && !$0.hasPrefix("0001-01-01") } ?? false
        return EngineStatus(wasStarted ? .stopped : .created)
    }

    /// Whether the root directory of a process is the container's overlay; false where either cannot be told.
    private func isRoot(of process: Int32, _ id: String, driver: String?) -> Bool {
        // A process without an overlay, and layers that cannot be read, are not the same nothing.
        guard let upper = ProcessFile.rootUpper(process),
            let layers = try? layers(ofContainer: id, driver: driver)  // It is not known to be the container's.
        else { return false }
        return layers.upper?.path == upper
    }

    private func mounts(_ record: DockerContainerRecord, object: String) throws(EngineError) -> [EngineMount] {
        var result: [EngineMount] = []
        for (_, point) in (record.mountPoints ?? [:]).sorted(by: { $0.key < $1.key }) {
            let kind = point.type.flatMap { EngineMount.Kind(rawValue: $0) } ?? .bind
            guard let destination = absolutePath(point.destination) else {
                throw EngineError(object, "a mount point has no absolute path")
            }
            let source = absolutePath(point.source)
            guard source != nil || kind != .bind else { throw EngineError(object, "a bind mount has no source") }
            result.append(
                EngineMount(
                    kind, destination: destination, source: source,
                    name: point.name.flatMap { $0.isEmpty ? nil : $0 }, isReadOnly: point.readWrite == false))
        }
        return result
    }
}

// MARK: layers

extension DockerContents {
    private func layers(ofContainer id: String, driver: String?) throws(EngineError) -> EngineLayers {
        let object = object(id)
        if let driver, driver != "overlay2" {
            throw EngineError(object, "is kept by the storage driver \(driver.printable); only overlay2 can be read")
        }
        let place = "image/overlay2/layerdb/mounts/\(id)"
        guard let top = try folder.line("\(place)/mount-id") else {
            throw EngineError(object, "\(place)/mount-id is missing")
        }
        let initial = try folder.line("\(place)/init-id")
        let parent = try folder.line("\(place)/parent")
        var diffIDs: [String: DiffID] = [:]
        let chain = try chain(parent, object: object)
        for layer in chain { diffIDs[layer.cache] = layer.diff }
        var result = try stack(top, diffIDs, object: object)
        try check(result, has: chain.count + 1, object: object)
        result.upper = result.lowers.removeFirst()
        result.work = result.upper?.path.removingLastComponent().appending("work")
        result.diffIDs = chain.reversed().map(\.diff)
        if let initial, !initial.isEmpty {
            result.initLayer =
                result.lowers.first { $0.path.removingLastComponent().lastComponent?.string == initial }?.path
        }
        return result
    }

    /// The chain of an image's layers, the topmost first: the directory of each, and its diff ID.
    private func chain(
        _ top: String?, object: String
    ) throws(EngineError) -> [ChainLayer] {
        var chain: [ChainLayer] = []
        var next = top
        while let text = next, !text.isEmpty {
            guard chain.count < EngineLimit.depth else {
                throw EngineError(object, "has more than \(EngineLimit.depth) layers on top of each other")
            }
            guard let id = try? Digest(parsing: text) else {  // Said below, with the object.
                throw EngineError(object, "names a layer \(text.printable) that cannot be")
            }
            let place = "image/overlay2/layerdb/sha256/\(id.hex)"
            guard let cache = try folder.line("\(place)/cache-id"), isIdentifier(cache) else {
                throw EngineError(object, "\(place)/cache-id is missing or damaged")
            }
            // Said below.
            guard let line = try folder.line("\(place)/diff"), let diff = try? Digest(parsing: line) else {
                throw EngineError(object, "\(place)/diff is missing or damaged")
            }
            chain.append(
                ChainLayer(
                    chainID: id, cache: cache, diff: DiffID(diff),
                    size: try folder.line("\(place)/size").flatMap { UInt64($0) }))
            next = try folder.line("\(place)/parent")
        }
        return chain
    }

    private struct ChainLayer {
        /// The name of its record: the chain ID.
        var chainID: Digest
        /// The name of its directory.
        var cache: String
        var diff: DiffID
        /// Bytes of its files.
        var size: UInt64?
    }

    /// A layer's files and the record of its tar.
    private func unpacked(_ layer: ChainLayer, object: String) throws(EngineError) -> UnpackedLayer {
        let path = "overlay2/\(layer.cache)/diff"
        guard let record = try folder.openFile("image/overlay2/layerdb/sha256/\(layer.chainID.hex)/tar-split.json.gz")
        else {
            throw EngineError(object, "layer \(layer.diff) has no record of its tar, so that its bytes cannot be told")
        }
        let directory = EngineLayers.Directory(
            folder.path.appending(path), anchor: folder.path, users: users, groups: groups, diffID: layer.diff)
        return UnpackedLayer(directories: [directory], record: record, diffID: layer.diff)
    }

    /// A layer's directory and those below it, as its file `lower` lists them.
    private func stack(
        _ id: String, _ diffIDs: [String: DiffID], object: String
    ) throws(EngineError) -> EngineLayers {
        var ids = [id]
        if isIdentifier(id), let text = try folder.line("overlay2/\(id)/lower"), !text.isEmpty {
            let links = OverlayLinks(folder, directory: "overlay2")
            for name in try links.names(text, object: object) { ids.append(try links.target(name)) }
        }
        guard ids.count <= EngineLimit.depth else {
            throw EngineError(object, "has more than \(EngineLimit.depth) layers on top of each other")
        }
        var lowers: [EngineLayers.Directory] = []
        for id in ids {
            guard isIdentifier(id), try folder.hasDirectory("overlay2/\(id)/diff") else {
                throw EngineError(object, "the directory of layer \(id.printable) is missing")
            }
            lowers.append(
                EngineLayers.Directory(
                    folder.path.appending("overlay2/\(id)/diff"), anchor: folder.path, users: users, groups: groups,
                    diffID: diffIDs[id]))
        }
        return EngineLayers(lowers: lowers, usesUserXattrs: isRootless)
    }

    /// Checks that a stack has at least so many layers: Docker removes the list of them before the rest.
    private func check(_ layers: EngineLayers, has count: Int, object: String) throws(EngineError) {
        guard layers.lowers.count >= count else {
            throw EngineError(object, "is being removed, or the list of its layers is damaged")
        }
    }

    /// Whether the daemon runs as a plain user: user 0 of its namespace is then the user, not a subordinate number.
    private var isRootless: Bool { engine.isRootless }
}

// MARK: images

extension DockerContents {
    /// An image.
    ///
    /// - Parameter id: 64 hexadecimal digits.
    func image(_ id: String, names: [String]) throws(EngineError) -> EngineImage {
        let object = "\(engine.name): image \(id.prefix(12))"
        let parsed = try configuration(id, object: object)
        let chainIDs = parsed.rootfs.diffIDs
        // A name with a digest is the only place where the manifest's is kept.
        let digest = names.lazy.compactMap { name in
            // What is no digest tells none.
            name.lastIndex(of: "@").flatMap { try? Digest(parsing: name[name.index(after: $0)...]) }
        }.first
        let top = chainIDs.isEmpty ? nil : "\(ChainID(chainIDs))"
        return EngineImage(
            engine: .docker, storage: engine.storage, namespace: nil, id: id, names: names, digest: digest,
            created: parsed.created,
            readSize: {
                guard let chain = try? chain(top, object: object) else { return nil }  // Then its size is not known.
                return chain.reduce(UInt64?(0)) { sum, layer in
                    guard let sum, let size = layer.size else { return nil }
                    let (result, overflow) = sum.addingReportingOverflow(size)
                    return overflow ? nil : result
                }
            },
            readManifest: { () throws(EngineError) in nil },
            readConfiguration: { () throws(EngineError) in try configurationBytes(id, object: object) },
            readLayers: { () throws(EngineError) in
                let chain = try chain(top, object: object)
                guard let first = chain.first else { return EngineLayers(lowers: [], diffIDs: []) }
                let diffIDs = Dictionary(chain.map { ($0.cache, $0.diff) }, uniquingKeysWith: { first, _ in first })
                var result = try stack(first.cache, diffIDs, object: object)
                try check(result, has: chain.count, object: object)
                result.diffIDs = chainIDs
                return result
            },
            readData: { () throws(EngineError) in
                var data: [EngineLayerData] = []
                for layer in try chain(top, object: object).reversed() {
                    data.append(.unpacked(try unpacked(layer, object: object)))
                }
                return data
            })
    }

    private func configurationBytes(_ id: String, object: String) throws(EngineError) -> [UInt8] {
        let file = "image/overlay2/imagedb/content/sha256/\(id)"
        guard let bytes = try folder.read(file, limit: DocumentLimit.configuration) else {
            throw EngineError(object, "is gone")
        }
        return bytes
    }

    private func configuration(_ id: String, object: String) throws(EngineError) -> ImageConfiguration {
        let bytes = try configurationBytes(id, object: object)
        do {
            return try ImageConfiguration(json: bytes, name: "\(object): configuration")
        } catch {
            throw EngineError(error)
        }
    }
}
