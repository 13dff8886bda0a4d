// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// An entry of a layer on its way to a disk.
struct UnpackedEntry {
    /// Its name as the tar has it.
    let path: [UInt8]
    let kind: LayerEntry.Kind
    /// Where it is.
    let reference: FileReference

    /// Its type; nil for a hard link.
    var type: FileType? {
        if case .file(let attributes, _, _) = kind { return attributes.type }
        return nil
    }
}

/// A file of a disk.
struct DiskFile {
    /// The entry that brought it.
    let reference: FileReference
    let type: FileType
    /// A device 0:0, which an overlay takes for a whiteout.
    var isWhiteout = false
    /// A directory that hides what lies below.
    var isOpaque = false
    /// Changed since its time was last set: its time is that of unpacking.
    var isUndated = false
}

/// The files of several disks, which share them, and the layers that brought them.
final class DiskFiles {
    private(set) var layers: [any LayerEntries] = []
    private var files: [DiskFile] = []
    /// What files have become that are not as their entry has them.
    private var altered: [UInt32: Attributes] = [:]
    var budget: ImportBudget

    init(_ budget: ImportBudget) { self.budget = budget }

    subscript(file: UInt32) -> DiskFile {
        get { files[Int(file)] }
        set { files[Int(file)] = newValue }
    }

    func begin(_ layer: any LayerEntries) throws {
        guard layers.count < 65_000 else { throw LayerError(layer: layer.diffID, path: [], reason: "too many layers") }
        layers.append(layer)
    }

    func count(_ entry: LayerEntry) throws {
        try budget.take(1, of: .entries)
        for attribute in entry.kind.xattrs { try budget.take(ImportCost.byteCount(of: attribute), of: .attributeBytes) }
    }

    func entry(_ entry: LayerEntry, at position: UInt64) throws -> UnpackedEntry {
        guard
            let reference = FileReference(
                layer: layers.count - 1, position: position, hasXattrs: !entry.kind.xattrs.isEmpty)
        else { throw DiskError(.refused, "too far in its layer") }
        return UnpackedEntry(path: entry.path, kind: entry.kind, reference: reference)
    }

    /// A file as an entry of the layer in work makes it, or, given attributes, as an engine makes it of that.
    func add(_ reference: FileReference, _ attributes: Attributes, isAltered: Bool) throws -> UInt32 {
        guard files.count < Flattener.maximumFileCount else {
            throw DiskError(.refused, "more than \(Flattener.maximumFileCount) files")
        }
        files.append(DiskFile(reference: reference, type: attributes.type))
        let file = UInt32(files.count - 1)
        if isAltered { altered[file] = attributes }
        return file
    }

    /// A directory of root that no entry describes.
    func directory(permissions: UInt16 = 0o755, gid: UInt32 = 0) -> UInt32 {
        files.append(DiskFile(reference: .nobody, type: .directory, isUndated: true))
        let file = UInt32(files.count - 1)
        if permissions != 0o755 || gid != 0 {
            altered[file] = Attributes(type: .directory, permissions: permissions, gid: gid)
        }
        return file
    }

    /// A whiteout of an overlay.
    func whiteout() -> UInt32 {
        files.append(DiskFile(reference: .nobody, type: .characterDevice, isWhiteout: true))
        return UInt32(files.count - 1)
    }

    /// What a file is, with a time that may be older than the truth.
    func attributes(of file: UInt32) throws -> Attributes {
        if let attributes = altered[file] { return attributes }
        let reference = files[Int(file)].reference
        guard reference != .nobody else { return Attributes(type: files[Int(file)].type, permissions: 0o755) }
        let layer = layers[Int(reference.layer)]
        guard case .file(let attributes, _, _) = try layer.kind(at: reference.position) else {
            throw LayerError(layer: layer.diffID, path: [], reason: "a hard link where a file was")
        }
        return attributes
    }

    /// Makes a file otherwise than it is.
    func alter(_ file: UInt32, _ change: (inout Attributes) -> Void) throws {
        let old = try attributes(of: file)
        var new = old
        change(&new)
        if new != old { altered[file] = new }
    }

    /// Sets a file's time.
    func date(_ file: UInt32, _ time: Timestamp) throws {
        files[Int(file)].isUndated = false
        try alter(file) { $0.mtime = time }
    }

    // MARK: - The tree

    /// The tree of a disk's names.
    ///
    /// Times of unpacking are the beginning of time, and attributes that the overlay keeps for itself are not there.
    func tree(of disk: Disk) throws -> Tree {
        var references: [FileReference] = []
        var alterations = layers.map { AlteredLayer(base: $0, altered: []) }
        references.reserveCapacity(files.count)
        for (index, file) in files.enumerated() {
            var attributes = try needsLook(file, UInt32(index)) ? attributes(of: UInt32(index)) : nil
            if file.isUndated { attributes?.mtime = Timestamp() }
            guard let attributes, !(file.reference == .nobody && attributes == Self.plainDirectory) else {
                references.append(file.reference)
                continue
            }
            let isNobodys = file.reference == .nobody
            let layer = isNobodys ? 0 : Int(file.reference.layer)
            guard alterations.indices.contains(layer) else {
                references.append(.nobody)
                continue
            }
            let position = AlteredLayer.firstPosition + UInt64(alterations[layer].altered.count)
            alterations[layer].altered.append((isNobodys ? nil : file.reference.position, attributes))
            references.append(
                FileReference(layer: layer, position: position, hasXattrs: !attributes.xattrs.isEmpty) ?? .nobody)
        }
        // A tree's first file is its root.
        let root = disk.file(0)
        references.swapAt(0, Int(root))
        var assembly = TreeAssembly(layers: alterations, files: references, linkCount: disk.nameCount)
        disk.forEachName { file, type, start, count, parent in
            assembly.name(file, type, nameStart: start, nameCount: count, in: parent == root ? 0 : parent)
        }
        assembly.names = disk.names
        return try assembly.freeze()
    }

    private static let plainDirectory = Attributes(type: .directory, permissions: 0o755)

    private func needsLook(_ file: DiskFile, _ index: UInt32) throws -> Bool {
        altered[index] != nil || (file.isUndated && file.reference != .nobody)
    }
}

/// A layer, some of whose files an engine makes otherwise.
struct AlteredLayer: LayerEntries {
    /// Where the altered files begin: no layer's own entries lie as far.
    static let firstPosition: UInt64 = 1 << 46

    let base: any LayerEntries
    /// Each file's own entry, nil for none, and what it has become.
    var altered: [(origin: UInt64?, attributes: Attributes)]

    var diffID: DiffID { base.diffID }

    func kind(at position: UInt64) throws -> LayerEntry.Kind {
        guard position >= Self.firstPosition else { return try base.kind(at: position) }
        let index = Int(position - Self.firstPosition)
        guard altered.indices.contains(index) else {
            throw LayerError(layer: diffID, path: [], reason: "a file that nobody altered")
        }
        guard let origin = altered[index].origin else {
            return .file(altered[index].attributes, extents: [], contentDigest: nil)
        }
        guard case .file(_, let extents, let digest) = try base.kind(at: origin) else {
            throw LayerError(layer: diffID, path: [], reason: "a hard link where a file was")
        }
        return .file(altered[index].attributes, extents: extents, contentDigest: digest)
    }

    func path(at position: UInt64) throws -> [UInt8] { try base.path(at: position) }

    func forEach(_ body: (LayerEntry, UInt64) throws -> Void) throws { try base.forEach(body) }

    func forEachMarker(_ body: ([UInt8]) throws -> Void) throws { try base.forEachMarker(body) }

    func release() { base.release() }
}
