// SPDX-License-Identifier: Apache-2.0

import Archive
import LinuxIO
import OCI

/// A layer's bytes as they come from a source: hashed, counted and, where a blob is to be kept, written.
final class LayerBytes: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as every stream.
    private let source: any ByteStream
    private let expected: ContentDescriptor?
    private let copy: Descriptor?
    private let name: String
    private var hasher = DigestHasher()
    private var written: UInt64 = 0
    /// The first bytes, read ahead and not yet given out; nil before the first read.
    private var head: [UInt8]?
    private(set) var compression = Compression.none
    /// Bytes read so far.
    private(set) var count: UInt64 = 0
    private let advanced: (UInt64) -> Void

    /// Streams `source`.
    ///
    /// - Parameter copy: gets the bytes unless they turn out not to be compressed: then the uncompressed layer is the
    ///   blob.
    init(
        _ source: any ByteStream, expected: ContentDescriptor?, copy: Descriptor?, name: String,
        advanced: @escaping (UInt64) -> Void
    ) {
        self.source = source
        self.expected = expected
        self.copy = copy
        self.name = name
        self.advanced = advanced
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let read = try readHead(into: buffer) ?? source.read(into: buffer)
        guard read > 0 else { return 0 }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<read])
        count += UInt64(read)
        if let expected, count > UInt64(max(0, expected.size)) {
            throw StoreError(.damaged, name, "is longer than the \(expected.size) bytes that its manifest says")
        }
        hasher.update(bytes)
        if let copy, compression != .none {
            try copy.write(bytes)
            // Bytes begin their way to the disk while the rest is still being read.
            if count - written >= 8 << 20 {
                copy.startWriteback(at: written, count: count - written)
                written = count
            }
        }
        advanced(count)
        return read
    }

    /// Gives out what was read ahead to tell the compression; nil when that is used up.
    ///
    /// A source may give its bytes one by one, and nothing may be written before all the magic bytes are seen.
    private func readHead(into buffer: UnsafeMutableRawBufferPointer) throws -> Int? {
        if head == nil {
            var bytes = [UInt8](repeating: 0, count: Compression.headByteCount)
            var filled = 0
            while filled < bytes.count {
                let count = try bytes.withUnsafeMutableBytes { try source.read(into: .init(rebasing: $0[filled...])) }
                if count == 0 { break }
                filled += count
            }
            bytes.removeLast(bytes.count - filled)
            compression = Compression(firstBytes: bytes)
            head = bytes
        }
        guard let bytes = head, !bytes.isEmpty else { return nil }
        let count = min(bytes.count, buffer.count)
        bytes.prefix(count).withUnsafeBytes { buffer.copyMemory(from: $0) }
        head = Array(bytes.dropFirst(count))
        return count
    }

    /// Reads what is left, for its digest alone.
    func drain() throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 64)
        defer { buffer.deallocate() }
        while try read(into: buffer) > 0 {}
    }

    /// Checks size and digest against the descriptor and returns the digest of what was read.
    func verify() throws -> Digest {
        let digest = hasher.finish()
        guard let expected else { return digest }
        guard count == UInt64(max(0, expected.size)) else {
            throw StoreError(.damaged, name, "has \(count) bytes, not the \(expected.size) that its manifest says")
        }
        guard digest == expected.digest else {
            throw StoreError(.damaged, name, "has digest \(digest), not the one that its manifest says")
        }
        return digest
    }
}
