// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
import SystemPackage

// MARK: - Directories

extension OverlayFileSystem {
    /// The upper, where there is one; what an earlier change left is settled first, if it can be.
    func writableUpper() throws(Errno) -> UpperLayer {
        guard let upper else { throw .readOnlyFileSystem }
        upper.settle()
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
        let identity: FileIdentity
        do throws(Errno) {
            try copyAttributes(of: node.place, status, to: spare, in: upper.temporary, upper)
            identity = FileIdentity(try upper.temporary.entryStatus(spare))
            try upper.temporary.renameEntry(spare, to: target, as: name, flags: .noReplace)
        } catch {
            upper.removeRemains(spare)
            throw error
        }
        // It has its name: from here on nothing may fail.
        restoreTimes(times, of: target, upper)
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
    func restoreTimes(_ status: stat, of directory: Descriptor, _ upper: UpperLayer) {
        do throws(Errno) {
            return try directory.setEntryTimes([], access: status.st_atim, modification: status.st_mtim)
        } catch {}
        upper.settle { () throws(Errno) in
            try directory.setEntryTimes([], access: status.st_atim, modification: status.st_mtim)
        }
    }
}

// MARK: - Everything else

extension OverlayFileSystem {
    /// Sees to it that the upper has a file, whatever kind it is.
    ///
    /// Bytes are copied without any lock but the file's own. Whoever looks finds the file of the layer below or the whole
    /// copy, at every moment.
    /// - Parameters:
    ///   - size: the length that a copy that is made now gets, in place of the file's own; nothing for a file that the
    ///     upper has already.
    ///   - needsBytes: whether bytes are needed at all.
    /// - Returns: the copy, open for reading and writing, if it is a regular file and was made now.
    /// - Throws: what kept it from being made or from getting its name; then nothing has changed.
    @discardableResult
    func copyUp(_ number: FileNumber, size: UInt64? = nil, needsBytes: Bool = true) throws(Errno) -> Descriptor? {
        let upper = try writableUpper()
        let node = try nodes.node(number)
        if node.type == .directory {
            try upper.changing { () throws(Errno) in _ = try upperDirectory(of: number, upper) }
            return nil
        }
        try node.pending?.finish()
        guard !node.isUpper || node.data != nil && needsBytes else { return nil }
        return try upper.copies.hold(number) { () throws(Errno) in
            let node = try nodes.node(number)
            guard !node.isUpper || node.data != nil && needsBytes else { return nil }
            let status = try core.status(of: node.place)
            if node.isUpper, status.linkCount > 1 {
                try fill(node, status, upper)
                return nil
            }
            guard node.type == .regular else {
                try copyUp(special: node, status, upper)
                return nil
            }
            let isBare =
                !needsBytes && status.size >= upper.settings.bareSize ?? .max
                && node.copyName == nil && node.data == nil && !node.isRemoved
            return try copyUp(file: node, status, isBare ? nil : size, isBare: isBare, upper)
        }
    }

    /// - Parameter isBare: whether the copy gets the mark of a file whose bytes are below.
    private func copyUp(
        file node: OverlayNode, _ status: LayerStatus, _ size: UInt64?, isBare: Bool, _ upper: UpperLayer
    ) throws(Errno) -> Descriptor {
        let source = try core.open(node.data ?? node.place)
        let copy = try upper.makeUnnamed()
        defer { upper.discard(copy) }
        let length = size ?? status.size
        try FileCopy.copy(source, to: copy.file, size: isBare ? 0 : min(length, status.size), of: length)
        try copyAttributes(
            of: node.place, status, to: copy.name, in: copy.directory, modification: size == nil ? nil : .now, upper)
        if isBare {
            try upper.mark("metacopy", [], copy.name, in: copy.directory)
        } else if length > 0 {
            try copy.file.synchronize()
        }
        try place(copy.name, in: copy.directory, as: node.number, data: isBare ? node.place : nil, upper)
        return copy.file
    }

    private func copyUp(special node: OverlayNode, _ status: LayerStatus, _ upper: UpperLayer) throws(Errno) {
        let spare = upper.temporaryName()
        let target = status.type == .symbolicLink ? try core.target(of: node.place) : nil
        do throws(Errno) {
            try make(spare, in: upper.temporary, status.type, mode: 0o600, status.device, target, upper)
            try copyAttributes(of: node.place, status, to: spare, in: upper.temporary, upper)
            guard case .nameless = try place(spare, in: upper.temporary, as: node.number, upper) else { return }
        } catch {
            upper.removeRemains(spare)
            throw error
        }
        upper.removeRemains(spare)
    }

    /// Brings the bytes of an upper file that so far has nothing but its attributes and that has several names, as only
    /// others make it: the file stays the same one.
    ///
    /// Always all of them, though the file may be about to be cut: it has bytes of its own from one moment to the next.
    private func fill(_ node: OverlayNode, _ status: LayerStatus, _ upper: UpperLayer) throws(Errno) {
        guard let data = node.data else { return }
        let source = try core.open(data)
        let (directory, name) = try core.reach(node.place)
        let before = try AttributeSnapshot(name, in: directory)
        let file = try directory.openEntry(name, O_RDWR)
        // A failure or a crash before the mark goes leaves the file as it was. Who writes to a file changes its times, and
        // takes its capabilities.
        do throws(Errno) {
            try FileCopy.copy(source, to: file, size: status.size, of: status.size)
        } catch {
            upper.settle { () throws(Errno) in try before.restore() }
            throw error
        }
        do throws(Errno) {
            try before.restore()
            try file.synchronize()
            try directory.removeEntryXattr(upper.prefix + Array("metacopy".utf8), of: name)
        } catch {
            upper.settle { () throws(Errno) in try before.restore() }
            throw error
        }
        nodes.update(node.number) { $0.data = nil }
        let redirect = upper.prefix + Array("redirect".utf8)
        upper.settle { () throws(Errno) in
            do throws(Errno) {
                try directory.removeEntryXattr(redirect, of: name)
            } catch .noData {}
        }
    }
}

extension timespec {
    init(_ time: Timestamp) { self.init(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds)) }
}
