// SPDX-License-Identifier: Apache-2.0

/// Bytes that can be read once, from the first to the last, by one thread at a time.
package protocol ByteStream: AnyObject, Sendable {
    /// Reads the next bytes into `buffer`, which holds at least one.
    ///
    /// - Returns: the bytes read: at least 1, or 0 at the end of the stream.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// The bytes of an open file from an offset on, at most a given count of them.
package final class FileStream: ByteStream, @unchecked Sendable {
    // SAFETY: `position` is changed by the one thread that reads at a time.
    private let descriptor: Descriptor
    private var position: UInt64
    private let end: UInt64

    /// Streams the file's bytes in `range`; what lies beyond the end of the file is missing from the stream.
    package init(_ descriptor: Descriptor, range: Range<UInt64> = 0..<UInt64(Int64.max)) {
        self.descriptor = descriptor
        position = range.lowerBound
        end = range.upperBound
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let wanted = Int(min(UInt64(buffer.count), end - position))
        guard wanted > 0 else { return 0 }
        let count = try descriptor.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
        position += UInt64(count)
        return count
    }
}

/// Bytes in memory as a stream.
package final class BytesStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as every stream.
    private var rest: ArraySlice<UInt8>

    /// Makes a stream of bytes.
    package init(_ bytes: [UInt8]) { rest = bytes[...] }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let part = rest.prefix(buffer.count)
        part.withUnsafeBytes { buffer.copyMemory(from: $0) }
        rest = rest.dropFirst(part.count)
        return part.count
    }
}
