// SPDX-License-Identifier: Apache-2.0

extension Flattener {
    func isDirectory(_ node: UInt32) -> Bool { types[Int(node)] == .directory }

    /// Whether a node is a symbolic link that the layer in work brought.
    func isOwnLink(_ node: UInt32) -> Bool {
        types[Int(node)] == .symbolicLink && files[Int(nodes[Int(node)].file)].layer == ordinal
    }

    /// The node of a part of a path, no symbolic link followed; nil if it or a parent is not there.
    func find(_ path: EntryPath, _ part: Range<Int>) -> UInt32? {
        var node: UInt32 = 0
        var start = part.lowerBound
        while start < part.upperBound {
            let name = path.component(at: start)
            guard isDirectory(node),
                let child = table.find(path.bytes, name, in: node, hash: NameTable.hash(path.bytes, name, in: node))
            else { return nil }
            node = child
            start = name.upperBound + 1
        }
        return node
    }

    /// What stands at the target of a hard link.
    mutating func target(_ path: EntryPath, entry: [UInt8]) throws -> Target {
        if path.marker != nil {
            guard let (file, type) = leftoverFiles[Array(path.bytes[path.range])] else { return .missing }
            return .file(file, type)
        }
        guard !path.name.isEmpty else { return .directory }
        var parent = find(path, path.parent)
        if parent.map(isDirectory) != true { parent = try follow(path, making: false, entry: entry) }
        guard let parent, let node = table.find(path.bytes[path.name], in: parent) else { return .missing }
        if isDirectory(node) { return .directory }
        let file = nodes[Int(node)].file
        return file & Self.pendingBit == 0 ? .file(file, types[Int(node)]) : .pending(Int(file & ~Self.pendingBit))
    }

    /// The directory of a path's last component.
    ///
    /// What is missing on the way, or is no directory, becomes one.
    mutating func makeParent(_ path: EntryPath, entry: [UInt8]) throws -> UInt32 {
        let part = path.parent
        if path.has(part, equalTo: lastPlace.bytes, lastPlace.part) { return lastPlace.node }
        var node: UInt32 = 0
        var start = part.lowerBound
        while start < part.upperBound {
            let name = path.component(at: start)
            let hash = NameTable.hash(path.bytes, name, in: node)
            let child = table.find(path.bytes, name, in: node, hash: hash)
            if let child, isDirectory(child) {
                node = child
            } else if let child, isOwnLink(child) {
                node = try follow(path, making: true, entry: entry) ?? 0
                break
            } else {
                if let child { remove(child) }
                node = try addDirectory(path.bytes, name, in: node, hash: hash, entry: entry)
            }
            start = name.upperBound + 1
        }
        lastPlace = Place(bytes: path.bytes, part: part, node: node)
        return node
    }

    /// The directory of a path's last component, symbolic links of this layer followed within the root.
    ///
    /// An engine unpacks a layer into a directory of its own: there a symbolic link of the same layer leads on, and one
    /// of a lower layer is not seen and replaced by a directory.
    /// - Returns: nil if something is missing, or is no directory, and nothing is to be made.
    mutating func follow(_ path: EntryPath, making: Bool, entry: [UInt8]) throws -> UInt32? {
        var rest = Array(path.components(in: path.parent).reversed())
        var node: UInt32 = 0
        var linkCount = 0
        while let name = rest.popLast() {
            try take(1, of: .linkSteps, for: entry)
            if name.elementsEqual([0x2E]) { continue }
            if name.elementsEqual([0x2E, 0x2E]) {
                node = node == 0 ? 0 : table.parent(of: node)
                continue
            }
            let child = table.find(name, in: node)
            if let child, isDirectory(child) {
                node = child
                continue
            }
            if let child, isOwnLink(child) {
                linkCount += 1
                guard linkCount <= Self.maximumLinkCount else {
                    throw failure(entry, "its name leads through more than \(Self.maximumLinkCount) symbolic links")
                }
                let reference = files[Int(nodes[Int(child)].file)]
                guard case .file(let attributes, _, _) = try layers[layers.count - 1].kind(at: reference.position)
                else {
                    throw failure(entry, "its name leads through what is no symbolic link any more")
                }
                let target = attributes.target
                // What it took to look the link up.
                let byteCount = attributes.xattrs.reduce(UInt64(target.count)) { $0 + ImportCost.byteCount(of: $1) }
                try take(byteCount / 64, of: .linkSteps, for: entry)
                if target.first == UInt8(ascii: "/") { node = 0 }
                rest += target.split(separator: UInt8(ascii: "/")).reversed()
                continue
            }
            guard making else { return nil }
            guard name.count <= EntryPath.maximumNameByteCount, !name.contains(0) else {
                throw failure(entry, "its name leads through a symbolic link to no file name")
            }
            if let child { remove(child) }
            let bytes = Array(name)
            let hash = NameTable.hash(bytes, bytes.indices, in: node)
            node = try addDirectory(bytes, bytes.indices, in: node, hash: hash, entry: entry)
        }
        var depth = 1
        var above = node
        while above != 0 { (above, depth) = (table.parent(of: above), depth + 1) }
        try take(UInt64(depth), of: .linkSteps, for: entry)
        guard depth <= EntryPath.maximumDepth else {
            throw failure(entry, "the name is deeper than \(EntryPath.maximumDepth) directories")
        }
        return node
    }
}

extension EntryPath {
    /// Whether a part of the path has the same bytes as a part of another.
    func has(_ part: Range<Int>, equalTo other: [UInt8], _ otherPart: Range<Int>) -> Bool {
        guard part.count == otherPart.count else { return false }
        var (own, theirs) = (part.upperBound, otherPart.upperBound)
        // The ends of paths differ more often than their beginnings.
        while own > part.lowerBound {
            own -= 1
            theirs -= 1
            guard bytes[own] == other[theirs] else { return false }
        }
        return true
    }
}
