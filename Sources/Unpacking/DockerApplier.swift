// SPDX-License-Identifier: Apache-2.0

import FileTree

/// How Docker's and podman's archive packages unpack a layer: alone, in a root directory of their own, so that the
/// kernel follows symbolic links.
struct DockerApplier {
    let isPodman: Bool
    private var rules: AttributeRules { AttributeRules(engine: isPodman ? .podman : .docker) }
    /// Directories, whose times are set in the end.
    private var directories: [(path: [UInt8], time: Timestamp)] = []

    /// Names that were seen: no two entries may have the same.
    private var seen: Set<NameDigest> = []

    init(isPodman: Bool) { self.isPodman = isPodman }

    mutating func unpack(_ entry: UnpackedEntry, into disk: inout Disk) throws {
        let clean = CleanPath(entry.path)
        let path = clean.components
        // The layer is taken apart on its way, so that it can be put together again, which takes names once only.
        guard seen.insert(NameDigest(path, isAbsolute: clean.isAbsolute, climbs: clean.climbs)).inserted else {
            throw DiskError(.refused, "the name stands twice")
        }
        if !(clean.isAbsolute && path.isEmpty) { try makeParent(Array(path.dropLast()), in: &disk) }
        if let node = try disk.look(path) {
            if clean.isDot, disk.isDirectory(node) { return }
            if !(disk.isDirectory(node) && entry.type == .directory) {
                try during("removing \(path.shown)") { try disk.remove(node) }
            }
        }
        if try convert(path, in: &disk) { return }
        try create(entry, path, in: &disk)
        if case .file(let attributes, _, _) = entry.kind, attributes.type == .directory {
            directories.append((entry.path, rules.time(attributes.mtime, isLink: false)))
        }
    }

    /// Sets the times of directories.
    ///
    /// Their paths are looked for anew, whatever stands there by now.
    mutating func finish(_ disk: inout Disk) throws {
        for (path, time) in directories {
            do {
                let node = try disk.node(CleanPath(path).components, follows: true)
                try disk.files.date(disk.file(node), time)
            } catch let error as DiskError {
                throw DiskError(error.code, "setting the time", path: path)
            }
        }
    }

    private func makeParent(_ path: [ArraySlice<UInt8>], in disk: inout Disk) throws {
        do {
            guard try disk.place(path).node == nil else { return }
        } catch let error as DiskError {
            // Other failures show when the entry is made.
            guard error.code == .noEntry else { return }
        }
        try during("making directory \(path.shown)") {
            try disk.makeDirectories(path) { disk, node in
                // A directory in one with the set-group-ID bit gets it too, and keeps it.
                let above = try disk.files.attributes(of: disk.file(disk.parent(of: node)))
                guard above.permissions & 0o2000 != 0 else { return }
                try disk.files.alter(disk.file(node)) { $0.permissions |= 0o2000 }
            }
        }
    }

    /// Makes an overlay's whiteout or mark of an entry; false where it is neither.
    private func convert(_ path: [ArraySlice<UInt8>], in disk: inout Disk) throws -> Bool {
        guard let base = path.last, base.starts(with: Whiteout.prefix) else { return false }
        let directory = Array(path.dropLast())
        if Whiteout(base) == .opaque {
            try during("marking \(directory.shown) opaque") {
                let file = disk.file(try disk.node(directory, follows: true))
                // Of anything else the mark is without effect, or cannot be set.
                disk.files[file].isOpaque = disk.files[file].type == .directory
            }
            return true
        }
        var original = directory
        original.go(base.dropFirst(Whiteout.prefix.count))
        do {
            let place = try disk.place(original)
            guard place.node == nil else { throw DiskError(.exists) }
            try disk.add(place.name, in: place.parent, disk.files.whiteout())
        } catch let error as DiskError {
            if isPodman, error.code == .notDirectory { return true }
            throw error.during("making a whiteout of \(original.shown)")
        }
        return true
    }

    private func create(_ entry: UnpackedEntry, _ path: [ArraySlice<UInt8>], in disk: inout Disk) throws {
        guard case .hardLink(let target) = entry.kind else {
            return try during("making it") {
                let place = try disk.place(path)
                try disk.put(entry, at: place, rules)
            }
        }
        let from = CleanPath(target).components
        try during("linking it to \(from.shown)") { try disk.link(from, at: path) }
    }
}

extension Disk {
    /// Makes one more name of a file, as link(2) does: links are not followed at the ends.
    mutating func link(_ target: [ArraySlice<UInt8>], at path: [ArraySlice<UInt8>]) throws {
        let node = try node(target, follows: false)
        let place = try place(path)
        guard place.node == nil else { throw DiskError(.exists) }
        guard !isDirectory(node) else { throw DiskError(.notPermitted) }
        try add(place.name, in: place.parent, file(node))
    }
}
