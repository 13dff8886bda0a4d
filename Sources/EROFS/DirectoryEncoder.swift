// SPDX-License-Identifier: Apache-2.0

import FileTree

/// The entries of a directory in the order of the format: `.` and `..` sorted in among the children.
struct DirectoryEntries {
    private static let dots: [[UInt8]] = [[0x2E], [0x2E, 0x2E]]

    let tree: Tree
    let directory: UInt32
    let parent: UInt32

    /// Hands out name and inode of each entry.
    func forEach(_ body: (_ name: ArraySlice<UInt8>, _ inode: UInt32) throws -> Void) rethrows {
        var pending = 0
        for child in tree.children(of: directory) {
            let name = tree.name(of: child)
            while pending < 2, Self.isPast(pending, name) {
                try body(Self.dots[pending][...], pending == 0 ? directory : parent)
                pending += 1
            }
            try body(name, child.inode)
        }
        while pending < 2 {
            try body(Self.dots[pending][...], pending == 0 ? directory : parent)
            pending += 1
        }
    }

    /// Whether a child's name sorts after `.` (0) or `..` (1); no child has one of these names.
    private static func isPast(_ dot: Int, _ name: ArraySlice<UInt8>) -> Bool {
        guard name[name.startIndex] == 0x2E else { return name[name.startIndex] > 0x2E }
        return dot == 0 || name.count > 1 && name[name.startIndex + 1] >= 0x2E
    }

    /// The size of the directory's data: blocks of 512 but for the last, which ends with its last name.
    func dataSize() -> UInt64 {
        // Most directories fit into a block, where the order does not matter.
        let dots = 2 * Format.directoryEntrySize + 3
        let all = tree.children(of: directory).reduce(dots) { $0 + Format.directoryEntrySize + $1.nameByteCount }
        guard all > Format.blockSize else { return UInt64(all) }
        var fullBlocks: UInt64 = 0
        var used = 0
        forEach { name, _ in
            let size = Format.directoryEntrySize + name.count
            if used + size > Format.blockSize {
                fullBlocks += 1
                used = 0
            }
            used += size
        }
        return fullBlocks << Format.blockBits + UInt64(used)
    }
}

/// Collects entries into blocks of a directory and writes those that are wanted.
struct DirectoryBlockBuilder {
    private var entries: [(number: UInt64, nameStart: UInt16, type: UInt8)] = []
    private var names: [UInt8] = []
    /// How many blocks were completed so far.
    private(set) var completed: UInt64 = 0

    private var used: Int { entries.count * Format.directoryEntrySize + names.count }

    /// Whether an entry of so long a name begins a new block.
    func isFull(for name: ArraySlice<UInt8>) -> Bool {
        used + Format.directoryEntrySize + name.count > Format.blockSize
    }

    /// Adds an entry to the present block, which has room for it.
    mutating func add(_ name: ArraySlice<UInt8>, number: UInt64, type: UInt8) {
        entries.append((number, UInt16(names.count), type))
        names.append(contentsOf: name)
    }

    /// Ends the present block; writes it if it is wanted, without padding.
    mutating func complete(writingTo sink: inout ImageSink, isWanted: Bool) throws {
        if isWanted {
            let namesStart = UInt16(entries.count * Format.directoryEntrySize)
            for entry in entries {
                try sink.append(entry.number)
                try sink.append(namesStart + entry.nameStart)
                try sink.append(entry.type)
                try sink.append(UInt8(0))
            }
            try sink.append(names)
        }
        entries.removeAll(keepingCapacity: true)
        names.removeAll(keepingCapacity: true)
        completed += 1
    }
}
