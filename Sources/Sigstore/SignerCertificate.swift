// SPDX-License-Identifier: Apache-2.0

import Cryptography
import OCI
import SwiftASN1

/// A certificate (RFC 5280): whose key it is, who says so, and when that holds.
struct SignerCertificate: Sendable {
    /// The most bytes of one: 64 KiB.
    static let byteLimit = 64 << 10

    /// The certificate in DER.
    let der: [UInt8]
    /// The part that is signed, in DER.
    let body: DERNode
    /// Its number, in DER.
    let serialNumber: [UInt8]
    /// Who made it, in DER.
    let issuerName: [UInt8]
    /// Whose it is, in DER.
    let subjectName: [UInt8]
    /// When it holds, in seconds since 1970.
    let validity: ClosedRange<Int64>
    private let keyBytes: [UInt8]
    private let signatureAlgorithm: String
    private let signature: [UInt8]
    private let extensions: [String: CertificateExtension]

    /// Reads a certificate in DER.
    init(_ der: [UInt8]) throws(TrustError) {
        guard der.count <= Self.byteLimit else { throw TrustError("a certificate of \(der.count) bytes") }
        let what = "certificate"
        let whole = try DERNode(der).members(atLeast: 3, what)
        let fields = try whole[0].members(atLeast: 6, what)
        // The version stands first where it is not the oldest.
        let rest = Array(fields[0].place == 0 ? fields[1...] : fields[0...])
        guard rest.count >= 6, rest[0].isA(.integer), rest[1].bytes == whole[1].bytes,
            let algorithm = whole[1].children.first?.objectIdentifier, let bits = whole[2].bits
        else { throw TrustError("a certificate that cannot be read") }
        let times = rest[3].children.compactMap(\.time)
        guard times.count == 2, times[0] <= times[1] else { throw TrustError("a certificate that holds at no time") }
        self.der = der
        body = whole[0]
        (serialNumber, issuerName, subjectName) = (rest[0].bytes, rest[2].bytes, rest[4].bytes)
        validity = times[0]...times[1]
        keyBytes = rest[5].bytes
        (signatureAlgorithm, signature) = (algorithm, bits)
        extensions = try CertificateExtension.all(rest.dropFirst(6).first { $0.place == 3 })
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
    func key() throws(TrustError) -> SigstoreKey { try SigstoreKey(der: keyBytes) }

    /// Whether it holds at a time, in seconds since 1970.
    func isValid(at time: Int64) -> Bool { validity.contains(time) }

    /// Whether it names itself as its issuer.
    var isRoot: Bool { subjectName == issuerName && isAuthority }

    /// Whether it may make others.
    var isAuthority: Bool { authority != nil }

    /// The bytes of an extension; nil where it is not there.
    func value(_ identifier: String) -> [UInt8]? { extensions[identifier]?.value }

    // MARK: - Chains

    /// Whether it may make others, and how many authorities may stand below it; nil where it may not.
    private var authority: (limit: Int?, Void)? {
        // What cannot be read makes no authority.
        guard let value = value(CertificateExtension.basicConstraints), let members = try? DERNode(value).children,
            members.first?.isA(.boolean) == true, members.first?.content == [0xFF]
        else { return nil }
        guard members.count > 1 else { return (nil, ()) }
        guard let limit = members[1].number, limit >= 0 else { return nil }
        return (limit, ())
    }

    private var hasUnknownCriticalExtension: Bool {
        extensions.contains { $0.value.isCritical && !CertificateExtension.known.contains($0.key) }
    }

    /// Whether this is an authority that made another certificate, which has `below` authorities under it.
    private func made(_ other: SignerCertificate, below: Int) -> Bool {
        guard subjectName == other.issuerName, let authority, authority.limit.map({ below <= $0 }) ?? true,
            !hasUnknownCriticalExtension
        else { return false }
        if let value = value(CertificateExtension.keyUsage) {
            // Bit 5: signing certificates.
            guard let bits = try? DERNode(value).bits, let first = bits.first, first & 0x04 != 0 else { return false }
        }
        // A key that cannot be read has made nothing.
        guard let key = try? key() else { return false }
        let body = other.body.bytes
        switch other.signatureAlgorithm {
        case "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11", "1.3.101.112":
            return key.isValid(other.signature, of: body, hash: .sha256)
        case "1.2.840.10045.4.3.3", "1.2.840.113549.1.1.12":
            return key.isValid(other.signature, of: body, hash: .sha384)
        case "1.2.840.10045.4.3.4", "1.2.840.113549.1.1.13":
            return key.isValid(other.signature, of: body, hash: .sha512)
        default: return false
        }
    }

    /// The certificates from this one to one that is trusted.
    ///
    /// - Parameters:
    ///   - anchors: certificates that are trusted themselves.
    ///   - others: certificates that may stand between.
    ///   - time: when all of them must hold.
    /// - Returns: nil where there is no way.
    func chain(
        to anchors: [SignerCertificate], through others: [SignerCertificate], at time: Int64
    ) -> [SignerCertificate]? {
        guard isValid(at: time), !hasUnknownCriticalExtension else { return nil }
        var chain = [self]
        while chain.count <= 8 {
            let last = chain[chain.count - 1]
            func isNext(_ candidate: SignerCertificate) -> Bool {
                candidate.isValid(at: time) && candidate.made(last, below: chain.count - 1)
            }
            if let anchor = anchors.first(where: isNext) { return chain + [anchor] }
            let next = others.first { other in !chain.contains { $0.der == other.der } && isNext(other) }
            guard let next else { return nil }
            chain.append(next)
        }
        return nil
    }

    /// Whether the key is for a purpose.
    ///
    /// - Parameters:
    ///   - isOnly: whether it must be for nothing else, and say so critically.
    ///   - mayBeSilent: whether one that does not say what it is for will do.
    func isFor(_ purpose: String, isOnly: Bool = false, mayBeSilent: Bool = false) -> Bool {
        if mayBeSilent, extensions[CertificateExtension.extendedKeyUsage] == nil { return true }
        // What cannot be read is for nothing.
        guard let found = extensions[CertificateExtension.extendedKeyUsage], let node = try? DERNode(found.value) else {
            return false
        }
        let purposes = node.children.map(\.objectIdentifier)
        return purposes.contains(purpose) && (!isOnly || (found.isCritical && purposes.count == 1))
    }

    /// Signing code.
    static let codeSigning = "1.3.6.1.5.5.7.3.3"
    /// Making timestamps.
    static let timeStamping = "1.3.6.1.5.5.7.3.8"

    /// What the certificate calls its key; nil where it does not.
    var keyIdentifier: [UInt8]? {
        // What cannot be read is no name.
        value("2.5.29.14").flatMap { try? DERNode($0).content }
    }
}

/// Something more that a certificate says.
struct CertificateExtension: Sendable {
    static let basicConstraints = "2.5.29.19"
    static let keyUsage = "2.5.29.15"
    static let extendedKeyUsage = "2.5.29.37"
    static let alternativeNames = "2.5.29.17"
    /// Those that are looked at, so that they may be critical.
    static let known: Set<String> = [basicConstraints, keyUsage, extendedKeyUsage, alternativeNames]

    /// Whether whoever does not know it must refuse the certificate.
    var isCritical: Bool
    /// Its bytes.
    var value: [UInt8]

    /// Reads the extensions of a certificate, each of which may be there once.
    static func all(_ node: DERNode?) throws(TrustError) -> [String: CertificateExtension] {
        guard let node else { return [:] }
        guard let list = node.children.first, list.children.count <= 64 else {
            throw TrustError("certificate: its extensions cannot be read")
        }
        var found: [String: CertificateExtension] = [:]
        for child in list.children {
            let members = try child.members(atLeast: 2, "certificate")
            let isCritical = members.count > 2 && members[1].isA(.boolean) && members[1].content == [0xFF]
            guard let name = members[0].objectIdentifier, let last = members.last, last.isA(.octetString),
                let value = last.content
            else { throw TrustError("certificate: an extension cannot be read") }
            let new = CertificateExtension(isCritical: isCritical, value: value)
            guard found.updateValue(new, forKey: name) == nil else {
                throw TrustError("certificate: the extension \(name) is there twice")
            }
        }
        return found
    }
}
