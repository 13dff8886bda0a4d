// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// The names of a directory in byte order, in one piece of memory: for directories that are only gone through.
package struct DirectoryNames: Sendable {
    /// A name of the listing.
    package struct Entry: Sendable {
        /// The first eight bytes of the name as a number that sorts as they do.
        package let key: UInt64
        /// Where the name begins in `bytes`; a NUL follows it.
        package let start: UInt32
        /// Bytes of the name: 1…255.
        package let count: UInt8
        /// The type as `d_type` has it, `S_IFMT` shifted right by 12; 0 where the file system does not tell.
        package let typeNumber: UInt8
    }

    /// The names, each with a NUL behind it, in no order.
    package private(set) var bytes: [UInt8] = []
    /// What is listed, without `.` and `..`, sorted by the bytes of the names.
    package private(set) var entries: [Entry] = []

    /// Lists a directory from the descriptor's position on, which is moved to the end.
    ///
    /// Built on getdents64(2).
    /// - Throws: the call's `Errno`; `.ioError` for a name that is no name of a file or too many to tell apart.
    package init(listing directory: Descriptor) throws(Errno) {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 15, alignment: 8)
        defer { room.deallocate() }
        guard let start = room.baseAddress else { throw .noMemory }
        while true {
            let count = try retrying { clinux_getdents(directory.rawValue, start, room.count) }
            if count == 0 { break }
            try append(UnsafeRawBufferPointer(rebasing: room[..<min(count, room.count)]))
        }
        sort()
    }

    /// Takes records of getdents64(2): the length at 16, the type at 18, the name with its NUL from 19 on.
    private mutating func append(_ records: UnsafeRawBufferPointer) throws(Errno) {
        var offset = 0
        while offset + 19 < records.count, let base = records.baseAddress {
            let length = Int(records.loadUnaligned(fromByteOffset: offset + 16, as: UInt16.self))
            guard length > 20, offset + length <= records.count else { throw .ioError }
            let name = UnsafeRawBufferPointer(start: base + offset + 19, count: length - 19)
            let count = strnlen(name.assumingMemoryBound(to: CChar.self).baseAddress.unsafelyUnwrapped, name.count)
            let type = records[offset + 18]
            offset += length
            let isDot = name[0] == 0x2E && (count == 1 || count == 2 && name[1] == 0x2E)
            if isDot { continue }
            guard count > 0, count < name.count, count <= UInt8.max, let place = UInt32(exactly: bytes.count),
                memchr(name.baseAddress.unsafelyUnwrapped, 0x2F, count) == nil
            else { throw .ioError }
            var key: UInt64 = 0
            for index in 0..<8 { key = key << 8 | (index < count ? UInt64(name[index]) : 0) }
            entries.append(Entry(key: key, start: place, count: UInt8(count), typeNumber: type))
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: name[...count]))
        }
    }

    private mutating func sort() {
        bytes.withUnsafeBytes { bytes in
            entries.sort { Self.order($0, bytes, $1, bytes) < 0 }
        }
    }

    /// The order of two names, each in its listing's bytes: below 0, 0 or above 0.
    package static func order(
        _ left: Entry, _ leftBytes: UnsafeRawBufferPointer, _ right: Entry, _ rightBytes: UnsafeRawBufferPointer
    ) -> Int {
        if left.key != right.key { return left.key < right.key ? -1 : 1 }
        guard left.count > 8 || right.count > 8, let first = leftBytes.baseAddress, let second = rightBytes.baseAddress
        else { return Int(left.count) - Int(right.count) }
        let order = memcmp(first + Int(left.start), second + Int(right.start), Int(min(left.count, right.count)))
        return order != 0 ? Int(order) : Int(left.count) - Int(right.count)
    }

    /// The bytes of a name.
    package func name(of entry: Entry) -> [UInt8] {
        Array(bytes[Int(entry.start)..<Int(entry.start) + Int(entry.count)])
    }
}
