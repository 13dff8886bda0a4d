// SPDX-License-Identifier: Apache-2.0

import OCI
import Synchronization

/// Where a file of a tree is described: an entry of a layer, in eight bytes.
struct FileReference: Hashable, Sendable {
    /// What the trees' format can number; more could not be told apart.
    static let maximumLayerCount = 65_534

    private static let positionBits: UInt64 = 47
    private static let attributesBit: UInt64 = 1 << 63

    private let rawValue: UInt64

    /// A directory that no layer has an entry for.
    static let nobody = FileReference(rawValue: .max)

    private init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Refers to an entry; nil beyond what can be told.
    init?(layer: Int, position: UInt64, hasXattrs: Bool) {
        guard layer < Self.maximumLayerCount, position < 1 << Self.positionBits else { return nil }
        rawValue = UInt64(layer) << Self.positionBits | position | (hasXattrs ? Self.attributesBit : 0)
    }

    /// Whether the entry has extended attributes.
    var hasXattrs: Bool { self != .nobody && rawValue & Self.attributesBit != 0 }

    /// The layer's place in the stack; `Inode.noLayer` where nobody described the file.
    var layer: UInt32 {
        self == .nobody ? Inode.noLayer : UInt32(truncatingIfNeeded: (rawValue & ~Self.attributesBit) >> Self.positionBits)
    }

    /// The entry's position in its layer.
    var position: UInt64 { rawValue & (1 << Self.positionBits - 1) }
}

/// The layers of a tree, in which its files are looked up one by one instead of being held.
final class LayerStack: Sendable {
    /// Between two times that the layers give back what looking up took of memory.
    private static let releaseInterval = 1024

    private let layers: [any LayerEntries]
    private let count = Atomic(0)

    init(_ layers: [any LayerEntries]) { self.layers = layers }

    /// The file of a reference, with a link count of 1.
    func inode(_ reference: FileReference) throws -> Inode {
        guard reference != .nobody else {
            return Inode(attributes: Attributes(type: .directory, permissions: 0o755), layer: Inode.noLayer)
        }
        if count.wrappingAdd(1, ordering: .relaxed).newValue % Self.releaseInterval == 0 {
            for layer in layers { layer.release() }
        }
        let layer = layers[Int(reference.layer)]
        guard case .file(let attributes, let extents, let digest) = try layer.kind(at: reference.position) else {
            throw LayerError(layer: layer.diffID, path: [], reason: "a hard link where a file was")
        }
        return Inode(attributes: attributes, layer: reference.layer, extents: extents, contentDigest: digest)
    }
}
