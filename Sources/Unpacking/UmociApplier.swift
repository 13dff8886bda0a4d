// SPDX-License-Identifier: Apache-2.0

import FileTree

/// How umoci unpacks a layer: into the directory that has the lower ones already.
struct UmociApplier {
    private static let rules = AttributeRules(engine: .umoci)

    func unpack(_ entry: UnpackedEntry, into disk: inout Disk) throws {
        let clean = CleanPath(entry.path).components
        guard let base = clean.last else { return try setRoot(entry, in: &disk) }
        let directory = try during("following \(clean.shown)") { try disk.rootPath(clean.dropLast(), like: .umoci) }
        let above = try disk.look(directory)
        // The directory is put back as it was before.
        let before = above.map { disk.files[disk.file($0)].isUndated }
        if base.starts(with: Whiteout.prefix) {
            // Where nothing is, a whiteout finds nothing.
            guard !disk.isRootMissing else { return }
            try hide(base, directory, above, in: &disk)
            guard above == nil || !disk.isRootMissing else { throw Self.lostParent }
        } else {
            try create(entry, base, directory, in: &disk)
        }
        guard let above, let before else { return }
        guard disk.file(above) != Disk.gone else { throw Self.lostParent }
        disk.files[disk.file(above)].isUndated = before
    }

    private static let lostParent = DiskError(.refused, "a whiteout takes away the directory that it is in")

    private func setRoot(_ entry: UnpackedEntry, in disk: inout Disk) throws {
        guard entry.type == .directory else { throw DiskError(.refused, "the root is not a directory") }
        disk.isRootMissing = false
        try disk.put(entry, at: Disk.Place(parent: 0, name: [], node: 0), Self.rules)
    }

    private func create(
        _ entry: UnpackedEntry, _ base: ArraySlice<UInt8>, _ directory: [ArraySlice<UInt8>], in disk: inout Disk
    ) throws {
        let path = directory + [base]
        let existing = try disk.look(path)
        disk.isRootMissing = false
        try during("making directory \(directory.shown)") {
            try disk.makeDirectories(directory) { disk, node in
                let above = try disk.files.attributes(of: disk.file(disk.parent(of: node)))
                guard above.permissions & 0o2000 != 0 else { return }
                try disk.files.alter(disk.file(node)) {
                    $0.permissions |= 0o2000
                    $0.gid = above.gid
                }
            }
        }
        if let existing, !(disk.isDirectory(existing) && entry.type == .directory) { try disk.remove(existing) }
        if case .hardLink(let target) = entry.kind {
            let clean = CleanPath(target).components
            try during("linking it to \(clean.shown)") {
                var from = try disk.rootPath(clean.dropLast(), like: .umoci)
                if let last = clean.last { from.append(last) }
                try disk.link(from, at: path)
            }
        } else {
            try during("making it") {
                let place = try disk.place(path)
                try disk.put(entry, at: place, Self.rules)
            }
        }
        disk.touch(try disk.node(path, follows: false))
    }

    /// Takes away what this layer has not touched.
    ///
    /// What is left of a name without its prefix is joined to the directory as `filepath.Join` does it: nothing and `.`
    /// are the directory itself, `..` is the one above, also where the directory is not there.
    private func hide(
        _ base: ArraySlice<UInt8>, _ path: [ArraySlice<UInt8>], _ directory: UInt32?, in disk: inout Disk
    ) throws {
        let isOpaque = Whiteout(base) == .opaque
        let name = base.dropFirst(Whiteout.prefix.count)
        guard name.count <= EntryPath.maximumNameByteCount else { throw DiskError(.nameTooLong, "looking for it") }
        let start: UInt32?
        if isOpaque || name.isEmpty || name.elementsEqual([0x2E]) {
            start = directory
        } else if name.elementsEqual([0x2E, 0x2E]) {
            guard !path.isEmpty else { throw DiskError(.refused, "a whiteout of what is above the root") }
            start = try disk.look(path.dropLast())
        } else {
            guard let directory, disk.isDirectory(directory) else { return }
            start = disk.child(name, of: directory)
        }
        guard let start else { return }
        var stack = [start]
        while let node = stack.popLast() {
            // The root is not among the paths that umoci notes as touched.
            if node == 0 ? isOpaque : disk.isTouched(node) || (isOpaque && node == start) {
                stack += disk.children(of: node)
            } else if node == 0 {
                try disk.removeRoot()
            } else {
                try disk.remove(node)
            }
        }
    }
}
