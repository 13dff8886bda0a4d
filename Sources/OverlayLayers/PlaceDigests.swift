// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileSystems
import FileTree
import OCI

/// Digests of places: equal for two overlays where the same directories of this machine are stacked in the same way.
///
/// They begin with a text of their own, so that none equals a digest of content. What lies in a frozen tree is
/// identified by that tree's own digests.
final class PlaceDigests: Sendable {
    private static let version = Array("cimg place 1".utf8)

    private let core: OverlayCore
    /// For each layer, what identifies it and all below it, with the options; nil where that is unknown.
    private let below: [[UInt8]?]

    /// Prepares for the layers of an overlay.
    init(_ core: OverlayCore) {
        self.core = core
        var known: [[UInt8]?] = []
        var next: [UInt8]? = Self.version + [core.options.marks.rawValue]
        for (position, layer) in core.layers.enumerated().reversed() {
            let numbers = Self.identity(of: core.options.identifiers(of: position))
            next = next.flatMap { rest in
                Self.identity(of: layer).map { $0 + numbers }.map { identity in
                    var digest: [UInt8] = []
                    (rest + identity).withUnsafeBytes { Digest(hashing: $0).append(to: &digest) }
                    return digest
                }
            }
            known.append(next)
        }
        below = known.reversed()
    }

    /// The digest of a merged directory: the frozen tree's own where only that contributes.
    func digest(of stack: [LayerDirectory]) throws -> Digest? {
        guard let top = stack.first else { return nil }
        if case .tree(let number) = top.kind, case .tree(let tree, let mapped) = core.layers[top.layer] {
            return try mapped.subtreeDigest(of: tree.node(of: number))
        }
        guard let bytes = try bytes(of: stack[...]) else { return nil }
        return hash([UInt8(ascii: "d")] + bytes)
    }

    /// The digest of anything but a directory: nil in a frozen tree, which knows its files' content.
    func digest(of identity: FileIdentity, in stack: [LayerDirectory], position: Int) throws -> Digest? {
        guard stack.indices.contains(position), case .disk = stack[position].kind,
            var bytes = try bytes(of: stack[position...])
        else { return nil }
        bytes.append(number: identity.device)
        bytes.append(number: identity.inode)
        return hash([UInt8(ascii: "f")] + bytes)
    }

    /// The directories of a stack and the layers from the highest of them on: redirections may lead anywhere there.
    private func bytes(of stack: ArraySlice<LayerDirectory>) throws -> [UInt8]? {
        guard let top = stack.first, var bytes = below[top.layer] else { return nil }
        for directory in stack {
            bytes.append(number: UInt64(directory.layer - top.layer))
            switch directory.kind {
            case .disk(let disk):
                bytes.append(number: disk.identity.device)
                bytes.append(number: disk.identity.inode)
            case .tree(let number):
                guard case .tree(let tree, let mapped) = core.layers[directory.layer],
                    let digest = try mapped.subtreeDigest(of: tree.node(of: number))
                else { return nil }
                digest.append(to: &bytes)
            }
        }
        return bytes
    }

    private func hash(_ bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { Digest(hashing: $0) }
    }

    private static func identity(of identifiers: IdentifierMapping) -> [UInt8] {
        var bytes: [UInt8] = []
        for ranges in [identifiers.users, identifiers.groups] {
            bytes.append(number: UInt64(ranges.count))
            for range in ranges {
                bytes.append(number: UInt64(range.container))
                bytes.append(number: UInt64(range.host))
                bytes.append(number: UInt64(range.count))
            }
        }
        return bytes
    }

    private static func identity(of layer: OverlayCore.Layer) -> [UInt8]? {
        var bytes: [UInt8] = []
        switch layer {
        case .disk(let directory):
            bytes.append(number: directory.identity.device)
            bytes.append(number: directory.identity.inode)
        case .tree(_, let mapped):
            // Without a digest of the whole, nothing says that two trees are the same.
            guard let digest = try? mapped.subtreeDigest(of: mapped.root) else { return nil }
            digest.append(to: &bytes)
        }
        return bytes
    }
}

extension Digest {
    fileprivate init(hashing bytes: UnsafeRawBufferPointer) {
        var hasher = DigestHasher()
        hasher.update(bytes)
        self = hasher.finish()
    }
}

extension [UInt8] {
    fileprivate mutating func append(number: UInt64) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}
