// SPDX-License-Identifier: Apache-2.0

import OCI
import Synchronization

/// Where a file of a tree is described: an entry of a layer, in eight bytes.
package struct FileReference: Hashable, Sendable {
    /// What the trees' format can number; more could not be told apart.
    static let maximumLayerCount = 65_534

    private static let positionBits: UInt64 = 47
    private static let attributesBit: UInt64 = 1 << 63

    private let rawValue: UInt64

    /// A directory that no layer has an entry for.
    package static let nobody = FileReference(rawValue: .max)

    private init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Refers to an entry; nil beyond what can be told.
    package init?(layer: Int, position: UInt64, hasXattrs: Bool) {
        guard layer < Self.maximumLayerCount, position < 1 << Self.positionBits else { return nil }
        rawValue = UInt64(layer) << Self.positionBits | position | (hasXattrs ? Self.attributesBit : 0)
    }

    /// Whether the entry has extended attributes.
    package var hasXattrs: Bool { self != .nobody && rawValue & Self.attributesBit != 0 }

    /// The layer's place in the stack; `Inode.noLayer` where nobody described the file.
    package var layer: UInt32 {
        guard self != .nobody else { return Inode.noLayer }
        return UInt32(truncatingIfNeeded: (rawValue & ~Self.attributesBit) >> Self.positionBits)
    }

    /// Layer and position as one number: near each other in a layer is near as numbers.
    var place: UInt64 { rawValue & ~Self.attributesBit }

    /// The entry's position in its layer.
    package var position: UInt64 { rawValue & (1 << Self.positionBits - 1) }
}

/// The layers of a tree, in which its files are looked up one by one instead of being held.
final class LayerStack: Sendable {
    /// What is looked up near the one before shares its memory; what is far from it brings up to 2 MiB of its own.
    private static let nearDistance: UInt64 = 64 << 10
    private static let farCost = 16
    /// After so many files near each other the layers give back what looking them up took of memory.
    private static let releaseInterval = 256
    /// What a file's attributes and extents bring of memory for each unit of it.
    private static let byteCountPerCost = 8 << 10

    private let layers: [any LayerEntries]
    private let cost = Atomic(0)
    private let last = Atomic<UInt64>(0)

    init(_ layers: [any LayerEntries]) { self.layers = layers }

    private func giveBack(before reference: FileReference) {
        let before = last.exchange(reference.place, ordering: .relaxed)
        let isNear = max(before, reference.place) - min(before, reference.place) <= Self.nearDistance
        let cost = cost.wrappingAdd(isNear ? 1 : Self.farCost, ordering: .relaxed).newValue
        guard cost >= Self.releaseInterval else { return }
        self.cost.store(0, ordering: .relaxed)
        for layer in layers { layer.release() }
    }

    /// The file of a reference, with a link count of 1.
    func inode(_ reference: FileReference) throws -> Inode {
        guard reference != .nobody else {
            return Inode(attributes: Attributes(type: .directory, permissions: 0o755), layer: Inode.noLayer)
        }
        giveBack(before: reference)
        let layer = layers[Int(reference.layer)]
        guard case .file(let attributes, let extents, let digest) = try layer.kind(at: reference.position) else {
            throw LayerError(layer: layer.diffID, path: [], reason: "a hard link where a file was")
        }
        let byteCount = attributes.xattrs.reduce(extents.count * MemoryLayout<Extent>.stride) { $0 + $1.value.count }
        if byteCount >= Self.byteCountPerCost {
            cost.wrappingAdd(byteCount / Self.byteCountPerCost, ordering: .relaxed)
        }
        return Inode(attributes: attributes, layer: reference.layer, extents: extents, contentDigest: digest)
    }
}
