// SPDX-License-Identifier: Apache-2.0

package import FileTree
import Glibc

/// A name in a directory of an `EROFSImage`.
package struct DirectoryRecord {
    /// The name, 1…255 bytes without `/` and NUL; valid during the call it was handed to.
    package let name: UnsafeRawBufferPointer
    /// The number (nid) of the file.
    package let number: UInt64
    /// The file's type as the directory tells it.
    package let type: FileType
    /// Where to continue after this entry: a cookie for `EROFSImage.readDirectory`.
    package let nextCookie: UInt64
}

extension EROFSImage {
    /// The number of the file that a directory has under a name, `.` and `..` too, or nil.
    ///
    /// Searches by halves, allocates nothing.
    /// - Throws: `EROFSError` for another type or a directory that is damaged where it was looked at.
    package func lookup(
        _ name: UnsafeRawBufferPointer, in directory: InodeRecord
    ) throws(EROFSError) -> UInt64? {
        guard directory.type == .directory else { throw directory.error("not a directory") }
        var low: UInt64 = 0
        var high = Format.blocks(directory.size)
        while low < high {
            let middle = low + (high - low) / 2
            let block = try block(middle, of: directory)
            if Self.compare(try block.name(0), name) <= 0 { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let block = try block(low - 1, of: directory)
        var first = 0
        var end = block.count
        while first < end {
            let middle = (first + end) / 2
            let order = Self.compare(try block.name(middle), name)
            if order == 0 { return block.number(middle) }
            if order < 0 { first = middle + 1 } else { end = middle }
        }
        return nil
    }

    /// Hands out a directory's entries in order, `.` and `..` where they sort, from a cookie on.
    ///
    /// - Parameters:
    ///   - directory: the inode to list.
    ///   - cookie: 0 for the start, or the `nextCookie` of the entry to continue after; always good for this image.
    ///   - body: gets each entry; returns false to stop.
    /// - Throws: `EROFSError` for another type, a made-up cookie or a damaged directory; what `body` throws.
    package func readDirectory(
        _ directory: InodeRecord, from cookie: UInt64, _ body: (DirectoryRecord) throws -> Bool
    ) throws {
        guard directory.type == .directory else { throw directory.error("not a directory") }
        var position = cookie
        while position < directory.size {
            let number = position >> Format.blockBits
            let block = try block(number, of: directory)
            let within = Int(position & 511)
            guard within % Format.directoryEntrySize == 0, within / Format.directoryEntrySize < block.count else {
                throw directory.error("no entry at directory position \(position)")
            }
            for index in within / Format.directoryEntrySize..<block.count {
                let next =
                    index + 1 < block.count
                    ? number << Format.blockBits + UInt64((index + 1) * Format.directoryEntrySize)
                    : (number + 1) << Format.blockBits
                let entry = DirectoryRecord(
                    name: try block.name(index), number: block.number(index), type: try block.type(index),
                    nextCookie: next)
                guard try body(entry) else { return }
            }
            position = (number + 1) << Format.blockBits
        }
    }

    private func block(_ number: UInt64, of directory: InodeRecord) throws(EROFSError) -> DirectoryBlock {
        let start = number << Format.blockBits
        let place = try plainData(of: directory, at: start)
        let count = min(Format.blockSize, Int(place.length))
        let bytes = UnsafeRawBufferPointer(rebasing: bytes[Int(place.offset)..<Int(place.offset) + count])
        return try DirectoryBlock(bytes, of: directory)
    }

    /// Below 0, 0 or above 0 as `left` sorts before, with or after `right`.
    static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        if let first = left.baseAddress, let second = right.baseAddress {
            let order = memcmp(first, second, min(left.count, right.count))
            if order != 0 { return Int(order) }
        }
        return left.count - right.count
    }
}

/// One block of a directory: fixed entries, then their names.
private struct DirectoryBlock {
    let bytes: UnsafeRawBufferPointer
    let count: Int
    private let directory: InodeRecord

    init(_ bytes: UnsafeRawBufferPointer, of directory: InodeRecord) throws(EROFSError) {
        let size = Format.directoryEntrySize
        guard bytes.count > size else { throw directory.error("a directory block is too short") }
        let namesStart = Int(bytes.number(at: 8, as: UInt16.self))
        guard namesStart >= size, namesStart % size == 0, namesStart < bytes.count else {
            throw directory.error("a directory block is damaged")
        }
        self.bytes = bytes
        self.directory = directory
        count = namesStart / size
    }

    func number(_ index: Int) -> UInt64 { bytes.number(at: index * Format.directoryEntrySize) }

    func type(_ index: Int) throws(EROFSError) -> FileType {
        guard let type = FileType(rawValue: bytes[index * Format.directoryEntrySize + 10]) else {
            throw directory.error("an entry has an unknown type")
        }
        return type
    }

    func name(_ index: Int) throws(EROFSError) -> UnsafeRawBufferPointer {
        let start = nameOffset(index)
        let isLast = index + 1 == count
        let end = isLast ? bytes.count : nameOffset(index + 1)
        guard start >= count * Format.directoryEntrySize, start < end, end <= bytes.count else {
            throw directory.error("an entry's name lies outside its block")
        }
        var name = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        if let base = name.baseAddress, let terminator = memchr(base, 0, name.count) {
            guard isLast else { throw directory.error("an entry's name holds a NUL byte") }
            name = UnsafeRawBufferPointer(start: base, count: UnsafeRawPointer(terminator) - base)
        }
        guard let base = name.baseAddress, 1...Format.maximumName ~= name.count, memchr(base, 0x2F, name.count) == nil
        else { throw directory.error("an entry's name is not a file name") }
        return name
    }

    private func nameOffset(_ index: Int) -> Int {
        Int(bytes.number(at: index * Format.directoryEntrySize + 8, as: UInt16.self))
    }
}
