// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import FileTree
import Glibc
import LinuxIO
package import SystemPackage

extension OverlayFileSystem {
    package func unlink(_ name: [UInt8], in directory: FileNumber) throws(Errno) {
        let upper = try writableUpper()
        try upper.changes.hold { () throws(Errno) in
            let parent = try directoryNode(directory)
            if try unlinkPlain(name, in: parent, upper) { return }
            guard let file = try find(name, in: parent) else { throw .noSuchFileOrDirectory }
            guard file.stack.isEmpty else { throw .isDirectory }
            let target = try core.directories.descriptor(of: upperDirectory(of: directory, upper))
            let isInUpper = try has(name, in: target)
            let hides = try lowerHas(name, below: try directoryNode(directory))
            let lost = try losing(file, name, in: directory, isInUpper: isInUpper, target, upper)
            if isInUpper, hides {
                try upper.replaceByWhiteout(name, in: target, isDirectory: false)
            } else if isInUpper {
                try target.removeEntry(name)
            } else {
                try upper.makeWhiteout(name, in: target)
            }
            try lost.finish()
        }
    }

    package func removeDirectory(_ name: [UInt8], in directory: FileNumber) throws(Errno) {
        let upper = try writableUpper()
        try upper.changes.hold { () throws(Errno) in
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
        guard let now = try? target.entryStatus(name) else { return false }
        let place = LayerPlace(layer: 0, kind: .disk(disk, name))
        var file = OverlayFile(status: try core.status(now, of: name, in: target, layer: 0), place: place)
        guard file.status.type != .directory, !file.status.isWhiteoutDevice else { return false }
        file.status.linkCount = try upper.shownLinkCount(file.status, of: place, core)
        let lost = try losing(file, name, in: parent.number, isInUpper: true, target, upper)
        try target.removeEntry(name)
        try lost.finish()
        return true
    }

    /// Removes an empty directory that nothing but the upper has; false where a closer look is needed.
    private func removePlain(_ name: [UInt8], in parent: OverlayNode) throws(Errno) -> Bool {
        guard let disk = plainDirectory(parent), let node = nodes.directory(name, in: parent.number),
            let inner = plainDirectory(node),
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

    /// Prepares for the loss of a file's name: who has the file open keeps it.
    ///
    /// - Parameters:
    ///   - isInUpper: whether the name is one of the upper.
    ///   - directory: the upper's directory.
    func losing(
        _ file: OverlayFile, _ name: [UInt8], in parent: FileNumber, isInUpper: Bool, _ directory: Descriptor,
        _ upper: UpperLayer
    ) throws(Errno) -> LostName {
        var lost = LostName()
        if let number = nodes.known(file, name, in: parent) {
            lost.number = number
            lost.nodes = nodes
            lost.name = OverlayNode.Name(parent: parent, name: name)
            lost.isLast = file.status.linkCount <= 1
            if isInUpper, lost.isLast, try nodes.node(number).openCount == 0 {
                lost.status = file.status
            } else if isInUpper {
                lost.anchor = try directory.openEntryPath(name)
            }
        }
        // A name of a lower file whose bytes are the copy's: the copy's count goes down by an attribute alone.
        if let copyName = file.copyName, file.place.layer == 0, !isInUpper, case .disk = file.place.kind {
            lost.copy = (upper, file.place, copyName, core)
        } else if let copyName = file.copyName, file.place.layer > 0 {
            lost.counted = (upper, copyName)
        } else if isInUpper, file.status.linkCount <= 1, let copyName = upper.copyName(of: file.status.identity),
            let place = upper.copy(called: copyName)
        {
            lost.copy = (upper, place, copyName, core)
            lost.isCopyUnused = true
        }
        return lost
    }
}

/// A name that a file is about to lose.
struct LostName {
    var number: FileNumber?
    var nodes: OverlayNodes?
    var name: OverlayNode.Name?
    /// The file itself, if it is one of the upper.
    var anchor: Descriptor?
    /// What was known of a file that nobody has open, and that loses its last name.
    var status: LayerStatus?
    var isLast = false
    var copy: (upper: UpperLayer, place: LayerPlace, name: [UInt8], core: OverlayCore)?
    var isCopyUnused = false
    /// What counts the names that a lower file without a copy has lost.
    var counted: (upper: UpperLayer, name: [UInt8])?

    /// Takes note that the name is lost.
    func finish() throws(Errno) {
        if let copy {
            let (directory, name) = try copy.core.reach(copy.place)
            var now = try copy.core.status(of: copy.place)
            now.linkCount = try copy.upper.shownLinkCount(now, of: copy.place, copy.core)
            if isCopyUnused || now.linkCount <= 1 {
                try copy.upper.removeCopy(copy.name)
            } else {
                let real = try directory.entryStatus(name).st_nlink
                let difference = Int64(now.linkCount) - 1 - Int64(real)
                try copy.upper.setLinkDifference(Int32(clamping: difference), of: name, in: directory)
            }
        }
        // The name is gone already; a count that cannot be written down is right until the mount ends.
        if let counted { try? counted.upper.countRemoved(counted.name) }
        guard let number, let nodes, let name else { return }
        nodes.update(number) { node in
            node.names.removeAll { $0 == name }
            if node.isUpper {
                if isLast { node.isRemoved = true }
                // The place may be of this name.
                if let anchor { node.place = LayerPlace(layer: 0, kind: .open(anchor)) }
                if let status { node.place = LayerPlace(layer: 0, kind: .gone(LayerPlace.LastStatus(status))) }
            } else {
                if isLast { node.isRemoved = true }
            }
        }
        if isLast { nodes.removeKey(of: number) }
    }
}
