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
            lost.anchor = isInUpper ? try directory.openEntryPath(name) : nil
            lost.nodes = nodes
            lost.name = OverlayNode.Name(parent: parent, name: name)
            lost.isLast = file.status.linkCount <= 1
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
    var isLast = false
    var copy: (upper: UpperLayer, place: LayerPlace, name: [UInt8], core: OverlayCore)?
    var isCopyUnused = false
    /// What counts the names that a lower file without a copy has lost.
    var counted: (upper: UpperLayer, name: [UInt8])?

    /// Takes note that the name is lost.
    func finish() throws(Errno) {
        if let copy {
            let (directory, name) = try copy.core.reach(copy.place)
            let now = try copy.core.status(of: copy.place)
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
            } else {
                if isLast { node.isRemoved = true }
            }
        }
        if isLast { nodes.removeKey(of: number) }
    }
}
