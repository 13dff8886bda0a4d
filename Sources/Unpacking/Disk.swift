// SPDX-License-Identifier: Apache-2.0

import FileTree

/// A file system in memory that fails where Linux does.
struct Disk {
    /// Where a path leads: the directory of its last component, that component, and what stands there.
    struct Place {
        let parent: UInt32
        let name: ArraySlice<UInt8>
        var node: UInt32?
    }

    private struct Node {
        var file: UInt32
        var firstChild = UInt32.max
        var previous = UInt32.max
        var next = UInt32.max
        /// The layer by which umoci takes the path for touched.
        var touched = UInt32.max
    }

    static let gone = UInt32.max
    private static let maximumPathByteCount = 4095

    let files: DiskFiles
    /// Whether the root directory was taken away with all in it, and nothing has made it again.
    var isRootMissing = false
    private var table = NameTable()
    private var nodes: [Node]

    init(_ files: DiskFiles, root: UInt32) {
        self.files = files
        nodes = [Node(file: root)]
    }

    // MARK: - Looking

    func file(_ node: UInt32) -> UInt32 { nodes[Int(node)].file }

    func type(_ node: UInt32) -> FileType { files[file(node)].type }

    /// Whether a node is a directory; an overlay's whiteout is none.
    func isDirectory(_ node: UInt32) -> Bool { type(node) == .directory }

    func child(_ name: ArraySlice<UInt8>, of node: UInt32) -> UInt32? { table.find(name, in: node) }

    func parent(of node: UInt32) -> UInt32 { node == 0 ? 0 : table.parent(of: node) }

    func children(of node: UInt32) -> [UInt32] {
        var all: [UInt32] = []
        var child = nodes[Int(node)].firstChild
        while child != .max {
            all.append(child)
            child = nodes[Int(child)].next
        }
        return all
    }

    func name(of node: UInt32) -> ArraySlice<UInt8> {
        let (start, count) = table.range(of: node)
        return table.arena[Int(start)..<Int(start) + Int(count)]
    }

    func target(_ node: UInt32) throws -> [UInt8] {
        let target = try files.attributes(of: file(node)).target
        try files.budget.take(1 + UInt64(target.count / 64), of: .linkSteps)
        return target
    }

    /// The node that a path from the root leads to, as the kernel finds it.
    ///
    /// - Parameter follows: whether a symbolic link at its end is followed.
    func node(_ path: [ArraySlice<UInt8>], follows: Bool) throws -> UInt32 {
        let place = try place(path, follows: follows)
        guard let node = place.node else { throw DiskError(.noEntry) }
        return node
    }

    /// Where a path from the root leads; the root is its own place.
    ///
    /// - Throws: `DiskError` where the way to it does not lead on.
    func place(_ path: [ArraySlice<UInt8>], follows: Bool = false) throws -> Place {
        let byteCount = path.reduce(path.count) { $0 + $1.count }
        guard byteCount <= Self.maximumPathByteCount else { throw DiskError(.nameTooLong) }
        var place = Place(parent: 0, name: [], node: 0)
        var rest = Array(path.reversed())
        var linkCount = 0
        while let name = rest.popLast() {
            guard let node = place.node else { throw DiskError(.noEntry) }
            guard isDirectory(node) else { throw DiskError(.notDirectory) }
            if name.elementsEqual([0x2E]) { continue }
            if name.elementsEqual([0x2E, 0x2E]) {
                let parent = parent(of: node)
                place = Place(parent: self.parent(of: parent), name: [], node: parent)
                continue
            }
            guard name.count <= EntryPath.maximumNameByteCount else { throw DiskError(.nameTooLong) }
            let child = child(name, of: node)
            guard let child, type(child) == .symbolicLink, follows || !rest.isEmpty else {
                place = Place(parent: node, name: name, node: child)
                continue
            }
            linkCount += 1
            guard linkCount <= Flattener.maximumLinkCount else { throw DiskError(.loop) }
            let target = try target(child)
            if target.first == UInt8(ascii: "/") { place = Place(parent: 0, name: [], node: 0) }
            rest += target.split(separator: UInt8(ascii: "/")).reversed()
        }
        return place
    }

    /// What stands at a path, no link at its end followed; nil where nothing does or the way leads nowhere.
    func look(_ path: [ArraySlice<UInt8>]) throws -> UInt32? {
        do { return try place(path).node } catch is DiskError { return nil }
    }

    // MARK: - Changing

    /// Adds a name that is not there.
    @discardableResult
    mutating func add(_ name: ArraySlice<UInt8>, in parent: UInt32, _ file: UInt32) throws -> UInt32 {
        guard name.count <= EntryPath.maximumNameByteCount else { throw DiskError(.nameTooLong) }
        try files.budget.take(UInt64(name.count), of: .nameBytes)
        guard nodes.count < Flattener.maximumFileCount, table.hasRoom else {
            throw DiskError(.refused, "more names than a tree can have")
        }
        let bytes = Array(name)
        let hash = NameTable.hash(bytes, bytes.indices, in: parent)
        let node = table.add(bytes, bytes.indices, in: parent, hash: hash)
        let first = nodes[Int(parent)].firstChild
        nodes.append(Node(file: file, next: first))
        if first != .max { nodes[Int(first)].previous = node }
        nodes[Int(parent)].firstChild = node
        files[self.file(parent)].isUndated = true
        return node
    }

    /// Makes a directory that no entry describes.
    mutating func makeDirectory(_ name: ArraySlice<UInt8>, in parent: UInt32) throws -> UInt32 {
        try files.budget.take(1, of: .impliedDirectories)
        return try add(name, in: parent, files.directory())
    }

    /// Makes a directory and all that is missing above it, as `os.MkdirAll` does: links are followed.
    ///
    /// - Parameter made: gets each directory that was made.
    mutating func makeDirectories(_ path: [ArraySlice<UInt8>], _ made: (inout Disk, UInt32) throws -> Void) throws {
        for count in 0...path.count {
            let part = Array(path.prefix(count))
            let place = try place(part, follows: true)
            if let node = place.node {
                guard isDirectory(node) else { throw DiskError(.notDirectory) }
                continue
            }
            // A link that leads to nothing stands there: mkdir does not follow it.
            guard try look(part) == nil else { throw DiskError(.exists) }
            let node = try makeDirectory(place.name, in: place.parent)
            try made(&self, node)
        }
    }

    /// Removes a file and everything below it.
    mutating func remove(_ node: UInt32) throws {
        guard node != 0 else { throw DiskError(.refused, "removing the root directory") }
        let parent = table.parent(of: node)
        let (previous, next) = (nodes[Int(node)].previous, nodes[Int(node)].next)
        if previous == .max {
            nodes[Int(parent)].firstChild = next
        } else {
            nodes[Int(previous)].next = next
        }
        if next != .max { nodes[Int(next)].previous = previous }
        files[file(parent)].isUndated = true
        var stack = [node]
        while let gone = stack.popLast() {
            stack += children(of: gone)
            table.remove(gone)
            nodes[Int(gone)] = Node(file: Self.gone)
        }
    }

    /// Removes the root directory and everything in it; whatever comes next makes a new one.
    mutating func removeRoot() throws {
        for child in children(of: 0) { try remove(child) }
        nodes[0] = Node(file: files.directory())
        files[file(0)].isUndated = true
        isRootMissing = true
    }

    /// Gives a name another file.
    mutating func set(_ node: UInt32, _ file: UInt32) { nodes[Int(node)].file = file }

    /// Notes that a layer has touched a path and all above it.
    mutating func touch(_ node: UInt32) {
        let layer = UInt32(files.layers.count)
        var node = node
        while nodes[Int(node)].touched != layer {
            nodes[Int(node)].touched = layer
            if node == 0 { return }
            node = parent(of: node)
        }
    }

    /// Whether the layer in work has touched a path.
    func isTouched(_ node: UInt32) -> Bool { nodes[Int(node)].touched == UInt32(files.layers.count) }

    // MARK: - As an overlay

    /// Lays a layer's own disk over what lower ones show, as the kernel's overlay does.
    mutating func lay(_ upper: Disk) throws {
        var stack: [(upper: UInt32, own: UInt32)] = [(0, 0)]
        // The root is always merged, whatever marks it has.
        set(0, upper.file(0))
        while let (above, own) = stack.popLast() {
            for child in upper.children(of: above) {
                let name = upper.name(of: child)
                let file = upper.file(child)
                let isUndated = files[nodes[Int(own)].file].isUndated
                defer { files[nodes[Int(own)].file].isUndated = isUndated }
                var existing = self.child(name, of: own)
                let isMerged = files[file].type == .directory && !files[file].isOpaque
                if let known = existing, !(isMerged && isDirectory(known)) {
                    try remove(known)
                    existing = nil
                }
                if files[file].isWhiteout { continue }
                let node: UInt32
                if let existing {
                    node = existing
                    set(node, file)
                } else {
                    node = try add(name, in: own, file)
                }
                if files[file].type == .directory { stack.append((child, node)) }
            }
        }
    }

    // MARK: - As a tree

    /// How many names there are, the root's left out.
    var nameCount: Int { nodes.count { $0.file != Self.gone } - 1 }

    /// The bytes of all names.
    var names: [UInt8] { table.arena }

    /// Tells each name with the numbers of its file and of its directory's.
    func forEachName(
        _ body: (_ file: UInt32, _ type: FileType, _ start: UInt32, _ count: UInt8, _ parent: UInt32) -> Void
    ) {
        for index in nodes.indices.dropFirst() where nodes[index].file != Self.gone {
            let (start, count) = table.range(of: UInt32(index))
            body(
                nodes[index].file, type(UInt32(index)), start, count,
                nodes[Int(table.parent(of: UInt32(index)))].file)
        }
    }
}
