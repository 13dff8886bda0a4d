// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// How a stream is compressed, told by its first bytes and never by what is said of it.
package enum Compression: String, Sendable {
    case none
    case gzip
    case zstd

    /// Tells the compression from a stream's first bytes (RFC 1952 §2.3.1, RFC 8878 §3.1).
    package init(firstBytes bytes: some Collection<UInt8>) {
        let bytes = Array(bytes.prefix(4))
        if bytes.starts(with: [0x1F, 0x8B, 8]) {
            self = .gzip
        } else if bytes == [0x28, 0xB5, 0x2F, 0xFD]
            || (bytes.count == 4 && bytes[0] & 0xF0 == 0x50
                && bytes[1...] == [0x2A, 0x4D, 0x18])
        {
            self = .zstd
        } else {
            self = .none
        }
    }

    /// First bytes that tell a compression from all others: as many as `refuseOthers(firstBytes:)` looks at.
    package static let headByteCount = 10

    /// Refuses a stream that is compressed in a way that is known and not undone.
    ///
    /// - Throws: `ArchiveError` that names the program that undoes it.
    package static func refuseOthers(firstBytes bytes: some Collection<UInt8>) throws(ArchiveError) {
        let bytes = Array(bytes.prefix(headByteCount))
        let program: String
        if bytes.starts(with: [0xFD, 0x37, 0x7A, 0x58]) {
            program = "xz"
        } else if bytes.starts(with: Array("BZh".utf8)), bytes.dropFirst(4) == [0x31, 0x41, 0x59, 0x26, 0x53, 0x59] {
            program = "bzip2"
        } else {
            return
        }
        throw ArchiveError(
            reason: "is compressed with \(program), which is not supported; decompress it first: \(program) -dc")
    }
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
        return count
    }
}

/// The uncompressed bytes of a stream that is compressed with gzip (any number of members), zstd (any number of frames,
/// skippable ones too) or not at all.
///
/// - Parameter largeWindow: what streams share that are read at the same time, so that their memory stays small.
/// - Throws: from the stream's `read`, `ArchiveError` for damaged or cut-off data.
package func decompressing(
    _ stream: any ByteStream, largeWindow: LargeWindow? = nil
) throws -> any ByteStream {
    var head = [UInt8](repeating: 0, count: 4)
    var filled = try fill(&head, from: 0, of: stream)
    if head.starts(with: "BZh".utf8) {
        // A name may begin so; more bytes tell.
        head += [UInt8](repeating: 0, count: Compression.headByteCount - head.count)
        filled = try fill(&head, from: filled, of: stream)
    }
    try Compression.refuseOthers(firstBytes: head.prefix(filled))
    let whole = PeekedStream(head: Array(head.prefix(filled)), rest: stream)
    switch Compression(firstBytes: head.prefix(filled)) {
    case .none: return whole
    case .gzip: return try GzipStream(whole)
    case .zstd: return try ZstdStream(whole, largeWindow: largeWindow)
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
