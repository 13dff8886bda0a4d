// SPDX-License-Identifier: Apache-2.0

import FileTree

extension BrowsedTree {
    /// Reads all bytes of a regular file that has no more than a given number.
    ///
    /// - Throws: `BrowsingError`, for a larger file without reading more than `limit` bytes of it.
    package func bytes(of file: BrowsedFile, limit: UInt64) throws(BrowsingError) -> [UInt8] {
        try checkReadable(file)
        let size = try attributes(of: file).size
        guard size <= limit else { throw error(.tooLarge(limit: limit), at: file.path) }
        // What is made when it is read says that it has no bytes; a byte more tells that a file has grown.
        var bytes = try bytes(of: file, at: 0, count: Int(clamping: size) + 1)
        while UInt64(bytes.count) > size {
            guard UInt64(bytes.count) <= limit else { throw error(.tooLarge(limit: limit), at: file.path) }
            let room = limit - UInt64(bytes.count) + 1
            let more = try self.bytes(of: file, at: UInt64(bytes.count), count: Int(min(room, 1 << 16)))
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }

    /// Reads up to `count` bytes of a regular file from `offset` on: fewer only at its end.
    ///
    /// - Throws: `BrowsingError`.
    package func bytes(of file: BrowsedFile, at offset: UInt64, count: Int) throws(BrowsingError) -> [UInt8] {
        try checkReadable(file)
        return try at(file.path) {
            try [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, filled in
                let whole = UnsafeMutableRawBufferPointer(buffer)
                // A source may give less than there is.
                while filled < whole.count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: whole[filled...])
                    let read = try source.read(file.node, at: offset + UInt64(filled), into: rest)
                    guard read > 0 else { break }
                    filled += read
                }
            }
        }
    }

    /// Hands out the bytes of a regular file in order, in pieces of up to 1 MiB that are valid during the call.
    ///
    /// - Throws: `BrowsingError`; what `body` throws.
    package func forEachPiece(of file: BrowsedFile, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try checkReadable(file)
        let size = try attributes(of: file).size
        let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Int(min(max(size, 1 << 14), 1 << 20)), alignment: 4096)
        defer { room.deallocate() }
        var offset: UInt64 = 0
        while true {
            let count = try at(file.path) { try source.read(file.node, at: offset, into: room) }
            guard count > 0 else { return }
            try body(UnsafeRawBufferPointer(rebasing: room[..<count]))
            offset += UInt64(count)
        }
    }

    private func checkReadable(_ file: BrowsedFile) throws(BrowsingError) {
        switch file.type {
        case .regular: return
        case .directory: throw error(.isDirectory, at: file.path)
        default: throw error(.isSpecial(file.type), at: file.path)
        }
    }
}
