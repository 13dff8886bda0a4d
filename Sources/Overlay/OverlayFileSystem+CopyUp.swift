// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Glibc
import LinuxIO
import SystemPackage

// MARK: - Directories

extension OverlayFileSystem {
    /// The upper, where there is one.
    func writableUpper() throws(Errno) -> UpperLayer {
        guard let upper else { throw .readOnlyFileSystem }
        return upper
    }

    /// The upper's directory for a merged one, made with all above it where it is missing.
    ///
    /// The caller holds the lock of changes.
    /// - Throws: `.noSuchFileOrDirectory` for a directory that was removed.
    func upperDirectory(of number: FileNumber, _ upper: UpperLayer) throws(Errno) -> DiskDirectory {
        var missing: [OverlayNode] = []
        var next = try directoryNode(number)
        while true {
            if next.isRemoved { throw .noSuchFileOrDirectory }
            if let top = next.stack.first, top.layer == 0, case .disk(var directory) = top.kind {
                for node in missing.reversed() { directory = try copyUp(directory: node, into: directory, upper) }
                return directory
            }
            missing.append(next)
            guard let parent = next.parent, parent != next.number else { throw .ioError }
            next = try directoryNode(parent)
        }
    }

    /// Makes a directory of the upper with what a lower one's attributes are.
    private func copyUp(
        directory node: OverlayNode, into parent: DiskDirectory, _ upper: UpperLayer
    ) throws(Errno) -> DiskDirectory {
        guard case .directory(_, let name) = node.key else { throw .notDirectory }
        let status = try core.status(of: node.place)
        let target = try core.directories.descriptor(of: parent)
        let times = try target.status()
        let spare = upper.temporaryName()
        try upper.temporary.makeEntryDirectory(spare, mode: 0o700)
        do throws(Errno) {
            try copyAttributes(of: node.place, status, to: spare, in: upper.temporary, upper)
            try upper.temporary.renameEntry(spare, to: target, as: name, flags: .noReplace)
        } catch {
            upper.removeRemains(spare)
            throw error
        }
        restoreTimes(times, of: target)
        let made = try target.entryStatus(name)
        let identity = FileIdentity(device: UInt64(made.st_dev), inode: UInt64(made.st_ino))
        let directory = core.directories.shared(name, in: parent, identity)
        let top = LayerDirectory(layer: 0, kind: .disk(directory))
        nodes.update(node.number) { node in
            node.stack.insert(top, at: 0)
            node.place = top.place
            node.identity = identity
        }
        return directory
    }

    /// Copying something into a directory is no change of it.
    func restoreTimes(_ status: stat, of directory: Descriptor) {
        try? directory.setEntryTimes([], access: status.st_atim, modification: status.st_mtim)
    }
}

// MARK: - Everything else

extension OverlayFileSystem {
    /// Sees to it that the upper has a file, whatever kind it is.
    ///
    /// Bytes are copied without any lock but the file's own.
    /// - Parameters:
    ///   - size: how many bytes are needed; nil for all.
    ///   - needsBytes: whether bytes are needed at all.
    func copyUp(_ number: FileNumber, size: UInt64? = nil, needsBytes: Bool = true) throws(Errno) {
        let upper = try writableUpper()
        let node = try nodes.node(number)
        if node.type == .directory {
            try upper.changes.hold { () throws(Errno) in _ = try upperDirectory(of: number, upper) }
            return
        }
        try node.pending?.finish()
        guard !node.isUpper || node.data != nil && needsBytes else { return }
        try upper.copies.hold(number) { () throws(Errno) in
            let node = try nodes.node(number)
            if node.isUpper { return try fill(node, size, upper) }
            let status = try core.status(of: node.place)
            switch node.type {
            case .regular:
                let isBare =
                    !needsBytes && status.size >= upper.settings.bareSize ?? .max
                    && node.copyName == nil && node.data == nil && !node.isRemoved
                try copyUp(file: node, status, isBare ? 0 : size, isBare: isBare, upper)
            default: try copyUp(special: node, status, upper)
            }
        }
    }

    /// - Parameter isBare: whether the copy gets the mark of a file whose bytes are below.
    private func copyUp(
        file node: OverlayNode, _ status: LayerStatus, _ size: UInt64?, isBare: Bool, _ upper: UpperLayer
    ) throws(Errno) {
        let source = try core.open(node.data ?? node.place)
        do throws(Errno) {
            let copy = try upper.temporary.openTemporary(mode: 0o600)
            try FileCopy.copy(source, to: copy, size: min(size ?? status.size, status.size), of: status.size)
            try copyAttributes(of: node.place, status, to: [], in: copy, upper)
            if isBare {
                try upper.mark("metacopy", [], [], in: copy)
            } else if status.size > 0 {
                try copy.synchronize()
            }
            try place([], in: copy, as: node.number, data: isBare ? node.place : nil, upper)
        } catch .notSupported {
            let spare = upper.temporaryName()
            let copy = try upper.temporary.openEntry(spare, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
            defer { try? upper.temporary.removeEntry(spare) }
            try FileCopy.copy(source, to: copy, size: min(size ?? status.size, status.size), of: status.size)
            try copyAttributes(of: node.place, status, to: spare, in: upper.temporary, upper)
            if isBare {
                try upper.mark("metacopy", [], spare, in: upper.temporary)
            } else if status.size > 0 {
                try copy.synchronize()
            }
            try place(spare, in: upper.temporary, as: node.number, data: isBare ? node.place : nil, upper)
        }
    }

    private func copyUp(special node: OverlayNode, _ status: LayerStatus, _ upper: UpperLayer) throws(Errno) {
        let spare = upper.temporaryName()
        let target = status.type == .symbolicLink ? try core.target(of: node.place) : nil
        try make(spare, in: upper.temporary, status.type, mode: 0o600, status.device, target, upper)
        defer { try? upper.temporary.removeEntry(spare) }
        try copyAttributes(of: node.place, status, to: spare, in: upper.temporary, upper)
        try place(spare, in: upper.temporary, as: node.number, upper)
    }

    /// Gives a finished copy the name of the file that it is a copy of.
    ///
    /// - Parameter data: where its bytes are, if not in the copy.
    func place(
        _ name: [UInt8], in directory: Descriptor, as number: FileNumber, data: LayerPlace? = nil, _ upper: UpperLayer
    ) throws(Errno) {
        try upper.changes.hold { () throws(Errno) in
            let node = try nodes.node(number)
            let made = try directory.entryStatus(name)
            let identity = FileIdentity(device: UInt64(made.st_dev), inode: UInt64(made.st_ino))
            core.plainFiles?.remove(identity)
            var place: LayerPlace?
            // The last one first: it is most likely the one that is written to, and the only one that the kernel would
            // give the copy.
            for known in node.names.reversed() where place == nil {
                guard !node.isRemoved, let parent = try? upperDirectory(of: known.parent, upper) else { continue }
                let target = try core.directories.descriptor(of: parent)
                let times = try target.status()
                try directory.linkEntry(name, to: target, as: known.name)
                restoreTimes(times, of: target)
                if let copyName = node.copyName {
                    try upper.addCopy(copyName, of: known.name, in: target)
                    let lost = Int64(upper.removedNames(of: copyName))
                    let shown = Int64(try core.status(of: node.place).linkCount) - lost
                    try upper.setLinkDifference(Int32(clamping: shown - 2), of: known.name, in: target)
                    try upper.forgetRemoved(copyName)
                }
                place = LayerPlace(layer: 0, kind: .disk(parent, known.name))
            }
            // Nobody will look for a file without a name: it lives as long as it is used.
            let kept: LayerPlace
            if let place {
                kept = place
            } else {
                kept = LayerPlace(layer: 0, kind: .open(try directory.openEntry(name, O_RDWR)))
            }
            nodes.update(number) { node in
                node.place = kept
                node.identity = identity
                node.data = data
                node.key = .file(layer: 0, identity)
            }
        }
    }

    /// Brings the bytes of an upper file that so far has nothing but its attributes, from the layer below.
    private func fill(_ node: OverlayNode, _ size: UInt64?, _ upper: UpperLayer) throws(Errno) {
        guard let data = node.data else { return }
        let source = try core.open(data)
        let status = try core.status(of: node.place)
        let (directory, name) = try core.reach(node.place)
        let file = try directory.openEntry(name, O_RDWR)
        // A crash before the mark goes leaves the file as it was.
        try FileCopy.copy(source, to: file, size: min(size ?? status.size, status.size), of: status.size)
        try file.synchronize()
        for mark in ["metacopy", "redirect"] {
            do throws(Errno) {
                try directory.removeEntryXattr(upper.prefix + Array(mark.utf8), of: name)
            } catch .noData {}
        }
        try directory.setEntryTimes(
            name, access: timespec(status.accessTime), modification: timespec(status.modificationTime))
        nodes.update(node.number) { $0.data = nil }
    }
}

extension timespec {
    init(_ time: Timestamp) { self.init(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds)) }
}
