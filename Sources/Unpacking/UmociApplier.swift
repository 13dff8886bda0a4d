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
            try hide(base, above, in: &disk)
        } else {
            try create(entry, base, directory, in: &disk)
        }
        if let above, let before, disk.file(above) != Disk.gone { disk.files[disk.file(above)].isUndated = before }
    }

    private func setRoot(_ entry: UnpackedEntry, in disk: inout Disk) throws {
        guard entry.type == .directory else { throw DiskError(.refused, "the root is not a directory") }
        try disk.put(entry, at: Disk.Place(parent: 0, name: [], node: 0), Self.rules)
    }

    private func create(
        _ entry: UnpackedEntry, _ base: ArraySlice<UInt8>, _ directory: [ArraySlice<UInt8>], in disk: inout Disk
    ) throws {
        let path = directory + [base]
        let existing = try disk.look(path)
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
    private func hide(_ base: ArraySlice<UInt8>, _ directory: UInt32?, in disk: inout Disk) throws {
        let isOpaque = Whiteout(base) == .opaque
        let name = base.dropFirst(Whiteout.prefix.count)
        guard isOpaque || !(name.isEmpty || name.elementsEqual([0x2E]) || name.elementsEqual([0x2E, 0x2E])) else {
            // It would take away the directory itself, or the one above.
            throw DiskError(.refused, "a whiteout without a name")
        }
        guard name.count <= EntryPath.maximumNameByteCount else { throw DiskError(.nameTooLong, "looking for it") }
        guard let directory else { return }
        var start = directory
        if !isOpaque {
            guard disk.isDirectory(directory), let node = disk.child(name, of: directory) else { return }
            start = node
        }
        var stack = [start]
        while let node = stack.popLast() {
            if disk.isTouched(node) || (isOpaque && node == start) {
                stack += disk.children(of: node)
            } else {
                try disk.remove(node)
            }
        }
    }
}
