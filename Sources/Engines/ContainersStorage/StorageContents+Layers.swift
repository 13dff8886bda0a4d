// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import Glibc
import LinuxIO
import OCI
import SystemPackage

extension StorageContents {
    /// The directories of a layer and of all below it, the topmost first.
    func stack(_ id: String, object: String) throws(EngineError) -> EngineLayers {
        guard driver == .overlay else { return try copy(id, object: object) }
        var lowers = try directories(of: id, object: object)
        for layer in try below(id, object: object) {
            lowers += try directories(of: layer, object: object)
            guard lowers.count <= EngineLimit.depth else {
                throw EngineError(object, "has more than \(EngineLimit.depth) layers on top of each other")
            }
        }
        return EngineLayers(lowers: lowers, usesUserXattrs: owner.isRootless)
    }

    /// The one directory of the vfs driver, which holds everything.
    private func copy(_ id: String, object: String) throws(EngineError) -> EngineLayers {
        guard let record = try layers.record(id) else {
            throw EngineError(object, "layer \(id.printable) is missing")
        }
        for folder in folders where isIdentifier(id) {
            let place = "vfs/dir/\(id)"
            guard try folder.hasDirectory(place) else { continue }
            return EngineLayers(lowers: [try directory(place, in: folder, record, object: object)])
        }
        throw EngineError(object, "the directory of layer \(id.printable) is missing")
    }

    /// A layer's directories: its own, and behind it those from before its files' owners were changed.
    private func directories(of id: String, object: String) throws(EngineError) -> [EngineLayers.Directory] {
        guard isIdentifier(id) else {
            throw EngineError(object, "layer \(id.printable) has an identifier that cannot be")
        }
        guard let record = try layers.record(id) else { throw EngineError(object, "layer \(id) is missing") }
        for folder in folders where try folder.hasDirectory("overlay/\(id)") {
            guard try folder.hasDirectory("overlay/\(id)/diff") else { break }
            if try folder.fileType("overlay/\(id)/composefs-data") != nil {
                throw EngineError(object, "layer \(id) is kept as composefs, which cannot be read in place")
            }
            var found = [try directory("overlay/\(id)/diff", in: folder, record, object: object)]
            while try folder.hasDirectory("overlay/\(id)/diff\(found.count)") {
                guard found.count < EngineLimit.depth else { break }
                found.append(
                    try directory("overlay/\(id)/diff\(found.count)", in: folder, record, object: object))
            }
            return found
        }
        throw EngineError(object, "the directory of layer \(id) is missing")
    }

    private func directory(
        _ place: String, in folder: StorageFolder, _ record: LayerRecord, object: String
    ) throws(EngineError) -> EngineLayers.Directory {
        var directory = EngineLayers.Directory(
            folder.path.appending(place), anchor: folder.path,
            users: try IDMap(record.uidmap, object: object).within(owner.users),
            groups: try IDMap(record.gidmap, object: object).within(owner.groups), diffID: record.diffID)
        // The path may come to lead to what is not the user's.
        if engine.surroundings.isOfAnother, folder.path == folders[0].path { directory.owner = owner.user }
        return directory
    }

    /// The layers below a layer, as its file `lower` lists them for the kernel; where it has none, its ancestors.
    private func below(_ id: String, object: String) throws(EngineError) -> [String] {
        let links = OverlayLinks(folders, directory: "overlay")
        for folder in folders {
            guard let text = try folder.line("overlay/\(id)/lower"), !text.isEmpty else { continue }
            var ids: [String] = []
            for name in try links.names(text, object: object) { ids.append(try links.target(name)) }
            return ids
        }
        return try layers.chain(id, object: object).dropFirst().map(\.id)
    }

    /// A layer's files and the record of its tar.
    func unpacked(_ layer: LayerRecord, object: String) throws(EngineError) -> UnpackedLayer {
        let isOverlay = driver == .overlay
        let own = try isOverlay ? directories(of: layer.id, object: object) : copy(layer.id, object: object).lowers
        for folder in folders where isIdentifier(layer.id) {
            let place = "\(driver.rawValue)-layers/\(layer.id).tar-split.gz"
            guard let file = try folder.openFile(place) else { continue }
            return UnpackedLayer(directories: own, record: file, diffID: layer.diffID)
        }
        throw EngineError(
            object, "layer \(layer.id.printable) has no record of its tar, so that its bytes cannot be told")
    }
}
