// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OCI
import SystemPackage

/// The short names that podman and Docker give their layers, so that many of them fit into the kernel's options: symbolic
/// links `l/NAME` to `../IDENTIFIER/diff`.
struct OverlayLinks {
    private let folders: [StorageFolder]
    private let directory: String

    /// Names the directories to look into, in turn, and the one in each that has the layers and `l`.
    init(_ folders: StorageFolder..., directory: String) {
        self.folders = folders
        self.directory = directory
    }

    /// Names the directories to look into, in turn, and the one in each that has the layers and `l`.
    init(_ folders: [StorageFolder], directory: String) {
        self.folders = folders
        self.directory = directory
    }

    /// The names in the text of a file `lower`: `l/NAME:l/NAME`, the topmost first.
    func names(_ text: String, object: String) throws(EngineError) -> [String] {
        var names: [String] = []
        for part in text.split(separator: ":") {
            let name = String(part.dropFirst(2))
            guard part.hasPrefix("l/"), isIdentifier(name) else {
                throw EngineError(object, "its file lower names \(String(part).printable), no layer's link")
            }
            names.append(name)
        }
        return names
    }

    /// The identifier of the layer that a name stands for.
    func target(_ name: String) throws(EngineError) -> String {
        for folder in folders {
            let object = "\(folder.name): \(directory)/l/\(name)"
            let target: [UInt8]
            do throws(Errno) {
                let links = try folder.descriptor.openBeneath("\(directory)/l", O_RDONLY | O_DIRECTORY)
                target = try links.entryTarget(Array(name.utf8))
            } catch .noSuchFileOrDirectory {
                continue
            } catch {
                throw EngineError(object, reading: error)
            }
            let text = String(decoding: target, as: UTF8.self)
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, parts[0] == "..", parts[2] == "diff", isIdentifier(parts[1]) else {
                throw EngineError(object, "leads to \(text.printable), not to a layer")
            }
            return parts[1]
        }
        throw EngineError("\(folders.first?.name ?? ""): \(directory)/l/\(name)", "the link to a layer is missing")
    }
}
