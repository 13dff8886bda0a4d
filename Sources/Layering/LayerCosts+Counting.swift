// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

extension LayerCosts {
    /// Counts layers, base first, by their entries alone: no file is read.
    ///
    /// - Throws: `LayerError` for layers that cannot be laid over each other; what reading their entries throws.
    package init(_ counted: [CountedLayer]) throws {
        layers = counted.map {
            Layer(diffID: $0.entries.diffID, tarByteCount: $0.tarByteCount, blobByteCount: $0.blobByteCount)
        }
        var flattener = Flattener(keepsJournal: true)
        for layer in counted { try flattener.apply(layer.entries) }
        report = flattener.report
        let losses = flattener.journal?.losses ?? [:]
        var census = Census()
        for (index, layer) in counted.enumerated() {
            try count(layer.entries, index, losses, into: &census)
            layer.entries.release()
        }
        try judge(census, counted)
        duplicates = try census.duplicates(in: counted)
    }

    /// What the layers have, before it is known what became of it.
    private struct Census {
        struct Dead {
            let place: FlatteningJournal.Place
            let path: [UInt8]
            let byteCount: UInt64
            let size: UInt64
            let digest: Digest?
            let loss: FlatteningJournal.Loss
        }

        /// Where the tree has each content: the first place, and how many files.
        var visible: [Digest: (first: FlatteningJournal.Place, size: UInt64, count: Int)] = [:]
        var dead: [Dead] = []

        /// Content that several files have, with their names.
        func duplicates(in layers: [CountedLayer]) throws -> [DuplicateContent] {
            let wanted = visible.filter { $0.value.count > 1 }
            guard !wanted.isEmpty else { return [] }
            let gone = Set(dead.map(\.place))
            var paths: [Digest: [[UInt8]]] = [:]
            for (index, layer) in layers.enumerated() {
                try layer.entries.forEach { entry, position in
                    guard case .file(_, _, let digest?) = entry.kind, wanted[digest] != nil,
                        !gone.contains(FlatteningJournal.Place(layer: index, position: position))
                    else { return }
                    paths[digest, default: []].append(LayerPath.shown(entry.path))
                }
            }
            return paths.map { digest, paths in
                DuplicateContent(
                    digest: digest, byteCount: wanted[digest]?.size ?? 0, paths: paths.sorted { Bytes.precedes($0, $1) }
                )
            }.sorted { $0.excess == $1.excess ? $0.digest.hex < $1.digest.hex : $0.excess > $1.excess }
        }
    }

    private mutating func count(
        _ entries: any LayerEntries, _ index: Int, _ losses: [FlatteningJournal.Place: FlatteningJournal.Loss],
        into census: inout Census
    ) throws {
        var layer = layers[index]
        try entries.forEach { entry, position in
            layer.entryCount += 1
            if LayerPath.isMarker(entry.path) { layer.whiteoutCount += 1 }
            guard case .file(let attributes, let extents, let digest) = entry.kind, attributes.type == .regular else {
                return
            }
            let stored = extents.reduce(UInt64(0)) { $0 &+ $1.length }
            guard stored > 0 else { return }
            layer.fileCount += 1
            let place = FlatteningJournal.Place(layer: index, position: position)
            if let loss = losses[place] {
                census.dead.append(
                    Census.Dead(
                        place: place, path: LayerPath.shown(entry.path), byteCount: stored, size: attributes.size,
                        digest: digest, loss: loss))
            } else {
                layer.bytes.visible &+= stored
                guard let digest else { return }
                census.visible[digest, default: (place, attributes.size, 0)].count += 1
            }
        }
        layers[index] = layer
    }

    /// Tells for each dead file why it is dead.
    private mutating func judge(_ census: Census, _ counted: [CountedLayer]) throws {
        for dead in census.dead {
            let (cause, survivor) = try Self.cause(of: dead, census, counted)
            layers[dead.place.layer].bytes.dead[cause, default: 0] &+= dead.byteCount
            if dead.loss.layer != dead.place.layer, layers.indices.contains(dead.loss.layer) {
                layers[dead.loss.layer].killed &+= dead.byteCount
            }
            deadFiles.append(
                DeadFile(
                    path: dead.path, byteCount: dead.byteCount, addedBy: dead.place.layer, removedBy: dead.loss.layer,
                    cause: cause, survivor: survivor))
        }
        deadFiles.sort { first, second in
            if first.byteCount != second.byteCount { return first.byteCount > second.byteCount }
            return first.path == second.path
                ? first.addedBy < second.addedBy : Bytes.precedes(first.path, second.path)
        }
    }

    private static func cause(
        of dead: Census.Dead, _ census: Census, _ counted: [CountedLayer]
    ) throws -> (DeadCause, [UInt8]?) {
        if let digest = dead.digest {
            if let successor = dead.loss.successor, counted.indices.contains(successor.layer),
                case .file(let attributes, _, digest) = try counted[successor.layer].entries.kind(
                    at: successor.position), attributes.size == dead.size
            {
                return (.touched, nil)
            }
            if let survivor = census.visible[digest], survivor.size == dead.size {
                let path = try counted[survivor.first.layer].entries.path(at: survivor.first.position)
                return (.moved, LayerPath.shown(path))
            }
        }
        return (dead.loss.manner == .replaced ? .replaced : .deleted, nil)
    }
}

/// Names of entries as they are shown.
package enum LayerPath {
    /// A name as a path from the root: `/etc/passwd` for `./etc/passwd`; as it stands where it cannot be one.
    package static func shown(_ path: [UInt8]) -> [UInt8] {
        // It is shown as it stands.
        guard let components = (try? EntryPath(path, clamped: true))?.components else { return path }
        return Bytes.path(of: components)
    }

    /// Whether the last component hides something.
    package static func isMarker(_ path: [UInt8]) -> Bool {
        let end = path.lastIndex { $0 != UInt8(ascii: "/") }.map { $0 + 1 } ?? 0
        let start = path[..<end].lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        switch Whiteout(path[start..<end]) {
        case .hides, .opaque: return true
        case .none, .leftover, .invalid: return false
        }
    }
}
