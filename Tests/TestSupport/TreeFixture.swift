// SPDX-License-Identifier: Apache-2.0

package import FileTree
package import OCI

/// The bytes of an uncompressed layer in a test: pieces at their places, zeros between.
package struct LayerFixture: Sendable {
    /// Bytes of the layer.
    package private(set) var size: UInt64 = 0
    /// What is not zero, in order.
    package private(set) var pieces: [(offset: UInt64, bytes: [UInt8])] = []

    /// Makes a layer without bytes.
    package init() {}

    /// Appends a piece after a gap as of a tar header, at a multiple of 512 plus `shift`; returns where it starts.
    package mutating func append(_ bytes: [UInt8], shift: UInt64 = 0, padTo length: UInt64 = 0) -> UInt64 {
        let offset = (size + 511) / 512 * 512 + 512 + shift
        if !bytes.isEmpty { pieces.append((offset, bytes)) }
        size = (offset + max(UInt64(bytes.count), length) + 511) / 512 * 512
        return offset
    }

    /// Fills as much of the buffer as the layer has from an offset on; returns the count.
    package func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard offset < size else { return 0 }
        let count = Int(min(UInt64(buffer.count), size - offset))
        for index in 0..<count { buffer[index] = 0 }
        // The pieces stand in order: those before the first that ends after the offset are skipped by halves.
        var low = 0
        var high = pieces.count
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle].offset + UInt64(pieces[middle].bytes.count) <= offset {
                low = middle + 1
            } else {
                high = middle
            }
        }
        for piece in pieces[low...] {
            guard piece.offset < offset + UInt64(count) else { break }
            let start = max(piece.offset, offset)
            let end = min(piece.offset + UInt64(piece.bytes.count), offset + UInt64(count))
            for position in start..<end { buffer[Int(position - offset)] = piece.bytes[Int(position - piece.offset)] }
        }
        return count
    }
}

/// Describes a flattened tree for a test, with the layers that its files lie in.
///
///     var fixture = TreeFixture()
///     fixture.directory("etc")
///     fixture.file("etc/hostname", "box\n")
///     let tree = try fixture.tree()
package struct TreeFixture {
    private enum Item {
        case file(Inode)
        case link(target: [UInt8])
    }

    /// The layers' bytes, base layer first.
    package private(set) var layers: [LayerFixture]
    /// The root directory.
    package var root = Inode(
        attributes: Attributes(type: .directory, permissions: 0o755), layer: Inode.noLayer)
    private var items: [(path: [UInt8], item: Item)] = []

    /// Starts a tree that has nothing but its root.
    package init(layerCount: Int = 1) { layers = Array(repeating: LayerFixture(), count: layerCount) }

    /// Adds any file; its directory must have been added before.
    package mutating func add(_ path: [UInt8], _ inode: Inode) { items.append((path, .file(inode))) }

    /// Adds any file without data.
    package mutating func add(_ path: String, _ attributes: Attributes, layer: UInt32 = 0) {
        add(Array(path.utf8), Inode(attributes: attributes, layer: layer))
    }

    /// Adds a directory.
    package mutating func directory(_ path: String, mode: UInt16 = 0o755, xattrs: [String: String] = [:]) {
        add(path, Attributes(type: .directory, permissions: mode, xattrs: Self.attributes(xattrs)))
    }

    /// Adds a symbolic link.
    package mutating func symbolicLink(_ path: String, to target: String) {
        let size = UInt64(target.utf8.count)
        add(path, Attributes(type: .symbolicLink, permissions: 0o777, size: size, target: Array(target.utf8)))
    }

    /// Adds one more name of a file added before.
    package mutating func hardLink(_ path: String, to target: String) {
        items.append((Array(path.utf8), .link(target: Array(target.utf8))))
    }

    /// Adds a regular file with its content in a layer.
    package mutating func file(
        _ path: String, _ content: String, mode: UInt16 = 0o644, layer: UInt32 = 0, xattrs: [String: String] = [:]
    ) {
        file(Array(path.utf8), Array(content.utf8), mode: mode, layer: layer, xattrs: xattrs)
    }

    /// Adds a regular file with its content in a layer.
    package mutating func file(
        _ path: [UInt8], _ content: [UInt8], mode: UInt16 = 0o644, layer: UInt32 = 0, xattrs: [String: String] = [:]
    ) {
        file(
            path, content,
            attributes: Attributes(type: .regular, permissions: mode, xattrs: Self.attributes(xattrs)), layer: layer)
    }

    /// Adds a regular file with its metadata, but for the size, and its content in a layer.
    package mutating func file(_ path: [UInt8], _ content: [UInt8], attributes: Attributes, layer: UInt32 = 0) {
        var inode = Inode(attributes: attributes, layer: layer)
        inode.attributes.size = UInt64(content.count)
        let offset = layers[Int(layer)].append(content)
        if !content.isEmpty {
            inode.extents = [Extent(fileOffset: 0, layerOffset: offset, length: UInt64(content.count))]
        }
        inode.contentDigest = Digest(of: content)
        add(path, inode)
    }

    /// Adds a sparse file whose pieces lie in a layer, each at a multiple of 512 plus its shift.
    ///
    /// The digest is unknown.
    package mutating func sparseFile(
        _ path: String, size: UInt64, layer: UInt32 = 0, pieces: [(offset: UInt64, bytes: [UInt8], shift: UInt64)]
    ) {
        var inode = Inode(attributes: Attributes(type: .regular, permissions: 0o644, size: size), layer: layer)
        for piece in pieces {
            let offset = layers[Int(layer)].append(piece.bytes, shift: piece.shift)
            inode.extents.append(
                Extent(fileOffset: piece.offset, layerOffset: offset, length: UInt64(piece.bytes.count)))
        }
        add(Array(path.utf8), inode)
    }

    /// Adds a dense file of any size that begins with `start`, ends with `end` and is zero between.
    ///
    /// The digest is unknown.
    package mutating func largeFile(_ path: String, size: UInt64, start: [UInt8], end: [UInt8], layer: UInt32 = 0) {
        var inode = Inode(attributes: Attributes(type: .regular, permissions: 0o644, size: size), layer: layer)
        let offset = layers[Int(layer)].append(start, padTo: size, endingWith: end)
        inode.extents = [Extent(fileOffset: 0, layerOffset: offset, length: size)]
        add(Array(path.utf8), inode)
    }

    /// The names that stand for the layers: digests of their number, not of their bytes.
    package var layerNames: [DiffID] { layers.indices.map { DiffID(Digest(of: "layer \($0)".utf8)) } }

    /// The finished tree.
    package func tree() throws -> Tree {
        var assembly = TreeAssembly(layers: layerNames, root: root)
        var files: [[UInt8]: TreeAssembly.File] = [[]: assembly.root]
        for (path, item) in items {
            let slash = path.lastIndex(of: 0x2F)
            let name = path[(slash.map { $0 + 1 } ?? 0)...]
            guard let parent = files[slash.map { Array(path[..<$0]) } ?? []] else {
                throw FixtureError(path: path, reason: "its directory was not added")
            }
            switch item {
            case .file(let inode):
                files[path] = try assembly.add(inode, named: name, in: parent)
            case .link(let target):
                guard let file = files[target] else { throw FixtureError(path: path, reason: "no target") }
                try assembly.link(file, named: name, in: parent)
            }
        }
        return try assembly.freeze()
    }

    private static func attributes(_ xattrs: [String: String]) -> [ExtendedAttribute] {
        xattrs.sorted { Bytes.precedes($0.key.utf8, $1.key.utf8) }.map {
            ExtendedAttribute(name: Array($0.key.utf8), value: Array($0.value.utf8))
        }
    }
}

extension LayerFixture {
    /// Appends a run of `length` zero bytes that begins with `start` and ends with `end`; returns where it starts.
    package mutating func append(_ start: [UInt8], padTo length: UInt64, endingWith end: [UInt8]) -> UInt64 {
        let offset = append(start, padTo: length)
        if !end.isEmpty { pieces.append((offset + length - UInt64(end.count), end)) }
        return offset
    }
}

/// A tree fixture that contradicts itself.
package struct FixtureError: Error, CustomStringConvertible {
    let path: [UInt8]
    let reason: String

    package var description: String { "fixture \"\(Bytes.escaped(path))\": \(reason)" }
}
