// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import Glibc
import LinuxIO
import OCI
import Synchronization
import SystemPackage

/// What one driver keeps in a containers/storage and in the storages of images that it also looks into.
struct StorageContents: Sendable {
    let engine: ContainersStorage
    let driver: StorageDriver
    /// The storage itself, then the ones it only reads images of.
    let folders: [StorageFolder]
    /// Which user of the host stands for which of the storage's: of a plain user's storage its user namespace.
    let owner: StorageOwner
    let layers: LayerTable

    init(_ engine: ContainersStorage, driver: StorageDriver) throws(EngineError) {
        self.engine = engine
        self.driver = driver
        var folders = [try StorageFolder(engine.storage, name: engine.name)]
        let isOthers = engine.surroundings.isOfAnother
        if isOthers, try !folders[0].isOwned(by: engine.surroundings.user, orOpenOfRoot: false) {
            throw EngineError(
                engine.name, "does not belong to user \(engine.surroundings.user), whose configuration names it",
                isPermission: true)
        }
        for path in engine.configuration.additionalStores.prefix(64) where fileExists(path) {
            let folder = try StorageFolder(path, name: "\(engine.kind.rawValue) \(path.printable)")
            // Root would read for a user what the user may not.
            if isOthers, try !folder.isOwned(by: engine.surroundings.user, orOpenOfRoot: true) { continue }
            folders.append(folder)
        }
        self.folders = folders
        owner = try StorageOwner(of: folders[0], engine)
        layers = LayerTable(
            folders, file: driver.rawValue + "-layers", runRoots: engine.configuration.runRoots, owner: owner.user)
    }

    /// The records of all containers; damaged ones are reported.
    func containers(_ problems: inout [EngineError]) throws(EngineError) -> [ContainerRecord] {
        var records: [ContainerRecord] = []
        for (folder, file) in try lists(driver.rawValue + "-containers", "containers.json") {
            guard let list = try folder.document(Tolerant<ContainerRecord>.self, file, limit: EngineLimit.list) else {
                continue
            }
            if list.damaged > 0 {
                problems.append(EngineError("\(folder.name): \(file)", "has \(list.damaged) damaged records"))
            }
            records += list.elements
        }
        return records
    }

    /// The records of all images, each with the storage it is in; damaged ones are reported.
    func images(_ problems: inout [EngineError]) throws(EngineError) -> [(ImageRecord, StorageFolder)] {
        var records: [(ImageRecord, StorageFolder)] = []
        for folder in folders {
            let file = driver.rawValue + "-images/images.json"
            guard let list = try folder.document(Tolerant<ImageRecord>.self, file, limit: EngineLimit.list) else {
                continue
            }
            if list.damaged > 0 {
                problems.append(EngineError("\(folder.name): \(file)", "has \(list.damaged) damaged records"))
            }
            records += list.elements.map { ($0, folder) }
        }
        return records
    }

    /// Where a list may be: what stays, what need not, and what is gone with the machine's restart.
    private func lists(_ directory: String, _ file: String) throws(EngineError) -> [(StorageFolder, String)] {
        let main = folders[0]
        var places = [(main, "\(directory)/\(file)"), (main, "\(directory)/volatile-\(file)")]
        if let run = try runFolder() { places.append((run, "\(directory)/volatile-\(file)")) }
        return places
    }

    /// The directory of what a restart ends; nil where there is none.
    func runFolder() throws(EngineError) -> StorageFolder? {
        for path in engine.configuration.runRoots {
            let name = "\(engine.kind.rawValue) \(path.printable)"
            if let folder = try StorageFolder(path, name: name, ownedBy: owner.user) { return folder }
        }
        return nil
    }
}

/// The layers of a storage by their identifiers, read when first needed and again where one is missing.
final class LayerTable: Sendable {
    private let folders: [StorageFolder]
    private let directory: String
    private let runRoots: [FilePath]
    private let owner: UInt32
    private let table = Mutex<[String: LayerRecord]?>(nil)

    init(_ folders: [StorageFolder], file directory: String, runRoots: [FilePath], owner: UInt32) {
        self.owner = owner
        self.folders = folders
        self.directory = directory
        self.runRoots = runRoots
    }

    /// A layer's record; nil where no list has it.
    func record(_ id: String) throws(EngineError) -> LayerRecord? {
        if let known = table.withLock({ $0?[id] }) { return known }
        // What was made since the lists were read is in them now.
        let read = try readLists()
        table.withLock { $0 = read }
        return read[id]
    }

    /// The records from a layer down to its base, the layer itself first.
    func chain(_ id: String, object: String) throws(EngineError) -> [LayerRecord] {
        var chain: [LayerRecord] = []
        var next: String? = id
        while let id = next, !id.isEmpty {
            guard chain.count < EngineLimit.depth else {
                throw EngineError(object, "has more than \(EngineLimit.depth) layers on top of each other")
            }
            guard let record = try record(id) else { throw EngineError(object, "layer \(id.printable) is missing") }
            chain.append(record)
            next = record.parent
        }
        return chain
    }

    private func readLists() throws(EngineError) -> [String: LayerRecord] {
        var records: [String: LayerRecord] = [:]
        var places = folders.map { ($0, "\(directory)/layers.json") }
        places += folders.prefix(1).map { ($0, "\(directory)/volatile-layers.json") }
        for path in runRoots {
            guard let folder = try StorageFolder(path, name: path.printable, ownedBy: owner) else { continue }
            places.append((folder, "\(directory)/volatile-layers.json"))
            break
        }
        for (folder, file) in places {
            let list = try folder.document(Tolerant<LayerRecord>.self, file, limit: EngineLimit.list)
            for record in list?.elements ?? [] where records[record.id] == nil { records[record.id] = record }
        }
        return records
    }
}
