// SPDX-License-Identifier: Apache-2.0

package import FileTree
package import OCI

/// A tree as text, one line for each name, to be compared.
package enum TreeDump {
    /// The lines of a tree, parents before children, names in their order.
    ///
    /// A line tells path, type, mode, owner, time, link count, size, device, target, attributes, the first path of a
    /// hard link, and a digest of the content: of files above 1 MiB of 64 samples of it.
    /// - Parameter hiding: attributes that are left out.
    package static func lines(
        _ source: any TreeSource, hiding: (ExtendedAttribute) -> Bool = { _ in false }
    ) throws -> [String] {
        var lines: [String] = []
        var paths: [TreeNode: String] = [:]
        var stack: [(path: String, node: TreeNode)] = [("/", source.root)]
        while let (path, node) = stack.popLast() {
            let attributes = try source.attributes(of: node)
            var line = "\(path) \(attributes.type) \(String(attributes.permissions, radix: 8))"
            line += " \(attributes.uid):\(attributes.gid)"
            line += " \(attributes.mtime.seconds).\(attributes.mtime.nanoseconds)"
            line += " links=\(try source.linkCount(of: node)) size=\(attributes.size)"
            if attributes.device != DeviceNumber() {
                line += " device=\(attributes.device.major):\(attributes.device.minor)"
            }
            if attributes.type == .symbolicLink { line += " -> \(Bytes.escaped(attributes.target))" }
            for attribute in attributes.xattrs where !hiding(attribute) {
                let isShort = attribute.value.count <= 32
                let value = isShort ? Bytes.escaped(attribute.value) : "\(Digest(of: attribute.value).hex.prefix(12))"
                line += " \(Bytes.escaped(attribute.name))=\(value)"
            }
            if attributes.type == .regular {
                if let first = paths[node], try source.linkCount(of: node) > 1 {
                    line += " = \(first)"
                } else {
                    paths[node] = path
                    if attributes.size > 0 { line += " \(try sample(source, node, attributes.size).hex.prefix(12))" }
                }
            }
            lines.append(line)
            guard attributes.type == .directory else { continue }
            for child in try source.children(of: node).reversed() {
                let type = try source.attributes(of: child.node).type
                guard type == child.type else { throw FixtureError(path: child.name, reason: "two types") }
                stack.append(((path == "/" ? "" : path) + "/" + Bytes.escaped(child.name), child.node))
            }
        }
        return lines
    }

    private static func sample(_ source: any TreeSource, _ node: TreeNode, _ size: UInt64) throws -> Digest {
        var hasher = DigestHasher()
        let isWhole = size <= 1 << 20
        let count = isWhole ? 1 : 64
        let length = isWhole ? Int(size) : 8192
        var buffer = [UInt8](repeating: 0, count: length)
        for index in 0..<count {
            let last = size - UInt64(length)
            let offset = index == 63 ? last : last / 63 * UInt64(index)
            let read = try buffer.withUnsafeMutableBytes { try source.read(node, at: offset, into: $0) }
            hasher.update(Array(buffer[..<read]))
        }
        return hasher.finish()
    }
}

/// A tree in memory with the bytes of its layers, as a source: what an image made of it must equal.
package final class TreeInMemory: TreeSource {
    private let tree: Tree
    private let layers: [LayerFixture]

    /// Puts a tree and its layers together.
    package init(_ tree: Tree, layers: [LayerFixture]) {
        self.tree = tree
        self.layers = layers
    }

    package var root: TreeNode { TreeNode(0) }

    private func inode(_ node: TreeNode) throws -> Inode { try tree.inode(UInt32(node.rawValue)) }

    package func attributes(of node: TreeNode) throws -> Attributes { try inode(node).attributes }

    package func linkCount(of node: TreeNode) throws -> UInt32 { try inode(node).linkCount }

    package func children(of directory: TreeNode) -> [TreeChild] {
        tree.children(of: UInt32(directory.rawValue)).map {
            TreeChild(
                name: Array(tree.name(of: $0)), node: TreeNode(UInt64($0.inode)),
                type: tree.type(of: $0.inode))
        }
    }

    package func contentDigest(of node: TreeNode) throws -> Digest? { try inode(node).contentDigest }

    package func subtreeDigest(of node: TreeNode) -> Digest? { nil }

    package func read(_ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let inode = try inode(node)
        guard offset < inode.attributes.size else { return 0 }
        let count = Int(min(UInt64(buffer.count), inode.attributes.size - offset))
        for index in 0..<count { buffer[index] = 0 }
        for extent in inode.extents {
            let start = max(extent.fileOffset, offset)
            let end = min(extent.fileOffset + extent.length, offset + UInt64(count))
            guard start < end else { continue }
            _ = layers[Int(inode.layer)].read(
                at: extent.layerOffset + (start - extent.fileOffset),
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[Int(start - offset)..<Int(end - offset)]))
        }
        return count
    }
}
