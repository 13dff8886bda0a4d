// SPDX-License-Identifier: Apache-2.0

import FileTree

/// How containerd unpacks a layer for its overlay snapshotter: alone, links followed by itself within the directory, and
/// with a look at lower layers for what directories are like that no entry describes.
///
/// The base layer has nothing below it and is no overlay: there whiteouts take away what the layer itself has brought.
struct ContainerdApplier {
    private static let rules = AttributeRules(engine: .containerd)

    /// The lower layers, each by itself, the topmost first.
    let lowers: [Disk]
    private let isBase: Bool
    private var directories: [(path: [UInt8], time: Timestamp)] = []
    /// Paths that entries of the base layer were unpacked to.
    private var unpacked: Set<NameDigest> = []

    init(lowers: [Disk], isBase: Bool) { (self.lowers, self.isBase) = (lowers, isBase) }

    mutating func unpack(_ entry: UnpackedEntry, into disk: inout Disk) throws {
        let clean = CleanPath(entry.path).components
        guard let base = clean.last else { return }
        let parent = try during("following \(clean.shown)") {
            try disk.rootPath(clean.dropLast(), like: .containerd)
        }
        let directory = try makeParent(parent, in: &disk)
        let path = parent + [base]
        if base.starts(with: Whiteout.prefix) {
            return try isBase ? remove(base, parent, directory, in: &disk) : mark(base, parent, in: &disk)
        }
        if let node = try disk.look(path), !(disk.isDirectory(node) && entry.type == .directory) {
            try disk.remove(node)
        }
        if case .hardLink(let target) = entry.kind {
            // The last component is not followed, but may climb.
            var parts = target.split(separator: UInt8(ascii: "/"))
            let last = target.last == UInt8(ascii: "/") ? nil : parts.popLast()
            try during("linking it to \(CleanPath(target).components.shown)") {
                var from = try disk.rootPath(parts[...], like: .containerd)
                if let last { from.go(last) }
                try disk.link(from, at: path)
            }
            if isBase { unpacked.insert(NameDigest(path)) }
            return
        }
        try during("making it") {
            guard base.count <= EntryPath.maximumNameByteCount else { throw DiskError(.nameTooLong) }
            try disk.put(
                entry, at: Disk.Place(parent: directory, name: base, node: disk.child(base, of: directory)),
                Self.rules)
        }
        if isBase { unpacked.insert(NameDigest(path)) }
        if case .file(let attributes, _, _) = entry.kind, attributes.type == .directory {
            directories.append((entry.path, Self.rules.time(attributes.mtime, isLink: false)))
        }
    }

    /// Sets the times of directories, or of what stands in their place by now; a link itself.
    mutating func finish(_ disk: inout Disk) throws {
        for (path, time) in directories {
            do {
                let resolved = try disk.rootPath(CleanPath(path).components[...], like: .containerd)
                let node = try disk.node(resolved, follows: false)
                try disk.files.date(disk.file(node), time)
            } catch let error as DiskError {
                throw DiskError(error.code, "setting the time", path: path)
            }
        }
    }

    private func makeParent(_ path: [ArraySlice<UInt8>], in disk: inout Disk) throws -> UInt32 {
        var node: UInt32 = 0
        for (index, name) in path.enumerated() {
            guard name.count <= EntryPath.maximumNameByteCount else {
                throw DiskError(.nameTooLong, "making directory \(path.shown)")
            }
            if let child = disk.child(name, of: node) {
                guard disk.isDirectory(child) else { throw DiskError(.notDirectory, "making directory \(path.shown)") }
                node = child
                continue
            }
            let above = try disk.files.attributes(of: disk.file(node))
            node = try disk.makeDirectory(name, in: node)
            // The bit is taken away, the group stays.
            if above.permissions & 0o2000 != 0 { try disk.files.alter(disk.file(node)) { $0.gid = above.gid } }
            try copyAttributes(to: node, at: path[...index], in: &disk)
        }
        return node
    }

    /// Gives a new directory the attributes that the nearest lower layer has for it.
    private func copyAttributes(to node: UInt32, at path: ArraySlice<ArraySlice<UInt8>>, in disk: inout Disk) throws {
        for lower in lowers {
            let found: UInt32
            do {
                let resolved = try lower.rootPath(path, like: .containerd)
                guard let there = try lower.place(resolved).node else { continue }
                found = there
            } catch let error as DiskError where error.code == .noEntry {
                continue
            }
            // Replaced by something else: nothing is copied.
            guard lower.isDirectory(found) else { return }
            let from = lower.file(found)
            var attributes = try disk.files.attributes(of: from)
            let isUndated = disk.files[from].isUndated
            attributes.xattrs.removeAll { $0.name.starts(with: Array("trusted.".utf8)) }
            try disk.files.budget.take(
                attributes.xattrs.reduce(0) { $0 + ImportCost.byteCount(of: $1) }, of: .attributeBytes)
            try disk.files.alter(disk.file(node)) { $0 = attributes }
            disk.files[disk.file(node)].isUndated = isUndated
            return
        }
    }

    /// The name that a whiteout takes away.
    private func hidden(_ base: ArraySlice<UInt8>) throws -> ArraySlice<UInt8> {
        let name = base.dropFirst(Whiteout.prefix.count)
        guard !name.isEmpty, !name.elementsEqual([0x2E]), !name.elementsEqual([0x2E, 0x2E]) else {
            throw DiskError(.refused, "a whiteout without a name")
        }
        return name
    }

    /// Takes away what a whiteout of the base layer names; an opaque mark what no entry was unpacked to.
    private func remove(
        _ base: ArraySlice<UInt8>, _ path: [ArraySlice<UInt8>], _ directory: UInt32, in disk: inout Disk
    ) throws {
        guard Whiteout(base) == .opaque else {
            guard try hidden(base).count <= EntryPath.maximumNameByteCount else {
                throw DiskError(.nameTooLong, "removing it")
            }
            if let node = disk.child(try hidden(base), of: directory) { try disk.remove(node) }
            return
        }
        var stack = [(directory, path)]
        while let (above, path) = stack.popLast() {
            for child in disk.children(of: above) {
                let own = path + [ArraySlice(Array(disk.name(of: child)))]
                try disk.files.budget.take(1 + UInt64(own.count), of: .linkSteps)
                if unpacked.contains(NameDigest(own)) {
                    stack.append((child, own))
                } else {
                    try disk.remove(child)
                }
            }
        }
    }

    /// Makes an overlay's whiteout or mark.
    private func mark(_ base: ArraySlice<UInt8>, _ directory: [ArraySlice<UInt8>], in disk: inout Disk) throws {
        if Whiteout(base) == .opaque {
            disk.files[disk.file(try disk.node(directory, follows: true))].isOpaque = true
            return
        }
        let name = try hidden(base)
        try during("making a whiteout of \(Bytes.escaped(name))") {
            let place = try disk.place(directory + [name])
            guard place.node == nil else { throw DiskError(.exists) }
            try disk.add(name, in: place.parent, disk.files.whiteout())
        }
    }
}
