// SPDX-License-Identifier: Apache-2.0

import OCI

/// Bytes in text armor with a label (RFC 7468): a key, a certificate.
package struct PEMBlock: Sendable, Hashable {
    /// The most blocks of a text.
    package static let countLimit = 128

    /// What it is: `PUBLIC KEY`.
    package var label: String
    /// The bytes.
    package var bytes: [UInt8]

    /// Makes a block.
    package init(label: String, bytes: [UInt8]) {
        self.label = label
        self.bytes = bytes
    }

    /// The blocks of a text, in order; what stands between them is nobody's.
    ///
    /// - Throws: `TrustError`: a block without an end, or whose content is not base64.
    package static func blocks(_ text: [UInt8]) throws(TrustError) -> [PEMBlock] {
        var blocks: [PEMBlock] = []
        var begun: (label: String, content: String)?
        for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let line = String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
            if let (label, content) = begun {
                if line == "-----END \(label)-----" {
                    guard let bytes = base64Bytes(content) else {
                        throw TrustError("invalid pem block: \(label.printable) is not base64")
                    }
                    guard blocks.count < countLimit else { throw TrustError("more than \(countLimit) pem blocks") }
                    blocks.append(PEMBlock(label: label, bytes: bytes))
                    begun = nil
                } else {
                    begun = (label, content + line)
                }
            } else if line.hasPrefix("-----BEGIN "), line.hasSuffix("-----"), line.utf8.count > 16 {
                begun = (String(line.dropFirst(11).dropLast(5)), "")
            }
        }
        guard begun == nil else { throw TrustError("invalid pem block: has no end") }
        return blocks
    }

    /// The one block that a text must have.
    ///
    /// - Throws: `TrustError`.
    package static func only(_ text: [UInt8]) throws(TrustError) -> PEMBlock {
        let blocks = try blocks(text)
        guard let first = blocks.first else { throw TrustError("invalid pem block") }
        guard blocks.count == 1 else { throw TrustError("\(blocks.count) pem blocks where one is expected") }
        return first
    }

    /// The block as text, lines of 64 characters.
    package var text: String {
        var text = "-----BEGIN \(label)-----\n"
        var rest = base64Encoded(bytes)[...]
        while !rest.isEmpty {
            text += rest.prefix(64) + "\n"
            rest = rest.dropFirst(64)
        }
        return text + "-----END \(label)-----\n"
    }
}

/// The bytes of a text in base64 that is written in the one way there is: no other characters, no bits left over.
///
/// So no bit of a signed document can change without its bytes changing.
package func base64Bytes(_ text: String) -> [UInt8]? {
    guard text.utf8.count % 4 == 0, let bytes = Base64.decoded(text.utf8) else { return nil }
    return Array(text.utf8) == Base64.encoded(bytes) ? bytes : nil
}
