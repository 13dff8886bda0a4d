// SPDX-License-Identifier: Apache-2.0

package import FileTree
package import OCI

/// Reads the bytes of uncompressed layers.
///
/// May be called from several threads.
package protocol LayerReader: Sendable {
    /// Fills as much of `buffer` as the layer has from `offset` on.
    ///
    /// - Parameters:
    ///   - layer: an index of `EROFSImage.devices`.
    ///   - offset: where in the layer to begin.
    ///   - buffer: where the bytes go.
    /// - Returns: the bytes read: fewer than the buffer holds only at the end of the layer.
    func read(layer: Int, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// A tree read from its mapped image, its notes and the layers that its files lie in.
package final class MappedTree: TreeSource {
    /// The image.
    package let image: EROFSImage
    /// Digests and layers of the files, where they are known.
    package let notes: TreeNotes?
    private let layers: any LayerReader
    private let giveBack: @Sendable () -> Void

    /// Puts a tree together from its parts, which must belong to each other.
    ///
    /// - Parameters:
    ///   - image: the tree.
    ///   - notes: its notes; nil where there are none.
    ///   - layers: reads the layers that it refers to.
    ///   - giveBack: gives back memory of image and notes that reading took and that reading again brings back.
    package init(
        image: EROFSImage, notes: TreeNotes?, layers: any LayerReader, giveBack: @escaping @Sendable () -> Void = {}
    ) {
        self.image = image
        self.notes = notes
        self.layers = layers
        self.giveBack = giveBack
    }

    /// Gives back memory that reading took, and that reading again brings back, while other threads may read.
    package func release() { giveBack() }

    package var root: TreeNode { TreeNode(image.rootNumber) }

    package func attributes(of node: TreeNode) throws -> Attributes {
        let record = try image.record(node.rawValue)
        return Attributes(
            type: record.type, permissions: record.permissions, uid: record.uid, gid: record.gid, mtime: record.mtime,
            size: record.type == .regular || record.type == .symbolicLink ? record.size : 0, device: record.device,
            target: record.type == .symbolicLink ? try image.target(record) : [], xattrs: try image.xattrs(of: record))
    }

    package func linkCount(of node: TreeNode) throws -> UInt32 { try image.record(node.rawValue).linkCount }

    package func children(of directory: TreeNode) throws -> [TreeChild] {
        var children: [TreeChild] = []
        let number = directory.rawValue
        try image.readDirectory(try image.record(directory.rawValue), from: 0) { entry in
            let isDots =
                entry.name[0] == 0x2E && (entry.name.count == 1 || entry.name.count == 2 && entry.name[1] == 0x2E)
            guard !isDots else { return true }
            let isInOrder = children.last?.name.withUnsafeBytes { EROFSImage.compare($0, entry.name) < 0 } ?? true
            guard isInOrder else { throw EROFSError("inode \(number)", "the names are out of order") }
            // The writer puts directories before what is in them: whoever goes down never comes back to where he was.
            guard entry.type != .directory || entry.number > number else {
                throw EROFSError("inode \(number)", "a directory in it stands before it, or is one that it is in")
            }
            children.append(TreeChild(name: Array(entry.name), node: TreeNode(entry.number), type: entry.type))
            return true
        }
        return children
    }

    package func contentDigest(of node: TreeNode) throws -> Digest? { try digest(of: node, ifDirectory: false) }

    package func subtreeDigest(of node: TreeNode) throws -> Digest? { try digest(of: node, ifDirectory: true) }

    private func digest(of node: TreeNode, ifDirectory wanted: Bool) throws -> Digest? {
        let record = try image.record(node.rawValue)
        guard record.type == (wanted ? .directory : .regular) else { return nil }
        return notes?.digest(of: record.ordinal)
    }

    package var directoryLimit: UInt64? { image.inodeCount }

    package func nextData(of node: TreeNode, from offset: UInt64) throws -> NextData {
        let file = try image.record(node.rawValue)
        var position = offset
        while position < file.size {
            let mapping = try image.map(file, at: position)
            let end = position + min(mapping.length, file.size - position)
            guard case .hole = mapping else { return .run(position..<end) }
            position = end
        }
        return .none
    }

    package func read(_ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try read(try image.record(node.rawValue), at: offset, into: buffer)
    }

    /// Reads a regular file's bytes from `offset` on, holes as zeros.
    ///
    /// - Returns: the bytes read: fewer than the buffer holds only at the end of the file; 0 at or beyond it.
    /// - Throws: `EROFSError` for another type, a damaged image or a layer that ends too early; the layers' errors.
    package func read(
        _ file: InodeRecord, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws -> Int {
        guard file.type == .regular else { throw file.error("not a regular file") }
        guard offset < file.size else { return 0 }
        let wanted = Int(min(UInt64(buffer.count), file.size - offset))
        var done = 0
        while done < wanted {
            let run = try image.map(file, at: offset + UInt64(done))
            let count = Int(min(run.length, UInt64(wanted - done)))
            let target = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
            switch run {
            case .hole:
                target.initializeMemory(as: UInt8.self, repeating: 0)
            case .metadata(let start, _):
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: image.bytes[Int(start)..<Int(start) + count]))
            case .layer(let index, let start, _):
                guard try layers.read(layer: index, at: start, into: target) == count else {
                    throw file.error("layer \(image.devices[index].diffID) ends before the file's data")
                }
            }
            done += count
        }
        return done
    }
}
