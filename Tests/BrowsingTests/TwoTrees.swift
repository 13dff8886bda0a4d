// SPDX-License-Identifier: Apache-2.0

import Browsing
import EROFS
import FileTree
import OCI
import TestSupport

/// One tree in both forms in which it can be looked into: in memory, and as a mapped image.
enum TreeForm: CaseIterable, Sendable {
    case memory
    case mapped

    /// The tree of some entries; parents stand before what is in them.
    func tree(_ entries: [MemoryEntry]) throws -> BrowsedTree {
        let name = Array("box".utf8)
        guard self == .mapped else { return BrowsedTree(MemoryTree(entries), name: name) }
        var fixture = TreeFixture()
        for entry in entries {
            let path = String(decoding: entry.path, as: UTF8.self)
            if let first = entry.hardLink {
                fixture.hardLink(path, to: String(decoding: first, as: UTF8.self))
            } else if entry.attributes.type == .regular {
                fixture.file(entry.path, entry.content, attributes: entry.attributes)
            } else {
                fixture.add(entry.path, Inode(attributes: entry.attributes, layer: 0))
            }
        }
        return try BrowsedTree(Self.mapped(fixture), name: name)
    }

    /// A fixture's tree, written and mapped.
    static func mapped(_ fixture: TreeFixture) throws -> MappedTree {
        let tree = try fixture.tree()
        let layers = fixture.layers
        var bytes: [UInt8] = []
        _ = try EROFSWriter.write(tree, layerSizes: layers.map(\.size)) { layer, offset, buffer in
            guard layers[layer].read(at: offset, into: buffer) == buffer.count else {
                throw EROFSError("layer", "short")
            }
        } output: {
            bytes += $0
        }
        let (image, notes) = (Memory(bytes), Memory(try TreeNotes.encode(tree)))
        return MappedTree(
            image: try EROFSImage(bytes: image.bytes, owner: image),
            notes: try TreeNotes(bytes: notes.bytes, owner: notes), layers: FixtureLayers(layers: layers))
    }
}

/// Bytes in memory that stay in place while their owner lives.
final class Memory: Sendable {
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    init(_ content: some Collection<UInt8>) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count, alignment: 16)
        memory.copyBytes(from: content)
        bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { bytes.deallocate() }
}

/// Layers of a fixture as the reader of a mapped tree wants them.
private struct FixtureLayers: LayerReader {
    let layers: [LayerFixture]

    func read(layer: Int, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        layers[layer].read(at: offset, into: buffer)
    }
}

extension BrowsedFile {
    /// The path as text.
    var text: String { String(decoding: path, as: UTF8.self) }
}

extension BrowsedTree {
    /// The file of a path.
    func at(_ path: String, followsLast: Bool = true) throws -> BrowsedFile {
        try resolve(Array(path.utf8), followsLast: followsLast)
    }

    /// What a path leads to, or the reason why not.
    func place(_ path: String, followsLast: Bool = true) -> String {
        do throws(BrowsingError) {
            return try resolve(Array(path.utf8), followsLast: followsLast).text
        } catch {
            return "\(error)"
        }
    }

    /// The paths that fit a pattern, or the reason why not.
    func fitting(_ pattern: String, followsLast: Bool = true) -> [String] {
        do throws(BrowsingError) {
            return try files(Array(pattern.utf8), followsLast: followsLast).map(\.text)
        } catch {
            return ["\(error)"]
        }
    }
}
