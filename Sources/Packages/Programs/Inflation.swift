// SPDX-License-Identifier: Apache-2.0

import CLibZ

/// Deflated bytes in memory, inflated by zlib.
enum Inflation {
    /// What is around the deflated bytes.
    enum Format {
        case zlib
        /// Nothing, as in zip.
        case raw
    }

    /// Inflates bytes.
    ///
    /// - Throws: `RecordError` that names `object`, also for more than `limit` bytes.
    static func inflate(
        _ packed: [UInt8], format: Format, limit: Int, object: String
    ) throws(RecordError) -> [UInt8] {
        var stream = z_stream()
        let window = format == .raw ? -MAX_WBITS : MAX_WBITS
        guard inflateInit2_(&stream, window, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw RecordError(object, "there is no memory to inflate it")
        }
        defer { inflateEnd(&stream) }
        var result: [UInt8] = []
        var input = packed
        let outcome: CInt = input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(clamping: source.count)
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64 << 10) { room in
                while true {
                    stream.next_out = room.baseAddress
                    stream.avail_out = UInt32(room.count)
                    let code = CLibZ.inflate(&stream, Z_NO_FLUSH)
                    result += room[..<(room.count - Int(stream.avail_out))]
                    if code == Z_STREAM_END || code != Z_OK || result.count > limit { return code }
                }
            }
        }
        guard result.count <= limit else { throw RecordError(object, "is larger than \(limit) bytes when inflated") }
        guard outcome == Z_STREAM_END else { throw RecordError(object, "cannot be inflated") }
        return result
    }
}
