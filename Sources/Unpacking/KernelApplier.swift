// SPDX-License-Identifier: Apache-2.0

import FileTree

/// How a layer lies in a directory of its own for the kernel's overlay, if it is read as the specification says.
enum KernelApplier {
    private static let rules = AttributeRules(engine: .kernel)

    static func unpack(_ layer: some LayerEntries, into disk: inout Disk) throws {
        var flattener = Flattener()
        try flattener.apply(layer)
        let own = try flattener.freeze()
        try copy(own, of: layer, into: &disk)
        try layer.forEachMarker { name in
            do {
                try hide(try EntryPath(name), in: &disk)
            } catch let error as EntryPath.Refusal {
                throw LayerError(layer: layer.diffID, path: name, reason: error.reason)
            }
        }
    }

    private static func copy(_ tree: Tree, of layer: some LayerEntries, into disk: inout Disk) throws {
        var files: [UInt32: UInt32] = [:]
        if let root = try entry(tree, 0, layer, disk) {
            try disk.put(root, at: Disk.Place(parent: 0, name: [], node: 0), rules)
        }
        var stack: [(inode: UInt32, node: UInt32)] = [(0, 0)]
        while let (inode, node) = stack.popLast() {
            for child in tree.children(of: inode) {
                let name = tree.name(of: child)
                let made: UInt32
                if let known = files[child.inode] {
                    made = try disk.add(name, in: node, known)
                } else if let entry = try entry(tree, child.inode, layer, disk) {
                    made = try disk.put(entry, at: Disk.Place(parent: node, name: name, node: nil), rules)
                    if tree.type(of: child.inode) != .directory { files[child.inode] = disk.file(made) }
                } else {
                    made = try disk.makeDirectory(name, in: node)
                }
                if tree.type(of: child.inode) == .directory { stack.append((child.inode, made)) }
            }
            // Its time is set after what it holds.
            if let entry = try entry(tree, inode, layer, disk), case .file(let attributes, _, _) = entry.kind {
                try disk.files.date(disk.file(node), attributes.mtime)
            }
        }
    }

    /// The entry of a file; nil for a directory without one.
    private static func entry(
        _ tree: Tree, _ inode: UInt32, _ layer: some LayerEntries, _ disk: Disk
    ) throws -> UnpackedEntry? {
        guard let reference = tree.reference(of: inode), reference != .nobody else { return nil }
        let kind = try layer.kind(at: reference.position)
        return try disk.files.entry(LayerEntry(path: [], kind: kind), at: reference.position)
    }

    /// Puts an overlay's whiteout or mark where an entry asks for it.
    private static func hide(_ path: EntryPath, in disk: inout Disk) throws {
        guard let marker = path.components.last else { return }
        let whiteout = Whiteout(marker)
        switch whiteout {
        case .opaque, .hides: break
        case .none, .leftover, .invalid: return
        }
        var directory: UInt32 = 0
        for name in path.components.dropLast() {
            if let child = disk.child(name, of: directory) {
                guard disk.isDirectory(child) else { return }
                directory = child
            } else {
                directory = try disk.keepingTime(of: directory) { try $0.makeDirectory(name, in: directory) }
            }
        }
        switch whiteout {
        case .opaque: disk.files[disk.file(directory)].isOpaque = true
        case .hides(let name):
            if let own = disk.child(name, of: directory) {
                disk.files[disk.file(own)].isOpaque = disk.isDirectory(own)
            } else {
                try disk.keepingTime(of: directory) { _ = try $0.add(name, in: directory, $0.files.whiteout()) }
            }
        case .none, .leftover, .invalid: break
        }
    }
}

extension Disk {
    /// Changes a directory whose time is set afterwards.
    fileprivate mutating func keepingTime<Result>(of directory: UInt32, _ body: (inout Disk) throws -> Result) rethrows
        -> Result
    {
        let isUndated = files[file(directory)].isUndated
        defer { files[file(directory)].isUndated = isUndated }
        return try body(&self)
    }
}
