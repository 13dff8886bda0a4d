// SPDX-License-Identifier: Apache-2.0

package import FileTree
package import OCI

/// A layer's entries in memory.
package struct MemoryLayer: LayerEntries, Sendable {
    package var diffID: DiffID
    /// The entries in the order of the tar.
    package var entries: [LayerEntry]

    /// Makes a layer; its name may be the digest of anything.
    package init(_ entries: [LayerEntry], diffID: DiffID = DiffID(Digest(of: []))) {
        self.diffID = diffID
        self.entries = entries
    }

    package func forEach(_ body: (LayerEntry, UInt64) throws -> Void) throws {
        for (position, entry) in entries.enumerated() { try body(entry, UInt64(position)) }
    }

    package func kind(at position: UInt64) throws -> LayerEntry.Kind { entries[Int(position)].kind }

    package func path(at position: UInt64) throws -> [UInt8] { entries[Int(position)].path }

    package func forEachMarker(_ body: (_ path: [UInt8]) throws -> Void) throws {
        for entry in entries { try body(entry.path) }
    }
}

/// One entry of a layer, to be laid into memory or into a tar.
package struct LayerItem: Sendable {
    /// The name, as it is to stand in the tar.
    package var path: [UInt8]
    /// What it is; a hard link has a target and no type.
    package var type: FileType?
    /// Permission bits.
    package var mode: UInt16
    /// Owner.
    package var uid: UInt32 = 0
    /// Group.
    package var gid: UInt32 = 0
    /// Time of modification, in seconds.
    package var mtime: Int64 = 0
    /// A regular file's bytes.
    package var content: [UInt8] = []
    /// The target of a link.
    package var target: [UInt8] = []
    /// The number of a device.
    package var device = DeviceNumber()
    /// Extended attributes: name and value.
    package var xattrs: [(String, String)] = []

    /// A directory.
    package static func dir(
        _ path: some RawBytes, mode: UInt16 = 0o755, uid: UInt32 = 0, xattrs: [(String, String)] = []
    ) -> LayerItem {
        LayerItem(path: path.rawBytes, type: .directory, mode: mode, uid: uid, xattrs: xattrs)
    }

    /// A regular file.
    package static func file(
        _ path: some RawBytes, _ content: String = "", mode: UInt16 = 0o644, xattrs: [(String, String)] = []
    ) -> LayerItem {
        LayerItem(path: path.rawBytes, type: .regular, mode: mode, content: Array(content.utf8), xattrs: xattrs)
    }

    /// A symbolic link.
    package static func symlink(_ path: some RawBytes, _ target: some RawBytes) -> LayerItem {
        LayerItem(path: path.rawBytes, type: .symbolicLink, mode: 0o777, target: target.rawBytes)
    }

    /// A hard link.
    package static func link(_ path: some RawBytes, _ target: some RawBytes) -> LayerItem {
        LayerItem(path: path.rawBytes, type: nil, mode: 0o644, target: target.rawBytes)
    }

    /// A character device or a fifo.
    package static func special(_ path: some RawBytes, _ type: FileType, _ device: DeviceNumber) -> LayerItem {
        LayerItem(path: path.rawBytes, type: type, mode: 0o600, device: device)
    }

    /// An empty file: a whiteout or an opaque marker by its name.
    package static func marker(_ path: some RawBytes) -> LayerItem { file(path, mode: 0) }

    private var attributes: [ExtendedAttribute] {
        xattrs.map { ExtendedAttribute(name: Array($0.0.utf8), value: Array($0.1.utf8)) }
            .sorted { Bytes.precedes($0.name, $1.name) }
    }

    /// Items as entries, and the bytes that their files' extents point into.
    package static func inMemory(_ items: [LayerItem]) -> (layer: MemoryLayer, bytes: [UInt8]) {
        var bytes: [UInt8] = []
        var entries: [LayerEntry] = []
        for item in items {
            guard let type = item.type else {
                entries.append(LayerEntry(path: item.path, kind: .hardLink(target: item.target)))
                continue
            }
            var extents: [Extent] = []
            let content = item.content
            if !content.isEmpty {
                extents = [Extent(fileOffset: 0, layerOffset: UInt64(bytes.count), length: UInt64(content.count))]
            }
            bytes += content
            let attributes = Attributes(
                type: type, permissions: item.mode, uid: item.uid, gid: item.gid,
                mtime: Timestamp(seconds: item.mtime),
                size: UInt64(type == .regular ? content.count : item.target.count), device: item.device,
                target: item.target, xattrs: item.attributes)
            entries.append(LayerEntry(path: item.path, kind: .file(attributes, extents: extents, contentDigest: nil)))
        }
        return (MemoryLayer(entries), bytes)
    }

    /// Items as a tar.
    package static func tar(_ items: [LayerItem]) -> [UInt8] {
        TarBuilder { tar in
            for item in items {
                var header = TarHeader(item.path)
                (header.mode, header.uid, header.gid) = (Int64(item.mode), Int64(item.uid), Int64(item.gid))
                header.mtime = item.mtime
                header.size = Int64(item.content.count)
                header.linkName = item.target
                (header.deviceMajor, header.deviceMinor) = (Int64(item.device.major), Int64(item.device.minor))
                header.type = item.typeFlag
                tar.entry(
                    header, content: item.content,
                    pax: item.xattrs.map { ("SCHILY.xattr.\($0.0)", Array($0.1.utf8)) })
            }
        }.bytes
    }

    private var typeFlag: UInt8 {
        switch type {
        case nil: UInt8(ascii: "1")
        case .regular: UInt8(ascii: "0")
        case .symbolicLink: UInt8(ascii: "2")
        case .characterDevice: UInt8(ascii: "3")
        case .blockDevice: UInt8(ascii: "4")
        case .directory: UInt8(ascii: "5")
        case .fifo, .socket: UInt8(ascii: "6")
        }
    }
}

/// A flattened tree as short lines.
package enum FlatDump {
    /// One line for each name but an undescribed root's, parents before children, names in their order.
    ///
    /// `a/ 755 [0]` is a directory that layer 0 described, `[-]` one that nobody did; `a/f 644 [1] "text"` a file with
    /// its content; `l -> a [0]` a symbolic link; `g = a/f` one more name of a file met before; `c 0:0 [0]` a device.
    ///
    /// - Parameter layers: the bytes that the extents of each layer's files point into.
    package static func lines(_ tree: Tree, layers: [[UInt8]]) throws -> [String] {
        var lines: [String] = []
        var first: [UInt32: String] = [:]
        var stack: [(path: String, inode: UInt32)] = [("", 0)]
        while let (path, number) = stack.popLast() {
            let inode = try tree.inode(number)
            let attributes = inode.attributes
            if let known = first[number] {
                lines.append("\(path) = \(known)")
                continue
            }
            first[number] = path
            var line = path
            switch attributes.type {
            case .directory: line += "/ " + String(attributes.permissions, radix: 8)
            case .regular: line += " " + String(attributes.permissions, radix: 8)
            case .symbolicLink: line += " -> \(Bytes.escaped(attributes.target))"
            case .characterDevice, .blockDevice: line += " \(attributes.device.major):\(attributes.device.minor)"
            case .fifo, .socket: line += " \(attributes.type)"
            }
            if attributes.uid != 0 { line += " uid=\(attributes.uid)" }
            line += inode.layer == Inode.noLayer ? " [-]" : " [\(inode.layer)]"
            if attributes.type == .regular {
                let content = inode.extents.flatMap { extent in
                    layers[Int(inode.layer)][Int(extent.layerOffset)..<Int(extent.layerOffset + extent.length)]
                }
                if !content.isEmpty { line += " \"\(Bytes.escaped(content))\"" }
            }
            for attribute in attributes.xattrs {
                line += " \(Bytes.escaped(attribute.name))=\(Bytes.escaped(attribute.value))"
            }
            if line != "/ 755 [-]" { lines.append(line) }
            for child in tree.children(of: number).reversed() {
                let name = Bytes.escaped(tree.name(of: child))
                stack.append((path.isEmpty ? name : "\(path)/\(name)", child.inode))
            }
        }
        return lines
    }
}
