// SPDX-License-Identifier: Apache-2.0

import OCI
import SwiftASN1

/// What a certificate says of itself, as text; whether any of it is true is not asked.
package struct CertificateFacts: Sendable {
    /// Whose it is: `CN=example.org, O=Example`.
    package let subject: String
    /// Who made it.
    package let issuer: String
    /// From when on it holds, in seconds since 1970.
    package let begin: Int64
    /// Until when it holds, in seconds since 1970.
    package let end: Int64
    /// Its number, in hexadecimal digits.
    package let serial: String
    /// The names that it is for.
    package let names: [String]
    /// Whether it may make others.
    package let isAuthority: Bool

    /// Reads a certificate in DER.
    package init(_ der: [UInt8]) throws(TrustError) {
        let certificate = try SignerCertificate(der)
        (subject, issuer) = (Self.text(certificate.subjectName), Self.text(certificate.issuerName))
        (begin, end) = (certificate.validity.lowerBound, certificate.validity.upperBound)
        // What cannot be read has no digits.
        let number = (try? DERNode(certificate.serialNumber).content) ?? []
        serial = number.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        names = certificate.names.map(\.text)
        isAuthority = certificate.isAuthority
    }

    private static let types = [
        "2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
        "2.5.4.9": "street", "2.5.4.10": "O", "2.5.4.11": "OU", "1.2.840.113549.1.9.1": "emailAddress",
        "0.9.2342.19200300.100.1.25": "DC", "2.5.4.97": "organizationIdentifier",
    ]

    /// A name: its parts in the order in which they stand.
    private static func text(_ name: [UInt8]) -> String {
        // As above.
        guard let node = try? DERNode(name) else { return "" }
        return node.children.flatMap(\.children).map { part in
            let type = part.children.first?.objectIdentifier ?? "?"
            let value = part.children.dropFirst().first.map { value in
                let bytes = value.content ?? []
                // Letters of two bytes each.
                guard value.isA(.bmpString) else { return String(decoding: bytes, as: UTF8.self) }
                return String(
                    decoding: stride(from: 0, to: bytes.count - 1, by: 2).map {
                        UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
                    }, as: UTF16.self)
            }
            return "\(types[type] ?? type)=\(value ?? "")"
        }.joined(separator: ", ")
    }
}
