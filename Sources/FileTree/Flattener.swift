// SPDX-License-Identifier: Apache-2.0

import OCI

/// Lays layers over each other, base layer first, and yields the tree that a container of the image would see.
///
/// Each layer is applied in two steps, so that the order of its entries does not matter: first its whiteouts and opaque
/// markers hide what lower layers have, then its entries are laid over the rest (image-spec layer.md, "Applying
/// Changesets"). Within a layer, entries are taken in the order of the tar and the last one of a name wins.
/// `docs/whiteouts.md` has every case.
package struct Flattener {
    /// What was met that does not show in the tree.
    package struct Report: Hashable, Sendable {
        /// Leftovers of AUFS (`.wh..wh.plnk` and the like) and what stood below them: dropped.
        package var leftovers = 0
        /// Whiteouts that hid nothing.
        package var idleWhiteouts = 0
        /// Directories of the tree that no layer has an entry for.
        package var missingParents = 0
        /// Entries whose name a later one of the same layer has again.
        package var duplicateNames = 0

        /// Nothing was met.
        package init() {}
    }

    /// The most files a tree may have, hidden ones and undescribed directories included.
    package static let maximumFileCount = 128_000_000
    /// The most symbolic links followed for one name, as in Linux.
    package static let maximumLinkCount = 40

    /// What was met so far.
    package internal(set) var report = Report()

    /// A name in the tree.
    ///
    /// `file` is an index of `files`, or of `pending` with `pendingBit` set, or `gone`.
    struct Node {
        var file: UInt32
        var firstChild: UInt32 = .max
        var previous: UInt32 = .max
        var next: UInt32 = .max
    }

    /// A hard link whose target has not come yet: its node holds the place in which the target's file will stand.
    struct PendingLink {
        /// Where its entry is in the layer.
        let position: UInt64
        let node: UInt32
    }

    enum Target {
        case file(UInt32, FileType)
        case directory
        case pending(Int)
        case missing
    }

    /// Where the last entry was put: the next one mostly goes there too.
    struct Place {
        var bytes: [UInt8] = []
        var part = 0..<0
        var node: UInt32 = 0
    }

    /// So much of a layer's index is in our memory while its pending links are read.
    static let residentByteCount = 1 << 20
    static let pendingBit: UInt32 = 1 << 31
    static let gone = UInt32.max

    var table = NameTable()
    var nodes = [Node(file: 0)]
    /// The type of each node.
    var types = [FileType.directory]
    var files = [FileReference.nobody]
    var layers: [any LayerEntries] = []
    var lastPlace = Place()
    var pending: [PendingLink] = []
    /// Files below AUFS leftovers of the layer, which hard links of the layer may name.
    var leftoverFiles: [[UInt8]: (file: UInt32, type: FileType)] = [:]

    /// Which files lost their last name, and how; nil where nobody asks.
    package internal(set) var journal: FlatteningJournal?
    /// Why names vanish at the moment.
    var removal = FlatteningJournal.Manner.replaced
    /// What takes the place of names that vanish at the moment, if it is a file.
    var successor: FileReference?

    /// What the tree may cost, and what it cost so far.
    package internal(set) var budget: ImportBudget

    /// Starts with a root directory, 0755 of root, at the beginning of time: what it stays unless a layer has an entry
    /// for it.
    ///
    /// - Parameters:
    ///   - entryCount: how many entries all layers together are likely to have: room is made for them at once.
    ///   - nameByteCount: how many bytes their names have at the most, as far as it is known.
    ///   - budget: what the tree may cost.
    ///   - keepsJournal: whether to note which files no name is left of.
    package init(
        entryCount: Int = 0, nameByteCount: Int = 0, budget: ImportBudget = ImportBudget(), keepsJournal: Bool = false
    ) {
        self.budget = budget
        if keepsJournal { journal = FlatteningJournal() }
        let count = min(max(0, entryCount), Self.maximumFileCount) + 1
        table.reserve(count, byteCount: max(0, nameByteCount))
        nodes.reserveCapacity(count)
        types.reserveCapacity(count)
        files.reserveCapacity(count)
    }

    /// Lays one more layer over the tree.
    ///
    /// The layer is kept: its files are looked up in it as long as the flattener or its tree lives.
    ///
    /// - Throws: `LayerError` for an entry that cannot be; what reading the layer throws. The flattener is of no
    ///   further use then.
    package mutating func apply(_ layer: some LayerEntries) throws {
        let diffID = layer.diffID
        guard layers.count < FileReference.maximumLayerCount else {
            throw LayerError(layer: diffID, path: [], reason: "more than \(FileReference.maximumLayerCount) layers")
        }
        layers.append(layer)
        try layer.forEachMarker { name in
            try hide(Self.path(name, name, of: diffID), entry: name)
        }
        try layer.forEach { entry, position in
            try take(1, of: .entries, for: entry.path)
            let xattrs = entry.kind.xattrs
            for attribute in xattrs {
                try take(ImportCost.byteCount(of: attribute), of: .attributeBytes, for: entry.path)
            }
            guard
                let reference = FileReference(
                    layer: layers.count - 1, position: position, hasXattrs: !xattrs.isEmpty)
            else { throw failure(entry.path, "too far in its layer") }
            let path = try Self.path(entry.path, entry.path, of: diffID)
            if let marker = path.marker {
                try drop(entry, reference, path, marker)
            } else {
                try place(entry, reference, at: path)
            }
        }
        try placePending()
        lastPlace = Place()
        leftoverFiles = [:]
    }

    /// The finished tree.
    package consuming func freeze() throws -> Tree {
        // What is not needed any more goes at once: this is where memory is at its most.
        table.forgetPlaces()
        var assembly = TreeAssembly(
            LayerStack(layers), diffIDs: layers.map(\.diffID), files: files,
            linkCount: nodes.count { $0.file != Self.gone } - 1)
        files = []
        for index in nodes.indices.dropFirst() where nodes[index].file != Self.gone {
            let node = UInt32(index)
            let (start, count) = table.range(of: node)
            assembly.name(
                nodes[index].file, types[index], nameStart: start, nameCount: count,
                in: nodes[Int(table.parent(of: node))].file)
        }
        (nodes, types) = ([], [])
        assembly.names = table.takeArena()
        return try assembly.freeze()
    }

    var ordinal: UInt32 { UInt32(layers.count - 1) }

    func failure(_ entry: [UInt8], _ reason: String) -> LayerError {
        LayerError(layer: layers[layers.count - 1].diffID, path: entry, reason: reason)
    }

    /// Spends on an entry.
    mutating func take(_ count: UInt64, of cost: ImportCost, for entry: [UInt8]) throws {
        do throws(BudgetError) {
            try budget.take(count, of: cost)
        } catch {
            throw failure(entry, "\(error)")
        }
    }

    /// A name as a path; `entry` is whose name or target it is.
    static func path(
        _ bytes: [UInt8], _ entry: [UInt8], of layer: DiffID, what: String = "", clamped: Bool = false
    ) throws -> EntryPath {
        do {
            return try EntryPath(bytes, clamped: clamped)
        } catch let refusal {
            throw LayerError(layer: layer, path: entry, reason: what + refusal.reason)
        }
    }

    // MARK: - Whiteouts

    /// Hides what a whiteout or an opaque marker names in the tree as it is.
    mutating func hide(_ path: EntryPath, entry: [UInt8]) throws {
        guard let marker = path.marker else { return }
        let meaning = Whiteout(path.bytes[marker])
        switch meaning {
        case .none, .leftover: return
        case .invalid:
            throw failure(entry, "a whiteout without a name")
        case .hides(let name) where name.elementsEqual([0x2E]) || name.elementsEqual([0x2E, 0x2E]):
            throw failure(entry, "a whiteout of \".\" or \"..\"")
        case .hides, .opaque: break
        }
        guard let parent = find(path, path.range.lowerBound..<marker.lowerBound), isDirectory(parent) else {
            report.idleWhiteouts += 1
            return
        }
        defer { removal = .replaced }
        successor = nil
        if case .hides(let name) = meaning {
            removal = .whiteout
            if let node = table.find(name, in: parent) { remove(node) } else { report.idleWhiteouts += 1 }
        } else {
            removal = .opaque
            while nodes[Int(parent)].firstChild != .max { remove(nodes[Int(parent)].firstChild) }
        }
    }

    /// Leaves out an entry that is a whiteout or a leftover, or lies below a leftover; leftovers are counted.
    mutating func drop(
        _ entry: LayerEntry, _ reference: FileReference, _ path: EntryPath, _ marker: Range<Int>
    ) throws {
        guard Whiteout(path.bytes[marker]) == .leftover else { return }
        report.leftovers += 1
        // AUFS kept the files that have several names here, and their names as hard links to them.
        if case .file(let attributes, _, _) = entry.kind, attributes.type != .directory {
            guard files.count < Self.maximumFileCount else { throw tooManyFiles(entry.path) }
            try take(UInt64(path.range.count), of: .nameBytes, for: entry.path)
            leftoverFiles[Array(path.bytes[path.range])] = (UInt32(files.count), attributes.type)
            let layer = ordinal
            journal?.leave(reference, in: layer)
            files.append(reference)
        }
    }
}
