// SPDX-License-Identifier: Apache-2.0

import Cryptography
import SwiftASN1

/// Public keys in DER: SubjectPublicKeyInfo (RFC 5280, 5480, 8410, 3279), and RSA's older form (PKCS #1).
enum PublicKeyDER {
    private static let curve = "1.2.840.10045.2.1"
    private static let rsa = "1.2.840.113549.1.1.1"
    private static let ed25519 = "1.3.101.112"
    private static let curves: [(name: String, kind: PublicNumbers.Kind)] = [
        ("1.2.840.10045.3.1.7", .p256), ("1.3.132.0.34", .p384), ("1.3.132.0.35", .p521),
    ]

    /// The numbers of a key; nil for what is no key of a kind that is known.
    ///
    /// - Throws: `CryptographyError` where the library is not there.
    static func numbers(_ der: [UInt8]) throws(CryptographyError) -> PublicNumbers? {
        // What cannot be read is none.
        guard let node = try? DERNode(der), node.isA(.sequence), node.children.count == 2 else { return nil }
        let parts = node.children
        if parts[0].isA(.integer) { return try rsaNumbers(node) }
        guard parts[0].isA(.sequence), let name = parts[0].children.first?.objectIdentifier, parts[1].isA(.bitString),
            let content = parts[1].content, content.first == 0
        else { return nil }
        let (rest, bytes) = (parts[0].children.dropFirst(), Array(content.dropFirst()))
        switch name {
        case ed25519 where rest.isEmpty: return try PublicNumbers(.ed25519, bytes)
        case curve where rest.count == 1:
            guard let found = curves.first(where: { $0.name == rest.first?.objectIdentifier }) else { return nil }
            return try PublicNumbers(found.kind, bytes)
        case rsa where rest.count == 1 && rest.first?.isA(.null) == true:
            // As above.
            guard let inner = try? DERNode(bytes) else { return nil }
            return try rsaNumbers(inner)
        default: return nil
        }
    }

    private static func rsaNumbers(_ node: DERNode) throws(CryptographyError) -> PublicNumbers? {
        guard node.isA(.sequence), node.children.count == 2, let modulus = number(node.children[0]),
            let exponent = number(node.children[1])
        else { return nil }
        return try PublicNumbers(.rsa, modulus, exponent: exponent)
    }

    /// A whole number above zero, without the zero before its sign; nil for others and for one with needless zeros.
    private static func number(_ node: DERNode) -> [UInt8]? {
        guard node.isA(.integer), let content = node.content, let first = content.first, first < 0x80 else {
            return nil
        }
        guard first == 0 else { return content }
        guard content.count > 1, content[1] >= 0x80 else { return nil }
        return Array(content.dropFirst())
    }

    /// A key in DER (SubjectPublicKeyInfo).
    static func encoded(_ numbers: PublicNumbers) -> [UInt8] {
        func identifier(_ text: String) -> [UInt8] {
            var bytes: [UInt8] = []
            let parts = text.split(separator: ".").compactMap { UInt64($0) }
            for (position, part) in parts.enumerated() where position != 0 {
                var rest = position == 1 ? parts[0] * 40 + part : part
                var groups = [UInt8(rest & 0x7F)]
                while rest >= 0x80 {
                    rest >>= 7
                    groups.insert(UInt8(rest & 0x7F) | 0x80, at: 0)
                }
                bytes += groups
            }
            return DERNode.encoded(0x06, bytes)
        }
        func integer(_ bytes: [UInt8]) -> [UInt8] {
            DERNode.encoded(0x02, (bytes.first ?? 0) >= 0x80 ? [0] + bytes : bytes)
        }
        let algorithm: [UInt8]
        var key = numbers.bytes
        switch numbers.kind {
        case .ed25519: algorithm = identifier(ed25519)
        case .rsa:
            algorithm = identifier(rsa) + [0x05, 0]
            key = DERNode.encoded(0x30, integer(numbers.bytes) + integer(numbers.exponent))
        case .p256, .p384, .p521:
            let name = curves.first { $0.kind == numbers.kind }?.name ?? ""
            algorithm = identifier(curve) + identifier(name)
        }
        return DERNode.encoded(0x30, DERNode.encoded(0x30, algorithm) + DERNode.encoded(0x03, [0] + key))
    }
}
