// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// Where a file's bytes and facts can be had.
package struct FileAddress: Hashable, Sendable {
    /// The layer: 0 is the base.
    package let layer: Int
    /// What finds it there: an entry's position, or a number of a tree.
    package let position: UInt64

    /// Makes an address.
    package init(layer: Int, position: UInt64) {
        self.layer = layer
        self.position = position
    }
}

/// All names that layers have, as one tree, and for each what became of it in which layer.
package struct FileHistory: Sendable {
    /// A name's number: 0 is the root, directories before what is in them.
    package typealias NodeID = Int32

    /// What is shown of a file.
    package struct Facts: Hashable, Sendable {
        var type = FileType.directory
        var permissions: UInt16 = 0o755
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        /// Of a regular file.
        var size: UInt64 = 0
        /// Whether another name of the same file may be there.
        var isLinked = false

        /// Those of a directory that nobody described.
        init() {}

        /// Makes facts.
        package init(
            type: FileType, permissions: UInt16, uid: UInt32, gid: UInt32, size: UInt64, isLinked: Bool = false
        ) {
            self.type = type
            self.permissions = permissions
            self.uid = uid
            self.gid = gid
            self.size = type == .regular ? size : 0
            self.isLinked = isLinked
        }

        /// Takes those of a file's metadata.
        package init(_ attributes: Attributes, isLinked: Bool = false) {
            self.init(
                type: attributes.type, permissions: attributes.permissions, uid: attributes.uid, gid: attributes.gid,
                size: attributes.size, isLinked: isLinked && attributes.type != .directory)
        }
    }

    /// What a layer says of a name.
    struct Version {
        var layer: Int32 = 0
        /// Whether it takes the name away.
        var isGone = false
        var facts = Facts()
        /// Where its bytes lie; nil for a directory that nobody described.
        var address: FileAddress?
        /// The one of an earlier layer.
        var previous: Int32 = -1
    }

    struct Node {
        let parent: NodeID
        let nameStart: UInt32
        let nameCount: UInt16
        var firstChild: NodeID = -1
        var nextSibling: NodeID = -1
        var newest: Int32 = -1
    }

    private(set) var nodes: [Node] = []
    private(set) var versions: [Version] = []
    private var names: [UInt8] = []
    private var table = NameTable()
    /// Where the sorted children of each name begin; made at the end.
    private var childStart: [Int32] = []
    private var sortedChildren: [NodeID] = []
    /// The names with small letters only, for a search that does not mind.
    private var foldedNames: [UInt8] = []
    /// All names but the root: each before what is in it, those of a directory by their bytes.
    private(set) var order: [NodeID] = []
    /// How many layers there are.
    package private(set) var layerCount = 0

    /// Only the root, which nobody described.
    package init() {
        nodes.append(Node(parent: -1, nameStart: 0, nameCount: 0))
    }

    /// How many names there are.
    package var count: Int { nodes.count }

    // MARK: Making

    /// Begins the next layer.
    package mutating func beginLayer() { layerCount += 1 }

    /// Finds a name in a directory, or makes it.
    package mutating func child(of parent: NodeID, named name: some Collection<UInt8>) -> NodeID? {
        if let known = find(name, in: parent) { return known }
        guard nodes.count < Int(Int32.max), names.count + name.count < Int(UInt32.max) else { return nil }
        let id = NodeID(nodes.count)
        let node = Node(
            parent: parent, nameStart: UInt32(names.count), nameCount: UInt16(clamping: name.count),
            nextSibling: nodes[Int(parent)].firstChild)
        names += name
        nodes.append(node)
        nodes[Int(parent)].firstChild = id
        table.insert(id, hash: Self.hash(parent, name))
        return id
    }

    /// Finds a name in a directory.
    package func find(_ name: some Collection<UInt8>, in parent: NodeID) -> NodeID? {
        table.find(hash: Self.hash(parent, name)) { id in
            nodes[Int(id)].parent == parent && self.name(of: id).elementsEqual(name)
        }
    }

    /// Finds a path.
    package func find(path: some Collection<UInt8>) -> NodeID? { find(path.split(separator: UInt8(ascii: "/"))) }

    /// Finds a path by its components.
    func find(_ components: [some Collection<UInt8>]) -> NodeID? {
        var node: NodeID = 0
        for name in components {
            guard let next = find(name, in: node) else { return nil }
            node = next
        }
        return node
    }

    /// Lets the layer at hand say something of a name; what it said before is forgotten.
    mutating func set(_ node: NodeID, _ version: Version) {
        var version = version
        version.layer = Int32(layerCount - 1)
        let newest = nodes[Int(node)].newest
        if newest >= 0, versions[Int(newest)].layer == version.layer {
            version.previous = versions[Int(newest)].previous
            versions[Int(newest)] = version
        } else {
            version.previous = newest
            nodes[Int(node)].newest = Int32(versions.count)
            versions.append(version)
        }
    }

    /// Notes that a file has other names.
    mutating func markLinked(_ node: NodeID) {
        let newest = nodes[Int(node)].newest
        if newest >= 0 { versions[Int(newest)].facts.isLinked = true }
    }

    /// Sorts what is in each directory; nothing can be added afterwards.
    package mutating func finish() {
        childStart = Array(repeating: 0, count: nodes.count + 1)
        for node in nodes.dropFirst() { childStart[Int(node.parent) + 1] += 1 }
        for index in nodes.indices { childStart[index + 1] += childStart[index] }
        sortedChildren = Array(repeating: 0, count: max(0, nodes.count - 1))
        var next = childStart
        for (index, node) in nodes.enumerated().dropFirst() {
            sortedChildren[Int(next[Int(node.parent)])] = NodeID(index)
            next[Int(node.parent)] += 1
        }
        let (nodes, names) = (nodes, names)
        names.withUnsafeBufferPointer { bytes in
            func name(_ id: NodeID) -> UnsafeBufferPointer<UInt8> {
                let node = nodes[Int(id)]
                let start = Int(node.nameStart)
                return UnsafeBufferPointer(rebasing: bytes[start..<start + Int(node.nameCount)])
            }
            for index in nodes.indices where childStart[index + 1] - childStart[index] > 1 {
                sortedChildren[Int(childStart[index])..<Int(childStart[index + 1])].sort {
                    Bytes.precedes(name($0), name($1))
                }
            }
        }
        foldedNames = names.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        order.reserveCapacity(nodes.count)
        var stack: [NodeID] = [0]
        while let node = stack.popLast() {
            if node > 0 { order.append(node) }
            stack += children(of: node).reversed()
        }
    }

    // MARK: Asking

    /// The children of a name in the order of their bytes; once it is finished.
    package func children(of node: NodeID) -> ArraySlice<NodeID> {
        guard childStart.count > Int(node) + 1 else { return [] }
        return sortedChildren[Int(childStart[Int(node)])..<Int(childStart[Int(node) + 1])]
    }

    /// The last component; empty for the root.
    package func name(of node: NodeID) -> ArraySlice<UInt8> {
        let node = nodes[Int(node)]
        return names[Int(node.nameStart)..<Int(node.nameStart) + Int(node.nameCount)]
    }

    /// The path from the root.
    package func path(of node: NodeID) -> [UInt8] {
        var parts: [ArraySlice<UInt8>] = []
        var node = node
        while node > 0 {
            parts.append(name(of: node))
            node = nodes[Int(node)].parent
        }
        return Bytes.path(of: parts.reversed())
    }

    /// What the newest of the layers up to one says of a name: the index of its version.
    func version(of node: NodeID, upTo layer: Int) -> Int32 {
        var index = nodes[Int(node)].newest
        while index >= 0, versions[Int(index)].layer > Int32(clamping: layer) {
            index = versions[Int(index)].previous
        }
        return index
    }

    /// The layers that say something of a name, the last first: which, and whether they take it away.
    package func layers(of node: NodeID) -> [(layer: Int, isGone: Bool)] {
        var found: [(Int, Bool)] = []
        var index = nodes[Int(node)].newest
        while index >= 0 {
            let version = versions[Int(index)]
            found.append((Int(version.layer), version.isGone))
            index = version.previous
        }
        return found
    }

    /// The names that contain a text; letters of both cases are the same unless the text has a capital.
    func names(containing text: [UInt8]) -> [Bool] {
        var found = Array(repeating: text.isEmpty, count: nodes.count)
        guard let first = text.first else { return found }
        let bytes = text.contains { (0x41...0x5A).contains($0) } ? names : foldedNames
        bytes.withUnsafeBufferPointer { bytes in
            text.withUnsafeBufferPointer { text in
                for (index, node) in nodes.enumerated() where Int(node.nameCount) >= text.count {
                    var place = Int(node.nameStart)
                    let last = place + Int(node.nameCount) - text.count
                    while place <= last {
                        if bytes[place] == first {
                            var count = 1
                            while count < text.count, bytes[place + count] == text[count] { count += 1 }
                            if count == text.count {
                                found[index] = true
                                break
                            }
                        }
                        place += 1
                    }
                }
            }
        }
        return found
    }

    private static func hash(_ parent: NodeID, _ name: some Sequence<UInt8>) -> Int {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(UInt32(bitPattern: parent))
        value = value &* 0x9E37_79B9_7F4A_7C15
        for byte in name { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: value ^ value >> 29)
    }
}

/// Numbers by hashes of what they stand for.
private struct NameTable: Sendable {
    private var slots: [Int32] = Array(repeating: -1, count: 1024)
    /// Those of 1, 2 and so on.
    private var hashes: [Int] = []

    func find(hash: Int, where isMeant: (Int32) -> Bool) -> Int32? {
        var slot = hash & (slots.count - 1)
        while slots[slot] >= 0 {
            if hashes[Int(slots[slot]) - 1] == hash, isMeant(slots[slot]) { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Adds the next number.
    mutating func insert(_ id: Int32, hash: Int) {
        hashes.append(hash)
        if hashes.count * 2 >= slots.count {
            slots = Array(repeating: -1, count: slots.count * 2)
            for (index, hash) in hashes.dropLast().enumerated() { place(Int32(index + 1), hash) }
        }
        place(id, hash)
    }

    private mutating func place(_ id: Int32, _ hash: Int) {
        var slot = hash & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = id
    }
}
