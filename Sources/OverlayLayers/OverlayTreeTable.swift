// SPDX-License-Identifier: Apache-2.0

import FileTree

/// The names of an overlay's tree that were listed so far, numbered from the root's 0 on.
struct OverlayTreeTable {
    /// A name.
    struct Entry {
        let parent: UInt32
        let name: [UInt8]
        var type: FileTree.FileType
        /// Position in the parent's stack of the highest directory that has the name.
        var position: Int
        /// The file there.
        var identity: FileIdentity
        /// The number of the file: the entry's own, or that of another name of the same file.
        var node: UInt32
        /// What it means, once somebody wanted to know.
        var file: OverlayFile?
    }

    private struct Key: Hashable {
        let layer: Int
        let identity: FileIdentity
    }

    private var entries: [Entry]
    private var listings: [UInt32: [UInt32]] = [:]
    private var files: [Key: UInt32] = [:]
    /// The regular file read last: a reader comes back for the next part of it.
    var lastOpen: (node: TreeNode, file: LayerFile)?

    init(root: OverlayFile) {
        entries = [
            Entry(
                parent: 0, name: [], type: .directory, position: 0, identity: root.status.identity, node: 0, file: root)
        ]
    }

    func entry(_ node: TreeNode) -> Entry? {
        guard let index = Int(exactly: node.rawValue), index < entries.count else { return nil }
        return entries[index]
    }

    /// Takes note of what an entry means.
    mutating func resolve(_ node: TreeNode, _ file: OverlayFile) {
        guard let index = Int(exactly: node.rawValue), index < entries.count else { return }
        entries[index].file = file
    }

    /// The path of a node: empty for the root, else every component after a `/`.
    func path(of node: TreeNode) -> [UInt8] {
        var components: [[UInt8]] = []
        var current = node
        while current.rawValue != 0, let entry = entry(current) {
            components.append(entry.name)
            current = TreeNode(UInt64(entry.parent))
        }
        return components.reversed().flatMap { [UInt8(ascii: "/")] + $0 }
    }

    /// Takes what a directory holds, sorted by name; a name keeps the number it had in the listing before.
    ///
    /// - Parameter layers: the layers of the directory's stack.
    /// - Returns: the children in the order of `names`; nil if there are too many to number.
    mutating func list(_ directory: TreeNode, _ names: [OverlayName], layers: [Int]) -> [TreeChild]? {
        guard let parent = UInt32(exactly: directory.rawValue) else { return nil }
        let before = listings[parent] ?? []
        var position = 0
        var listing: [UInt32] = []
        listing.reserveCapacity(names.count)
        for name in names {
            while position < before.count, Bytes.precedes(entries[Int(before[position])].name, name.name) {
                position += 1
            }
            let isKnown = position < before.count && entries[Int(before[position])].name == name.name
            guard isKnown || entries.count < UInt32.max else { return nil }
            let index = isKnown ? before[position] : UInt32(entries.count)
            let entry = Entry(
                parent: parent, name: name.name, type: name.type, position: name.position, identity: name.identity,
                node: number(index, name, layers))
            if isKnown { entries[Int(index)] = entry } else { entries.append(entry) }
            listing.append(index)
        }
        listings[parent] = listing
        return listing.map { index in
            let entry = entries[Int(index)]
            return TreeChild(name: entry.name, node: TreeNode(UInt64(entry.node)), type: entry.type)
        }
    }

    /// The number of the file that has a name: that of its first name if it has several.
    private mutating func number(_ index: UInt32, _ name: OverlayName, _ layers: [Int]) -> UInt32 {
        guard name.type != .directory, layers.indices.contains(name.position) else { return index }
        let key = Key(layer: layers[name.position], identity: name.identity)
        if let first = files[key] { return first }
        files[key] = index
        return index
    }
}
