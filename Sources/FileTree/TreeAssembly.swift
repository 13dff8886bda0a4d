// SPDX-License-Identifier: Apache-2.0

package import OCI

/// Puts a `Tree` together from files in any order: sorts names, numbers inodes, counts links.
///
/// Time is that of sorting the names, memory linear; the depth of the tree costs no stack.
package struct TreeAssembly: Sendable {
    /// A file of an assembly; good for the assembly that gave it out.
    package struct File: Hashable, Sendable {
        fileprivate let index: UInt32
    }

    private let layers: [DiffID]
    private var files: Tree.Files
    private var types: [FileType]
    /// The names, each with the numbers of its directory and its file in the assembly.
    private var links: [Tree.Entry] = []
    /// The bytes of all names.
    package var names: [UInt8] = []

    /// Starts a tree with its root directory.
    package init(layers: [DiffID], root: Inode) {
        self.layers = layers
        files = .memory([root])
        types = [root.attributes.type]
    }

    /// Starts a tree of entries of layers; the first is the root, and those that get no name are left out.
    package init(layers: [any LayerEntries], files: [FileReference], linkCount: Int) {
        self.init(LayerStack(layers), diffIDs: layers.map(\.diffID), files: files, linkCount: linkCount)
    }

    /// Starts a tree of files of layers whose numbers are known, the root's 0: those that get no name are left out.
    init(_ stack: LayerStack, diffIDs: [DiffID], files: [FileReference], linkCount: Int) {
        layers = diffIDs
        self.files = .layers(stack, files)
        types = [FileType](repeating: .regular, count: files.count)
        types[0] = .directory
        links.reserveCapacity(linkCount)
    }

    /// Gives a file a name in a directory; the caller knows that both are what they have to be, and sets `names`.
    package mutating func name(_ file: UInt32, _ type: FileType, nameStart: UInt32, nameCount: UInt8, in parent: UInt32)
    {
        types[Int(file)] = type
        links.append(Tree.Entry(parent: parent, inode: file, nameStart: nameStart, nameCount: nameCount))
    }

    /// The root directory.
    package var root: File { File(index: 0) }

    /// Adds a file under a name in a directory.
    ///
    /// Its `linkCount` is counted anew by `freeze()`.
    ///
    /// - Throws: `TreeAssemblyError` for a name that cannot be, a parent that is no directory, too many files.
    package mutating func add(
        _ inode: Inode, named name: ArraySlice<UInt8>, in parent: File
    ) throws(TreeAssemblyError) -> File {
        guard case .memory(var inodes) = files, types.count < Int(UInt32.max) - 1 else {
            throw TreeAssemblyError(name, "too many files")
        }
        try appendLink(name, to: UInt32(types.count), in: parent)
        types.append(inode.attributes.type)
        // The array has one owner while it grows.
        files = .memory([])
        inodes.append(inode)
        files = .memory(inodes)
        return File(index: UInt32(types.count - 1))
    }

    /// Gives a file that is no directory one more name.
    ///
    /// - Throws: `TreeAssemblyError` as `add` does, and for a directory.
    package mutating func link(
        _ file: File, named name: ArraySlice<UInt8>, in parent: File
    ) throws(TreeAssemblyError) {
        guard types[Int(file.index)] != .directory else {
            throw TreeAssemblyError(name, "a hard link to a directory")
        }
        try appendLink(name, to: file.index, in: parent)
    }

    private mutating func appendLink(
        _ name: ArraySlice<UInt8>, to file: UInt32, in parent: File
    ) throws(TreeAssemblyError) {
        guard 1...255 ~= name.count, !name.contains(0), !name.contains(0x2F),
            name.count > 2 || name.contains(where: { $0 != 0x2E })
        else { throw TreeAssemblyError(name, "not a file name") }
        guard types[Int(parent.index)] == .directory else {
            throw TreeAssemblyError(name, "its parent is not a directory")
        }
        guard names.count <= NameTable.maximumByteCount - name.count else {
            throw TreeAssemblyError(name, "too many names")
        }
        links.append(
            Tree.Entry(
                parent: parent.index, inode: file, nameStart: UInt32(names.count), nameCount: UInt8(name.count)))
        names.append(contentsOf: name)
    }

    /// The finished tree: children sorted, inodes numbered depth first with directories before their children, link
    /// counts true.
    ///
    /// - Throws: `TreeAssemblyError` for a name that stands twice in a directory.
    package consuming func freeze() throws(TreeAssemblyError) -> Tree {
        let starts = try sortLinks()
        var numbers = [UInt32](repeating: .max, count: types.count)
        var order: [UInt32] = []
        var linkCounts: [UInt32] = []
        order.reserveCapacity(types.count)
        linkCounts.reserveCapacity(types.count)
        // Entries of a directory stand together, in the order of the directories' numbers in the assembly; only their
        // inode numbers are open until the walk has met them.
        var stack: [(next: Int, end: Int)] = []
        func meet(_ file: UInt32) {
            let index = Int(file)
            guard numbers[index] == .max else { return linkCounts[Int(numbers[index])] += 1 }
            numbers[index] = UInt32(order.count)
            order.append(file)
            linkCounts.append(types[index] == .directory ? 2 : 1)
            if starts[index] < starts[index + 1] { stack.append((Int(starts[index]), Int(starts[index + 1]))) }
        }
        meet(0)
        while let top = stack.last {
            if top.next == top.end {
                stack.removeLast()
                continue
            }
            stack[stack.count - 1].next += 1
            let link = links[top.next]
            if types[Int(link.inode)] == .directory { linkCounts[Int(numbers[Int(link.parent)])] += 1 }
            meet(link.inode)
        }
        for index in links.indices { links[index].inode = numbers[Int(links[index].inode)] }
        return Tree(
            layers: layers, files: files, order: order, types: types, linkCounts: linkCounts, starts: starts,
            entries: links, names: names)
    }

    /// Sorts the links by parent, then by name, in place; returns where each file's links as a parent start, and the end.
    private mutating func sortLinks() throws(TreeAssemblyError) -> [UInt32] {
        var starts = [UInt32](repeating: 0, count: types.count + 1)
        for link in links { starts[Int(link.parent)] += 1 }
        var total: UInt32 = 0
        for index in starts.indices { (starts[index], total) = (total, total + starts[index]) }
        var next = starts
        // Each link goes to where its parent's are, and what stood there comes to its place.
        for parent in 0..<types.count {
            while next[parent] < starts[parent + 1] {
                let place = Int(next[parent])
                let home = Int(links[place].parent)
                if home != parent { links.swapAt(place, Int(next[home])) }
                next[home] += 1
            }
        }
        let duplicate: Tree.Entry? = names.withUnsafeBytes { names in
            func name(_ link: Tree.Entry) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(
                    rebasing: names[Int(link.nameStart)..<Int(link.nameStart) + Int(link.nameCount)])
            }
            return links.withUnsafeMutableBufferPointer { links in
                for (start, end) in zip(starts, starts.dropFirst()) where end - start > 1 {
                    var siblings = UnsafeMutableBufferPointer(rebasing: links[Int(start)..<Int(end)])
                    siblings.sort { Bytes.precedes(name($0), name($1)) }
                    for index in 1..<siblings.count
                    where name(siblings[index - 1]).elementsEqual(name(siblings[index])) { return siblings[index] }
                }
                return nil
            }
        }
        if let duplicate {
            let start = Int(duplicate.nameStart)
            throw TreeAssemblyError(names[start..<start + Int(duplicate.nameCount)], "stands twice in its directory")
        }
        return starts
    }
}

/// Why files cannot be put together to a tree.
package struct TreeAssemblyError: Error, Equatable, CustomStringConvertible {
    /// The name at fault.
    package let name: [UInt8]
    /// What is wrong with it.
    package let reason: String

    init(_ name: ArraySlice<UInt8>, _ reason: String) {
        self.name = Array(name.prefix(4096))
        self.reason = reason
    }

    package var description: String { "entry \"\(Bytes.escaped(name))\": \(reason)" }
}
