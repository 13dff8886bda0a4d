// SPDX-License-Identifier: Apache-2.0

import Cryptography
import OCI
import SwiftASN1

/// An authority's word that a signature was there at a time (RFC 3161).
struct SignedTimestamp {
    /// The most bytes of one: 64 KiB.
    static let byteLimit = 64 << 10
    private static let signedData = "1.2.840.113549.1.7.2"
    private static let timeInfo = "1.2.840.113549.1.9.16.1.4"
    private static let contentType = "1.2.840.113549.1.9.3"
    private static let messageDigest = "1.2.840.113549.1.9.4"

    private static func hash(_ identifier: String?) -> HashAlgorithm? {
        switch identifier {
        case "2.16.840.1.101.3.4.2.1": .sha256
        case "2.16.840.1.101.3.4.2.2": .sha384
        case "2.16.840.1.101.3.4.2.3": .sha512
        default: nil
        }
    }

    private static func digest(_ bytes: [UInt8], _ hash: HashAlgorithm) throws(TrustError) -> [UInt8] {
        try TrustError.ofLibrary { () throws(CryptographyError) in try hash.digest(of: bytes) }
    }

    /// When it was made, in seconds since 1970.
    let time: Int64
    private let imprint: (hash: HashAlgorithm, digest: [UInt8])
    private let info: [UInt8]
    private let certificates: [SignerCertificate]
    private let signer: DERNode
    private let hash: HashAlgorithm
    private let attributes: DERNode
    private let signature: [UInt8]
    private let signatureAlgorithm: String

    /// Reads an answer of an authority.
    init(_ response: [UInt8]) throws(TrustError) {
        let what = "timestamp"
        guard response.count <= Self.byteLimit else { throw TrustError("\(what): is too large") }
        let answer = try DERNode(response).members(atLeast: 2, what)
        guard let status = answer[0].children.first?.number, status == 0 || status == 1 else {
            throw TrustError("\(what): was not granted")
        }
        let token = try answer[1].members(atLeast: 2, what)
        guard token[0].objectIdentifier == Self.signedData, token[1].place == 0, let data = token[1].children.first
        else { throw TrustError("\(what): is no signed data") }
        let members = try data.members(atLeast: 4, what)
        let content = try members[2].members(atLeast: 2, what)
        guard content[0].objectIdentifier == Self.timeInfo, content[1].place == 0,
            let info = content[1].children.first?.content
        else { throw TrustError("\(what): is of no time") }
        self.info = info
        var certificates: [SignerCertificate] = []
        for member in members.dropFirst(3) where member.place == 0 {
            guard member.children.count <= 16 else { throw TrustError("\(what): has more than 16 certificates") }
            for child in member.children { certificates.append(try SignerCertificate(child.bytes)) }
        }
        self.certificates = certificates
        guard let signers = members.last, signers.isA(.set), signers.children.count == 1 else {
            throw TrustError("\(what): must have one signer")
        }
        let fields = try signers.children[0].members(atLeast: 6, what)
        signer = fields[1]
        guard let hash = Self.hash(fields[2].children.first?.objectIdentifier), fields[3].place == 0,
            let algorithm = fields[4].children.first?.objectIdentifier, let signature = fields[5].content
        else { throw TrustError("\(what): unsupported algorithm, or nothing is signed") }
        (self.hash, attributes, signatureAlgorithm, self.signature) = (hash, fields[3], algorithm, signature)

        let facts = try DERNode(info).members(atLeast: 5, what)
        let imprint = try facts[2].members(atLeast: 2, what)
        guard let imprintHash = Self.hash(imprint[0].children.first?.objectIdentifier), let digest = imprint[1].content,
            facts[4].isA(.generalizedTime), let time = facts[4].time
        else { throw TrustError("\(what): cannot be read") }
        self.imprint = (imprintHash, digest)
        self.time = time
    }

    /// Refuses a timestamp of something else, or of nobody who is trusted.
    ///
    /// - Parameter signature: the signature that was there at the time.
    func check(_ signature: [UInt8], by authorities: [CertificateAuthority]) throws(TrustError) {
        guard try Self.digest(signature, imprint.hash) == imprint.digest else {
            throw TrustError("timestamp: is of another signature")
        }
        var (type, digest): ([UInt8]?, [UInt8]?)
        for attribute in attributes.children {
            let members = try attribute.members(atLeast: 2, "timestamp")
            guard let values = members[1].children.first, members[1].children.count == 1 else { continue }
            switch members[0].objectIdentifier {
            case Self.contentType: type = type == nil ? values.bytes : []
            case Self.messageDigest: digest = digest == nil ? values.content : []
            default: continue
            }
        }
        guard let type, try DERNode(type).objectIdentifier == Self.timeInfo, try digest == Self.digest(info, hash)
        else {
            throw TrustError("timestamp: what was signed is something else")
        }
        for authority in authorities where try isSigned(by: authority) { return }
        throw TrustError("timestamp: is not by an authority that is trusted")
    }

    /// Whether a certificate of an authority, or one that it made, has signed.
    private func isSigned(by authority: CertificateAuthority) throws(TrustError) -> Bool {
        var candidates = certificates
        for der in authority.others + authority.anchors { candidates.append(try SignerCertificate(der)) }
        for candidate in candidates
        where isSigner(candidate) && candidate.isFor(SignerCertificate.timeStamping, isOnly: true) {
            guard try authority.chain(of: candidate, through: certificates, at: time) != nil else { continue }
            // The attributes are signed as a set, whatever tag they have here.
            let signed = attributes.retagged(0x31)
            if try candidate.key().isValid(signature, of: signed, hash: hash) { return true }
        }
        return false
    }

    /// Whether the signer is named by a certificate's issuer and number, or by its key.
    private func isSigner(_ candidate: SignerCertificate) -> Bool {
        if signer.place == 0 { return candidate.keyIdentifier != nil && candidate.keyIdentifier == signer.content }
        // The issuer and the number stand in the certificate as they do here.
        guard signer.children.count == 2 else { return false }
        return candidate.issuerName == signer.children[0].bytes && candidate.serialNumber == signer.children[1].bytes
    }
}
