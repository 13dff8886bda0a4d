// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import OCI
import SwiftASN1
import X509

/// A certificate: whose key it is, who says so, and when that holds.
struct SignerCertificate: Sendable {
    /// The most bytes of one: 64 KiB.
    static let byteLimit = 64 << 10

    let certificate: Certificate
    /// The certificate in DER.
    let der: [UInt8]

    /// Reads a certificate in DER.
    init(_ der: [UInt8]) throws(TrustError) {
        guard der.count <= Self.byteLimit else { throw TrustError("a certificate of \(der.count) bytes") }
        do {
            certificate = try Certificate(derEncoded: der)
        } catch {
            throw TrustError("a certificate that cannot be read")
        }
        self.der = der
    }

    /// The certificates in blocks of PEM.
    static func all(pem: [UInt8]) throws(TrustError) -> [SignerCertificate] {
        var certificates: [SignerCertificate] = []
        for block in try PEMBlock.blocks(pem) {
            guard block.label == "CERTIFICATE" else {
                throw TrustError("unsupported pem type: \(block.label.printable)")
            }
            certificates.append(try SignerCertificate(block.bytes))
        }
        guard !certificates.isEmpty else { throw TrustError("invalid pem block") }
        return certificates
    }

    /// The key that it is about.
    func key() throws(TrustError) -> SigstoreKey {
        try SigstoreKey(der: Array(certificate.publicKey.subjectPublicKeyInfoBytes))
    }

    /// Whether it holds at a time, in seconds since 1970.
    func isValid(at time: Int64) -> Bool {
        let time = Double(time)
        return certificate.notValidBefore.timeIntervalSince1970 <= time
            && time <= certificate.notValidAfter.timeIntervalSince1970
    }

    /// Whether it names itself as its issuer.
    var isRoot: Bool { certificate.subject == certificate.issuer && isAuthority }

    /// Whether it may make others.
    var isAuthority: Bool {
        // What cannot be read makes no authority.
        if case .isCertificateAuthority? = try? certificate.extensions.basicConstraints { return true }
        return false
    }

    /// The bytes of an extension; nil where it is not there.
    func value(_ identifier: ASN1ObjectIdentifier) -> [UInt8]? {
        certificate.extensions[oid: identifier].map { Array($0.value) }
    }

    // MARK: - Chains

    /// Extensions that are looked at, so that they may be critical.
    private static let known: Set<ASN1ObjectIdentifier> = [
        .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage,
        .X509ExtensionID.subjectAlternativeName,
    ]

    private var hasUnknownCriticalExtension: Bool {
        certificate.extensions.contains { $0.critical && !Self.known.contains($0.oid) }
    }

    /// Whether this is an authority that made another certificate, which has `below` authorities under it.
    private func made(_ other: SignerCertificate, below: Int) -> Bool {
        guard certificate.subject == other.certificate.issuer,
            // What cannot be read allows nothing.
            case .isCertificateAuthority(let limit)? = try? certificate.extensions.basicConstraints,
            limit.map({ below <= $0 }) ?? true, !hasUnknownCriticalExtension
        else { return false }
        if certificate.extensions[oid: .X509ExtensionID.keyUsage] != nil {
            guard (try? certificate.extensions.keyUsage)?.keyCertSign == true else { return false }
        }
        return certificate.publicKey.isValidSignature(other.certificate.signature, for: other.certificate)
    }

    /// The certificates from this one to one that is trusted.
    ///
    /// - Parameters:
    ///   - anchors: certificates that are trusted themselves.
    ///   - others: certificates that may stand between.
    ///   - time: when all of them must hold.
    /// - Returns: nil where there is no way.
    func chain(to anchors: [SignerCertificate], through others: [SignerCertificate], at time: Int64)
        -> [SignerCertificate]?
    {
        guard isValid(at: time), !hasUnknownCriticalExtension else { return nil }
        var chain = [self]
        while chain.count <= 8 {
            let last = chain[chain.count - 1]
            func isNext(_ candidate: SignerCertificate) -> Bool {
                candidate.isValid(at: time) && candidate.made(last, below: chain.count - 1)
            }
            if let anchor = anchors.first(where: isNext) { return chain + [anchor] }
            guard
                let next = others.first(where: { other in
                    !chain.contains { $0.der == other.der } && isNext(other)
                })
            else { return nil }
            chain.append(next)
        }
        return nil
    }

    /// Whether the key is for a purpose.
    ///
    /// - Parameter isOnly: whether it must be for nothing else, and say so critically.
    func isFor(_ usage: ExtendedKeyUsage.Usage, isOnly: Bool = false) -> Bool {
        guard let found = certificate.extensions[oid: .X509ExtensionID.extendedKeyUsage],
            // What cannot be read is for nothing.
            let usages = try? ExtendedKeyUsage(found)
        else { return false }
        return usages.contains(usage) && (!isOnly || (found.critical && usages.count == 1))
    }

    // MARK: - Who it is

    /// The names that the certificate is for: mail addresses, addresses, and names of other kinds as text.
    var names: [(kind: NameKind, text: String)] {
        // What cannot be read names nobody.
        guard let names = try? certificate.extensions.subjectAlternativeNames else { return [] }
        return names.compactMap { name in
            switch name {
            case .rfc822Name(let text): (.email, text)
            case .uniformResourceIdentifier(let text): (.uri, text)
            case .dnsName(let text): (.host, text)
            case .otherName(let other):
                // The name of a user that is no mail address (Fulcio).
                if "\(other.typeID)" == "1.3.6.1.4.1.57264.1.7", let value = other.value,
                    let text = try? ASN1UTF8String(asn1Any: value)
                {
                    (.other, String(text))
                } else {
                    nil
                }
            default: nil
            }
        }
    }

    /// Kinds of names.
    enum NameKind: Sendable {
        case email
        case uri
        case host
        case other
    }

    /// Who vouched for the signer, by either of the two extensions of Fulcio, which must agree.
    func issuer() throws(TrustError) -> String? {
        let old = value([1, 3, 6, 1, 4, 1, 57264, 1, 1]).map { String(decoding: $0, as: UTF8.self) }
        guard let bytes = value([1, 3, 6, 1, 4, 1, 57264, 1, 8]) else { return old }
        let node = try DERNode(bytes)
        guard node.isA(.utf8String), let content = node.content else {
            throw TrustError("a certificate whose issuer of identities cannot be read")
        }
        let new = String(decoding: content, as: UTF8.self)
        guard old == nil || old == new else {
            throw TrustError("a certificate with two issuers of identities, \(quoted(old ?? "")) and \(quoted(new))")
        }
        return new
    }
}
