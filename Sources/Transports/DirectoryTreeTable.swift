// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LinuxIO

/// What a directory tree remembers of stat(2).
struct DirectoryTreeStatus {
    let mode: UInt32
    let uid: UInt32
    let gid: UInt32
    let linkCount: UInt32
    let size: UInt64
    let mtime: Timestamp
    let device: DeviceNumber
    let identity: FileIdentity

    init(_ status: stat) {
        mode = status.st_mode
        uid = status.st_uid
        gid = status.st_gid
        linkCount = UInt32(clamping: status.st_nlink)
        size = UInt64(clamping: status.st_size)
        mtime = Timestamp(
            seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(clamping: status.st_mtim.tv_nsec))
        let parts = deviceParts(status.st_rdev)
        device = DeviceNumber(major: parts.major, minor: parts.minor)
        identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}

/// The names of a directory tree that were listed so far, numbered from the root's 0 on.
struct DirectoryTreeTable {
    struct Entry {
        let parent: UInt32
        /// Directories above the entry: 0 for the root.
        let depth: UInt32
        let nameStart: Int
        let nameCount: Int
        /// The number of the file: the entry's own, or that of another name of the same file.
        var file: UInt32
        var status: DirectoryTreeStatus
    }

    private(set) var entries: [Entry]
    private var names: [UInt8] = [UInt8(ascii: ".")]
    private var listings: [UInt32: [UInt32]] = [:]
    private var linked: [FileIdentity: UInt32] = [:]

    init(root: DirectoryTreeStatus) {
        entries = [Entry(parent: 0, depth: 0, nameStart: 0, nameCount: 1, file: 0, status: root)]
    }

    func entry(_ node: TreeNode) -> Entry? {
        guard let index = Int(exactly: node.rawValue), index < entries.count else { return nil }
        return entries[index]
    }

    /// The name of an entry in its parent; `.` for the root.
    func name(of entry: Entry) -> [UInt8] {
        Array(names[entry.nameStart..<entry.nameStart + entry.nameCount])
    }

    /// The path of a node: empty for the root, else every component after a `/`.
    func path(of node: TreeNode) -> [UInt8] {
        var components: [[UInt8]] = []
        var current = node
        while current.rawValue != 0, let entry = entry(current) {
            components.append(name(of: entry))
            current = TreeNode(UInt64(entry.parent))
        }
        return components.reversed().flatMap { [UInt8(ascii: "/")] + $0 }
    }

    /// Takes what a directory holds, or some of it, sorted by name; a name keeps the number it had in the listing
    /// before.
    ///
    /// - Returns: the numbers of the files in the order of `found`; nil if there are too many to number.
    mutating func list(
        _ directory: UInt32, _ found: [(name: [UInt8], status: DirectoryTreeStatus)], areAll: Bool
    ) -> [UInt32]? {
        var listing = listings.removeValue(forKey: directory) ?? []
        let range = areAll ? 0..<listing.count : self.range(of: found, in: listing)
        var position = range.lowerBound
        var merged: [UInt32] = []
        var numbers: [UInt32] = []
        numbers.reserveCapacity(found.count)
        for (name, status) in found {
            while position < range.upperBound, Bytes.precedes(self.name(of: entries[Int(listing[position])]), name) {
                if !areAll { merged.append(listing[position]) }
                position += 1
            }
            let number: UInt32
            if position < range.upperBound, self.name(of: entries[Int(listing[position])]) == name {
                number = listing[position]
                entries[Int(number)].status = status
                entries[Int(number)].file = file(of: number, status)
                position += 1
            } else {
                guard let index = UInt32(exactly: entries.count), index < UInt32.max else { return nil }
                number = index
                entries.append(
                    Entry(
                        parent: directory, depth: entries[Int(directory)].depth + 1, nameStart: names.count,
                        nameCount: name.count, file: file(of: index, status), status: status))
                names.append(contentsOf: name)
            }
            merged.append(number)
            numbers.append(number)
        }
        if !areAll { merged += listing[position..<range.upperBound] }
        // Parts come in order mostly: then this is done at the end and moves nothing.
        listing.replaceSubrange(range, with: merged)
        listings[directory] = listing
        return numbers.map { entries[Int($0)].file }
    }

    /// The part of a listing that lies between the first and the last of some names, both included.
    private func range(of found: [(name: [UInt8], status: DirectoryTreeStatus)], in listing: [UInt32]) -> Range<Int> {
        guard let first = found.first?.name, let last = found.last?.name else { return 0..<0 }
        let start = firstPosition(in: listing) { !Bytes.precedes($0, first) }
        return start..<max(start, firstPosition(in: listing) { Bytes.precedes(last, $0) })
    }

    /// The position of the first name of which something is true that is true of all after it, too.
    private func firstPosition(in listing: [UInt32], where isTrue: ([UInt8]) -> Bool) -> Int {
        var (low, high) = (0, listing.count)
        while low < high {
            let middle = (low + high) / 2
            if isTrue(name(of: entries[Int(listing[middle])])) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The number of the file that has a name: that of its first name if it has several.
    private mutating func file(of index: UInt32, _ status: DirectoryTreeStatus) -> UInt32 {
        guard status.linkCount > 1, status.mode & 0o170000 != FileType.directory.modeBits else { return index }
        if let first = linked[status.identity] { return first }
        linked[status.identity] = index
        return index
    }
}
