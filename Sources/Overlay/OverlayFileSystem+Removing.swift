// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
package import SystemPackage

extension OverlayFileSystem {
    package func unlink(_ name: [UInt8], in directory: FileNumber) throws(Errno) {
        let upper = try writableUpper()
        try upper.changing { () throws(Errno) in
            let parent = try directoryNode(directory)
            if try unlinkPlain(name, in: parent, upper) { return }
            guard let file = try find(name, in: parent) else { throw .noSuchFileOrDirectory }
            guard file.stack.isEmpty else { throw .isDirectory }
            let target = try core.directories.descriptor(of: upperDirectory(of: directory, upper))
            let isInUpper = try has(name, in: target)
            let hides = try lowerHas(name, below: try directoryNode(directory))
            try losing(file, name, in: directory, isInUpper: isInUpper, target, upper) { () throws(Errno) in
                if isInUpper, hides {
                    try upper.replaceByWhiteout(name, in: target, isDirectory: false)
                } else if isInUpper {
                    try target.removeEntry(name)
                } else {
                    try upper.makeWhiteout(name, in: target)
                }
            }
        }
    }

    package func removeDirectory(_ name: [UInt8], in directory: FileNumber) throws(Errno) {
        let upper = try writableUpper()
        try upper.changing { () throws(Errno) in
            let parent = try directoryNode(directory)
            if try removePlain(name, in: parent) { return }
            guard let file = try find(name, in: parent) else { throw .noSuchFileOrDirectory }
            guard !file.stack.isEmpty else { throw .notDirectory }
            guard try core.list(file.stack).isEmpty else { throw .directoryNotEmpty }
            let target = try core.directories.descriptor(of: upperDirectory(of: directory, upper))
            let isInUpper = file.stack[0].layer == 0
            if try lowerHas(name, below: try directoryNode(directory)) {
                if isInUpper {
                    try upper.replaceByWhiteout(name, in: target, isDirectory: true)
                } else {
                    try upper.makeWhiteout(name, in: target)
                }
            } else {
                try removeUpperDirectory(name, in: target, upper)
            }
            forget(directory: file, name, in: directory)
        }
    }

    /// The upper's part of a directory that no other layer has, where names mean what they are.
    private func plainDirectory(_ node: OverlayNode) -> DiskDirectory? {
        guard node.stack.count == 1, let top = node.stack.first, top.layer == 0, !top.mayMarkWhiteouts,
            !node.isRemoved, case .disk(let disk) = top.kind
        else { return nil }
        return disk
    }

    /// Removes a file that nothing but the upper can have; false where a closer look is needed.
    private func unlinkPlain(_ name: [UInt8], in parent: OverlayNode, _ upper: UpperLayer) throws(Errno) -> Bool {
        guard let disk = plainDirectory(parent) else { return false }
        if core.usesDotNames, try core.mayHaveDotNames(disk) { return false }
        let target = try core.directories.descriptor(of: disk)
        guard let now = try? target.entryStatus(name) else { return false }  // The closer look tells.
        let place = LayerPlace(layer: 0, kind: .disk(disk, name))
        var file = OverlayFile(status: try core.status(now, of: name, in: target, layer: 0), place: place)
        guard file.status.type != .directory, !file.status.isWhiteoutDevice else { return false }
        file.status.linkCount = try upper.shownLinkCount(file.status, of: place, core)
        try losing(file, name, in: parent.number, isInUpper: true, target, upper) { () throws(Errno) in
            try target.removeEntry(name)
        }
        return true
    }

    /// Removes an empty directory that nothing but the upper has; false where a closer look is needed.
    private func removePlain(_ name: [UInt8], in parent: OverlayNode) throws(Errno) -> Bool {
        guard let disk = plainDirectory(parent), let node = nodes.directory(name, in: parent.number),
            let inner = plainDirectory(node),
            // The closer look tells.
            (try? core.directories.descriptor(of: disk).removeEntry(name, isDirectory: true)) != nil
        else { return false }
        core.directories.removed(inner)
        nodes.removeKey(of: node.number)
        nodes.update(node.number) { $0.isRemoved = true }
        return true
    }

    /// Whether a layer below the upper shows something for a name.
    func lowerHas(_ name: [UInt8], below directory: OverlayNode) throws(Errno) -> Bool {
        guard let first = directory.stack.firstIndex(where: { $0.layer > 0 }) else { return false }
        do throws(Errno) {
            return try core.find(name, in: directory.stack, from: first) != nil
        } catch .ioError {
            // Something is there, though it cannot be read.
            return true
        }
    }

    /// Removes a directory of the upper that is empty but for whiteouts.
    func removeUpperDirectory(_ name: [UInt8], in directory: Descriptor, _ upper: UpperLayer) throws(Errno) {
        do throws(Errno) {
            try directory.removeEntry(name, isDirectory: true)
        } catch {
            guard error == .directoryNotEmpty || error == .fileExists else { throw error }
            let spare = upper.temporaryName()
            try directory.renameEntry(name, to: upper.temporary, as: spare)
            upper.removeRemains(spare)
        }
    }

    /// Takes note that a directory is gone; who still is in it sees an empty one without names.
    func forget(directory file: OverlayFile, _ name: [UInt8], in parent: FileNumber) {
        if let top = file.stack.first, top.layer == 0, case .disk(let disk) = top.kind {
            core.directories.removed(disk)
        }
        guard let number = nodes.known(file, name, in: parent) else { return }
        nodes.removeKey(of: number)
        nodes.update(number) { $0.isRemoved = true }
    }
}
