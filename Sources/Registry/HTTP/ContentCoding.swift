// SPDX-License-Identifier: Apache-2.0

import Archive
import LinuxIO
import Web

/// Undoing what a server did to a document on the way: gzip or zstd, told by its first bytes.
enum ContentCoding {
    /// Why a document cannot be decoded, besides being broken.
    enum Failure: Error {
        case tooLarge
    }

    /// Decodes a document; one that is not coded stays as it is.
    ///
    /// - Throws: `Failure.tooLarge` beyond `limit` bytes, which are all that is decoded; what the decoders throw.
    static func decoded(_ bytes: [UInt8], limit: Int) throws -> [UInt8] {
        let stream = try decompressing(BytesStream(bytes))
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
            if count == 0 { return result }
            guard count <= limit - result.count else { throw Failure.tooLarge }
            result += buffer[..<count]
        }
    }
}
