// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Docker's manifest of schema 1, as far as its digest needs it: images are not made of it.
package enum Schema1 {
    private struct Envelope: Decodable {
        struct Signature: Decodable {
            var protected: String
        }

        var signatures: [Signature]
    }

    private struct Protected: Decodable {
        var formatLength: Int
        var formatTail: String
    }

    /// What of a signed manifest its digest is of: the document without the signatures; nil where there are none.
    ///
    /// The signatures were put in before the document's end, which the first of them has, with where it was.
    package static func payload(_ bytes: [UInt8]) -> [UInt8]? {
        let name = "schema 1"
        guard bytes.count <= DocumentLimit.manifest,
            // What has none of this form is not signed so.
            let envelope = try? decode(Envelope.self, bytes, name: name, limit: DocumentLimit.manifest),
            let first = envelope.signatures.first, let header = base64URL(first.protected),
            // As above.
            let protected = try? decode(Protected.self, header, name: name, limit: DocumentLimit.manifest),
            let tail = base64URL(protected.formatTail), (0...bytes.count).contains(protected.formatLength)
        else { return nil }
        return bytes[..<protected.formatLength] + tail
    }

    /// The bytes of base64 for addresses, without padding (RFC 7515, appendix C).
    private static func base64URL(_ text: String) -> [UInt8]? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)).map(
            Array.init)
    }
}
