// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// How a stream is compressed, told by its first bytes and never by what is said of it.
package enum Compression: String, Sendable {
    case none
    case gzip
    case zstd
    case xz
    case bzip2
    case lz4
    case lzip

    /// Tells the compression from a stream's first bytes (RFC 1952 §2.3.1, RFC 8878 §3.1).
    ///
    /// - Parameter bytes: `headByteCount` of them, or all that there are.
    package init(firstBytes bytes: some Collection<UInt8>) {
        let bytes = Array(bytes.prefix(Self.headByteCount))
        func begins(_ magic: [UInt8]) -> Bool { bytes.starts(with: magic) }
        if begins([0x1F, 0x8B, 8]) {
            self = .gzip
        } else if begins([0x28, 0xB5, 0x2F, 0xFD])
            || (bytes.count >= 4 && bytes[0] & 0xF0 == 0x50 && bytes[1..<4] == [0x2A, 0x4D, 0x18])
        {
            self = .zstd
        } else if begins([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]) {
            self = .xz
        } else if begins(Array("BZh".utf8)), bytes.dropFirst(4) == [0x31, 0x41, 0x59, 0x26, 0x53, 0x59] {
            self = .bzip2
        } else if begins([0x04, 0x22, 0x4D, 0x18]) {
            self = .lz4
        } else if begins(Array("LZIP".utf8) + [1]) {
            self = .lzip
        } else {
            self = .none
        }
    }

    /// First bytes that tell a compression from all others.
    package static let headByteCount = 10

    /// Whether it is undone by libarchive, in a child.
    package var isForeign: Bool { [.xz, .bzip2, .lz4, .lzip].contains(self) }
}

/// A stream whose first bytes have been read already and are given out again.
final class PeekedStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as every stream.
    private var head: ArraySlice<UInt8>
    private let rest: any ByteStream

    init(head: [UInt8], rest: any ByteStream) {
        self.head = head[...]
        self.rest = rest
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !head.isEmpty else { return try rest.read(into: buffer) }
        let count = min(head.count, buffer.count)
        head.prefix(count).withUnsafeBytes { buffer.copyMemory(from: $0) }
        head = head.dropFirst(count)
        // More with it: ISA-L takes a piece that ends with a member's header for damaged.
        guard count < buffer.count else { return count }
        return count + (try rest.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...])))
    }
}

/// The uncompressed bytes of a stream that is compressed with gzip (any number of members), zstd (any number of frames,
/// skippable ones too) or not at all.
///
/// - Parameters:
///   - largeWindow: what streams share that are read at the same time, so that their memory stays small.
///   - undoesOthers: whether a child of this program undoes xz, bzip2, lz4 and lzip.
/// - Throws: from the stream's `read`, `ArchiveError` for damaged or cut-off data.
package func decompressing(
    _ stream: any ByteStream, largeWindow: LargeWindow? = nil, undoesOthers: Bool = false
) throws -> any ByteStream {
    var head = [UInt8](repeating: 0, count: Compression.headByteCount)
    let filled = try fill(&head, from: 0, of: stream)
    let whole = PeekedStream(head: Array(head.prefix(filled)), rest: stream)
    let compression = Compression(firstBytes: head.prefix(filled))
    switch compression {
    case .none: return whole
    case .gzip: return try GzipStream(whole)
    case .zstd: return try ZstdStream(whole, largeWindow: largeWindow)
    case .xz, .bzip2, .lz4, .lzip:
        let name = "compressed with \(compression.rawValue)"
        guard undoesOthers else { throw ArchiveError(reason: "is \(name), which has no place here") }
        return try ForeignStream(whole, .decompress, name: name)
    }
}

/// Reads into bytes until all are there or the stream ends; returns how many are.
private func fill(_ head: inout [UInt8], from start: Int, of stream: any ByteStream) throws -> Int {
    var filled = start
    while filled < head.count {
        let count = try head.withUnsafeMutableBytes { try stream.read(into: .init(rebasing: $0[filled...])) }
        if count == 0 { break }
        filled += count
    }
    return filled
}
