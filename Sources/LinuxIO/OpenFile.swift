// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// A regular file or directory that is open, to be read, written and locked at offsets by several threads.
package struct OpenFile: Sendable {
    /// The descriptor.
    package let descriptor: Descriptor

    /// Wraps a descriptor.
    package init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// Writes bytes at an offset and returns how many: pwrite(2).
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(Errno) -> Int {
        guard let start = off_t(exactly: offset) else { throw .fileTooLarge }
        return try transferring(bytes.count) { pwrite(number, bytes.baseAddress, $0, start) }
    }

    /// Writes bytes at the end of the file, wherever that is by now, and returns how many: pwritev2(2).
    package func append(_ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        guard let start = bytes.baseAddress else { return 0 }
        return try transferring(bytes.count) { clinux_append(number, start, $0) }
    }

    /// Reserves or frees space: fallocate(2).
    package func allocate(mode: Int32, at offset: UInt64, count: UInt64) throws(Errno) {
        guard let start = Int64(exactly: offset), let length = Int64(exactly: count) else { throw .fileTooLarge }
        _ = try retrying { clinux_fallocate(number, mode, start, length) }
    }

    /// Waits until changes are on the disk: fsync(2), fdatasync(2).
    package func synchronize(dataOnly: Bool) throws(Errno) {
        _ = try retrying { dataOnly ? fdatasync(number) : fsync(number) }
    }

    /// The first offset not before another where data or a hole begins: lseek(2).
    package func seek(from offset: UInt64, toHole: Bool) throws(Errno) -> UInt64 {
        guard let start = off_t(exactly: offset) else { throw .noSuchAddressOrDevice }
        // `SEEK_DATA` and `SEEK_HOLE`.
        return UInt64(max(0, try retrying { lseek(number, start, toHole ? 4 : 3) }))
    }

    /// Hands out entries of a directory in the file system's order: getdents64(2).
    ///
    /// Moves the descriptor's position: not to be called by two threads at once.
    /// - Parameters:
    ///   - position: 0 for the start, or `ListedEntry.next` of an entry to go on behind it.
    ///   - take: gets an entry; false ends the call.
    package func entries(from position: UInt64, _ take: (ListedEntry) -> Bool) throws(Errno) {
        guard let start = off_t(exactly: position) else { throw .invalidArgument }
        _ = try retrying { lseek(number, start, SEEK_SET) }
        var buffer = [UInt64](repeating: 0, count: 2048)
        var isWanted = true
        while isWanted {
            let count = try retrying { buffer.withUnsafeMutableBytes { Self.read(number, $0) } }
            guard count > 0 else { return }
            let isGood = buffer.withUnsafeBytes { bytes in
                Self.parse(UnsafeRawBufferPointer(rebasing: bytes.prefix(count))) { entry in
                    isWanted = isWanted && take(entry)
                    return isWanted
                }
            }
            guard isGood else { throw .ioError }
        }
    }

    private static func read(_ number: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        buffer.baseAddress.map { clinux_getdents(number, $0, buffer.count) } ?? 0
    }

    /// Takes records apart; false if they are not as getdents64(2) says.
    private static func parse(_ bytes: UnsafeRawBufferPointer, _ take: (ListedEntry) -> Bool) -> Bool {
        var start = 0
        while start < bytes.count {
            guard bytes.count - start > 19 else { return false }
            let length = Int(bytes.loadUnaligned(fromByteOffset: start + 16, as: UInt16.self))
            guard length > 19, length <= bytes.count - start else { return false }
            let name = UnsafeRawBufferPointer(rebasing: bytes[start + 19..<start + length])
            let next = bytes.loadUnaligned(fromByteOffset: start + 8, as: Int64.self)
            guard let end = name.firstIndex(of: 0), next > 0 else { return false }
            let entry = ListedEntry(
                name: UnsafeRawBufferPointer(rebasing: name[..<end]),
                inode: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self), type: bytes[start + 18],
                next: UInt64(next))
            guard take(entry) else { return true }
            start += length
        }
        return true
    }

    var number: Int32 { descriptor.rawValue }
}

/// An entry of a directory, good only while it is handed out.
package struct ListedEntry {
    /// Its name, also `.` and `..`.
    package let name: UnsafeRawBufferPointer
    /// The file's number; of a mountpoint, the number of the directory under the mount.
    package let inode: UInt64
    /// The type as `d_type` of readdir(3) tells it: 0 where the file system does not.
    package let type: UInt8
    /// Where to go on behind it.
    package let next: UInt64
}
