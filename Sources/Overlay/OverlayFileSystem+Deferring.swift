// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
package import SystemPackage

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
    /// - Throws: what the upper cannot do: `.noSpace` where it has no room for it.
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
            // What keeps the copy from its name is told now, where it can be.
            try upper.changing { () throws(Errno) in
                if let name = node.names.last { _ = try upperDirectory(of: name.parent, upper) }
            }
            guard let target = try reserve(status.size, source, upper) else { return nil }
            let copy = DeferredCopy(source, size: status.size, to: target) { [self] facts throws(Errno) in
                try copyAttributes(
                    of: node.place, status, to: [], in: target, modification: facts.written, upper)
            } publish: { [self] () throws(Errno) in
                try place([], in: target, as: number, upper)
                nodes.update(number) { $0.pending = nil }
                nodes.forget(number, count: 1)
            }
            nodes.update(number) { node in
                node.pending = copy
                node.references &+= 1
            }
            guard copies.add(copy) else {
                do throws(Errno) {
                    try copy.finish()
                } catch {
                    // Nobody has it open, and nobody will try again.
                    nodes.update(number) { $0.pending = nil }
                    nodes.forget(number, count: 1)
                    throw error
                }
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
    private func reserve(_ size: UInt64, _ source: LayerFile, _ upper: UpperLayer) throws(Errno) -> Descriptor? {
        let target: Descriptor
        do throws(Errno) {
            target = try upper.temporary.openTemporary(mode: 0o600, leavingTimes: upper.leavesTimes)
        } catch .notSupported { return nil }
        if case .disk(let file) = source {
            do throws(Errno) {
                try target.clone(file)
                return nil
            } catch {
                // Most file systems share no bytes between files.
            }
        }
        do throws(Errno) {
            try target.allocate(mode: 0, at: 0, count: size)
        } catch .notSupported { return nil } catch .noFunction { return nil }
        return target
    }

    /// What is told to who closes a descriptor of a file: what was written to a copy that cannot become the file's.
    package func flush(_ file: FileNumber, _ handle: FileHandle) throws(Errno) {
        guard let copy = handles.use(handle)?.pending, copy.facts.written != nil else { return }
        try copy.finish()
    }

    package func mayFailToClose(_ handle: FileHandle) -> Bool { handles.use(handle)?.pending != nil }
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
