// SPDX-License-Identifier: Apache-2.0

import CLibZ
import CLibZstd
import OCI

/// How a test compresses a layer or an archive.
package enum LayerCompression: Sendable, Hashable, CaseIterable {
    /// Not at all.
    case none
    /// One gzip member.
    case gzip
    /// Three gzip members, the middle one empty.
    case gzipMembers
    /// One zstd frame with its content size.
    case zstd
    /// Two zstd frames with skippable frames before, between and behind them.
    case zstdFrames

    /// The compressed bytes.
    package func callAsFunction(_ bytes: [UInt8]) -> [UInt8] {
        let middle = bytes.count / 2
        switch self {
        case .none: return bytes
        case .gzip: return Self.gzipMember(bytes)
        case .gzipMembers:
            return Self.gzipMember(Array(bytes[..<middle])) + Self.gzipMember([])
                + Self.gzipMember(Array(bytes[middle...]))
        case .zstd: return Self.zstdFrame(bytes)
        case .zstdFrames:
            return Self.skippableFrame([1, 2, 3]) + Self.zstdFrame(Array(bytes[..<middle])) + Self.skippableFrame([])
                + Self.zstdFrame(Array(bytes[middle...])) + Self.skippableFrame([UInt8](repeating: 7, count: 1000))
        }
    }

    /// The media type of a layer compressed so.
    package var layerMediaType: String {
        switch self {
        case .none: MediaType.layer
        case .gzip, .gzipMembers: MediaType.layerGzip
        case .zstd, .zstdFrames: MediaType.layerZstd
        }
    }

    /// One gzip member (RFC 1952) of these bytes.
    package static func gzipMember(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        precondition(
            deflateInit2_(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK)
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
        let produced = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
                return Int(stream.total_out)
            }
        }
        return Array(output[..<produced])
    }

    /// One zstd frame (RFC 8878) of these bytes.
    package static func zstdFrame(_ bytes: [UInt8], level: Int32 = 3) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
        let produced = ZSTD_compress(&output, output.count, bytes, bytes.count, level)
        precondition(ZSTD_isError(produced) == 0)
        return Array(output[..<produced])
    }

    /// A zstd frame that decoders skip, with some content.
    package static func skippableFrame(_ content: [UInt8], magic: UInt8 = 0) -> [UInt8] {
        let count = UInt32(content.count)
        return [0x50 | (magic & 15), 0x2A, 0x4D, 0x18] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
            + content
    }
}
