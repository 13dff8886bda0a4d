// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Sigstore

/// A signature as stores keep it: a simple one, or one of another format.
package enum SignatureFile: Sendable, Hashable {
    /// The most bytes of one: 4 MiB.
    package static let byteLimit = 4 << 20
    /// The most signatures of an image.
    package static let countLimit = 128

    /// An OpenPGP message with the payload in it.
    case simpleSigning([UInt8])
    /// A signature of sigstore: its JSON.
    case sigstore([UInt8])

    /// Tells the format by the first bytes.
    ///
    /// - Throws: `TrustError`: it is of no format that is known, also one that is signed otherwise (armored, clear-signed).
    package init(_ bytes: [UInt8]) throws(TrustError) {
        guard let first = bytes.first else { throw TrustError("an empty signature") }
        if first == 0 {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")), end < 64 else {
                throw TrustError("invalid signature format, missing \\n")
            }
            let rest = Array(bytes[(end + 1)...])
            switch String(decoding: bytes[1..<end], as: UTF8.self) {
            case "simple-signing": self = .simpleSigning(rest)
            case "sigstore-json": self = .sigstore(rest)
            case let other: throw TrustError("unrecognized signature format \(quoted(other))")
            }
            return
        }
        switch first {
        // Compressed data, a signature that announces itself, a signature, a marker: old and new packets of them.
        case 0xA0...0xA3, 0xC8, 0x90...0x92, 0xC4, 0x88...0x8B, 0xC2: self = .simpleSigning(bytes)
        default: throw TrustError("unrecognized signature format, starting with binary \(hexText(bytes.prefix(9)))")
        }
    }

    /// The file's bytes.
    package var bytes: [UInt8] {
        switch self {
        case .simpleSigning(let bytes): bytes
        case .sigstore(let json): [0] + Array("sigstore-json\n".utf8) + json
        }
    }
}

private func hexText(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// The signatures that a registry with the signature extension keeps itself (`X-Registry-Supports-Signatures`).
package enum RegistrySignatures {
    /// The most bytes of a list: 16 MiB.
    package static let byteLimit = 16 << 20

    private struct List: Decodable {
        var signatures: [Entry]?
    }

    private struct Entry: Decodable {
        var schemaVersion: Int?
        var type: String?
        var content: String?
    }

    /// Reads the list of an image's signatures; those of other kinds are left out.
    ///
    /// - Parameters:
    ///   - json: the list as the registry sent it, up to `byteLimit`.
    ///   - name: the list, for messages.
    /// - Throws: `FormatError`, `TrustError`.
    package static func signatures(json: [UInt8], name: String) throws -> [SignatureFile] {
        let list = try decode(List.self, json, name: name, limit: byteLimit)
        return try (list.signatures ?? []).filter { $0.schemaVersion == 2 && $0.type == "atomic" }.map { entry in
            guard let content = base64Decoded(entry.content ?? "") else {
                throw TrustError("\(name): a signature is not base64")
            }
            return try SignatureFile(content)
        }
    }

    /// What is sent to add a signature.
    ///
    /// - Parameters:
    ///   - signature: the signature's bytes.
    ///   - digest: of the image's manifest.
    ///   - suffix: 32 hexadecimal digits that no other signature of the image has.
    package static func json(_ signature: [UInt8], digest: Digest, suffix: String) -> [UInt8] {
        Array(
            "{\"schemaVersion\":2,\"name\":\"\(digest)@\(suffix)\",\"type\":\"atomic\",\"content\":\"\(base64Encoded(signature))\"}"
                .utf8)
    }
}
