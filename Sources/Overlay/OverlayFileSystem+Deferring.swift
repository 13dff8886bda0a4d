// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Glibc
import LinuxIO
import SystemPackage

/// Copies that nobody waits for until somebody has to.
extension OverlayFileSystem {
    /// The copy of a file that a handle reads from, if it is not whole yet.
    func pendingCopy(_ file: FileNumber, _ handle: FileHandle) throws(Errno) -> DeferredCopy? {
        if let copy = try handles.file(handle).pending { return copy.isWhole ? nil : copy }
        return copies.isEmpty ? nil : try nodes.node(file).pending
    }

    /// Waits until a file that is being copied is in the upper.
    func finishCopy(of file: FileNumber) throws(Errno) {
        guard !copies.isEmpty else { return }
        try nodes.node(file).pending?.finish()
    }

    /// Begins to copy a large file, or joins who did; nil where it is to be copied at once.
    ///
    /// - Throws: `.noSpace` where the upper has no room for it.
    func deferCopy(of number: FileNumber) throws(Errno) -> DeferredCopy? {
        let upper = try writableUpper()
        if let copy = try nodes.node(number).pending { return copy }
        guard try isDeferrable(nodes.node(number)) else { return nil }
        return try upper.copies.hold(number) { () throws(Errno) in
            let node = try nodes.node(number)
            if let copy = node.pending { return copy }
            guard isDeferrable(node) else { return nil }
            let status = try core.status(of: node.place)
            // Of a file with holes nothing but its bytes is copied, and a file system that shares bytes copies none.
            guard status.size > 0, status.size >= upper.settings.deferredSize, status.blockCount >= status.size / 512
            else { return nil }
            let source = try core.open(node.place)
            guard let target = try reserve(status.size, source, upper) else { return nil }
            try copyAttributes(of: node.place, status, to: [], in: target, upper)
            let copy = DeferredCopy(source, size: status.size, to: target) { [self] facts throws(Errno) in
                defer {
                    nodes.update(number) { $0.pending = nil }
                    nodes.forget(number, count: 1)
                }
                try target.setEntryTimes(
                    [], access: timespec(status.accessTime),
                    modification: facts.written ?? timespec(status.modificationTime))
                try target.synchronize()
                try place([], in: target, as: number, upper)
            }
            nodes.update(number) { node in
                node.pending = copy
                node.references &+= 1
            }
            guard copies.add(copy) else {
                try copy.finish()
                return nil
            }
            return copy
        }
    }

    private func isDeferrable(_ node: OverlayNode) -> Bool {
        node.type == .regular && !node.isUpper && node.data == nil && !node.isRemoved
    }

    /// A file without a name that has room for all bytes; nil where there is no such file, or where the file system would
    /// share the bytes.
    private func reserve(_ size: UInt64, _ source: OpenFile, _ upper: UpperLayer) throws(Errno) -> Descriptor? {
        guard let target = try? upper.temporary.openTemporary(mode: 0o600) else { return nil }
        if case .disk(let file) = source, (try? target.clone(file)) != nil { return nil }
        do throws(Errno) {
            try target.allocate(mode: 0, at: 0, count: size)
        } catch .noSpace { throw .noSpace } catch { return nil }
        return target
    }
}

extension FileAttributes {
    /// Shows what a copy that is not whole yet is like.
    mutating func show(_ facts: DeferredCopy.Facts) {
        size = facts.size
        guard let written = facts.written else { return }
        modificationTime = Timestamp(written)
        changeTime = Timestamp(written)
    }
}
