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

    private struct Link {
        let parent: UInt32
        let file: UInt32
        let nameStart: Int
        let nameCount: UInt16
    }

    private let layers: [DiffID]
    private var inodes: [Inode]
    private var links: [Link] = []
    private var names: [UInt8] = []

    /// Starts a tree with its root directory.
    package init(layers: [DiffID], root: Inode) {
        self.layers = layers
        inodes = [root]
    }

    /// Starts a tree of files whose numbers are known, the root's 0: those that get no name are left out.
    init(layers: [DiffID], files: [Inode]) {
        self.layers = layers
        inodes = files
    }

    /// Gives a file a name in a directory; the caller knows that both are what they have to be, and the name good.
    mutating func name(_ file: UInt32, _ name: ArraySlice<UInt8>, in parent: UInt32) {
        links.append(Link(parent: parent, file: file, nameStart: names.count, nameCount: UInt16(name.count)))
        names.append(contentsOf: name)
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
        guard inodes.count < Int(UInt32.max) - 1 else { throw TreeAssemblyError(name, "too many files") }
        try appendLink(name, to: UInt32(inodes.count), in: parent)
        inodes.append(inode)
        return File(index: UInt32(inodes.count - 1))
    }

    /// Gives a file that is no directory one more name.
    ///
    /// - Throws: `TreeAssemblyError` as `add` does, and for a directory.
    package mutating func link(
        _ file: File, named name: ArraySlice<UInt8>, in parent: File
    ) throws(TreeAssemblyError) {
        guard inodes[Int(file.index)].attributes.type != .directory else {
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
        guard inodes[Int(parent.index)].attributes.type == .directory else {
            throw TreeAssemblyError(name, "its parent is not a directory")
        }
        links.append(
            Link(parent: parent.index, file: file, nameStart: names.count, nameCount: UInt16(name.count)))
        names.append(contentsOf: name)
    }

    /// The finished tree: children sorted, inodes numbered depth first with directories before their children, link
    /// counts true.
    ///
    /// - Throws: `TreeAssemblyError` for a name that stands twice in a directory.
    package consuming func freeze() throws(TreeAssemblyError) -> Tree {
        var starts = try sortLinks()
        starts.append(links.count)
        var numbers = [UInt32](repeating: .max, count: inodes.count)
        var ordered: [Inode] = []
        ordered.reserveCapacity(inodes.count)
        var entries: [Tree.Entry] = []
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(inodes.count)
        entries.reserveCapacity(links.count)

        // Entries of a directory stand together from its start on, in the order of the directories' numbers as files
        // of the assembly; only their inode numbers are open until the walk has met them.
        var stack: [(next: Int, end: Int)] = []
        func meet(_ file: UInt32) {
            let index = Int(file)
            if numbers[index] == .max {
                numbers[index] = UInt32(ordered.count)
                let range = starts[index]..<starts[index + 1]
                ordered.append(inodes[index])
                ordered[ordered.count - 1].linkCount = inodes[index].attributes.type == .directory ? 2 : 1
                ranges.append(range)
                if !range.isEmpty { stack.append((range.lowerBound, range.upperBound)) }
            } else {
                ordered[Int(numbers[index])].linkCount += 1
            }
        }
        meet(0)
        while let top = stack.last {
            if top.next == top.end {
                stack.removeLast()
                continue
            }
            stack[stack.count - 1].next += 1
            let link = links[top.next]
            if inodes[Int(link.file)].attributes.type == .directory {
                ordered[Int(numbers[Int(link.parent)])].linkCount += 1
            }
            meet(link.file)
        }
        // Names are put in the order in which directories are read: near each other in memory.
        var orderedNames: [UInt8] = []
        orderedNames.reserveCapacity(names.count)
        for link in links {
            entries.append(
                Tree.Entry(
                    nameStart: orderedNames.count, nameCount: link.nameCount, inode: numbers[Int(link.file)]))
            orderedNames.append(contentsOf: names[link.nameStart..<link.nameStart + Int(link.nameCount)])
        }
        return Tree(inodes: ordered, layers: layers, entries: entries, entryRanges: ranges, names: orderedNames)
    }

    /// Sorts the links by parent, then by name; returns where each file's links as a parent start.
    private mutating func sortLinks() throws(TreeAssemblyError) -> [Int] {
        var starts = [Int](repeating: 0, count: inodes.count)
        for link in links { starts[Int(link.parent)] += 1 }
        var total = 0
        for index in starts.indices { (starts[index], total) = (total, total + starts[index]) }
        var next = starts
        var sorted = links
        for link in links {
            sorted[next[Int(link.parent)]] = link
            next[Int(link.parent)] += 1
        }
        let duplicate: Link? = names.withUnsafeBufferPointer { names in
            func name(_ link: Link) -> Slice<UnsafeBufferPointer<UInt8>> {
                names[link.nameStart..<link.nameStart + Int(link.nameCount)]
            }
            for (start, end) in zip(starts, next) where end - start > 1 {
                sorted[start..<end].sort { Bytes.precedes(name($0), name($1)) }
                for index in start + 1..<end where name(sorted[index - 1]).elementsEqual(name(sorted[index])) {
                    return sorted[index]
                }
            }
            return nil
        }
        if let duplicate {
            throw TreeAssemblyError(
                names[duplicate.nameStart..<duplicate.nameStart + Int(duplicate.nameCount)],
                "stands twice in its directory")
        }
        links = sorted
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
