// SPDX-License-Identifier: Apache-2.0

import OCI

/// An authority that is trusted: its certificates, and when it was in use.
package struct CertificateAuthority: Sendable, Hashable {
    /// The certificates that are trusted themselves, in DER.
    var anchors: [[UInt8]]
    /// Certificates between those and others, in DER.
    var others: [[UInt8]]
    /// Since when it is in use, in seconds since 1970; nil for ever.
    package var start: Int64?
    /// Until when, inclusive; nil for still.
    package var end: Int64?

    /// Makes an authority of certificates in PEM.
    ///
    /// - Throws: `TrustError`.
    package init(anchors: [UInt8], others: [UInt8]? = nil) throws(TrustError) {
        self.anchors = try SignerCertificate.all(pem: anchors).map(\.der)
        self.others =
            try others.map { (pem) throws(TrustError) in try SignerCertificate.all(pem: pem).map(\.der) } ?? []
    }

    /// Makes an authority of a chain in DER, whose last certificate is the one that is trusted itself.
    init(chain: [[UInt8]], start: Int64?, end: Int64?) throws(TrustError) {
        guard let last = chain.last else { throw TrustError("an authority without certificates") }
        for der in chain { _ = try SignerCertificate(der) }
        anchors = [last]
        others = Array(chain.dropLast())
        (self.start, self.end) = (start, end)
    }

    /// Whether it was in use at a time.
    func isInUse(at time: Int64) -> Bool {
        if let start, time < start { return false }
        if let end, time > end { return false }
        return true
    }

    /// The certificates from one to an anchor; nil where there is no way.
    func chain(
        of leaf: SignerCertificate, through more: [SignerCertificate], at time: Int64
    ) throws(TrustError) -> [SignerCertificate]? {
        guard isInUse(at: time) else { return nil }
        var (trusted, between): ([SignerCertificate], [SignerCertificate]) = ([], more)
        for der in anchors { trusted.append(try SignerCertificate(der)) }
        for der in others { between.append(try SignerCertificate(der)) }
        return leaf.chain(to: trusted, through: between, at: time)
    }
}

/// Who must have signed, where a certificate says who that is.
package struct CertificateIdentity: Sendable, Hashable {
    /// How a text is compared.
    package enum Match: Sendable, Hashable {
        /// It must be this.
        case exact(String)
        /// The whole of it must fit this expression.
        case expression(String)

        /// Whether a text fits.
        ///
        /// - Throws: `TrustError`: an expression that is none.
        func fits(_ text: String) throws(TrustError) -> Bool {
            switch self {
            case .exact(let wanted): return text == wanted
            case .expression(let expression):
                do {
                    return try Regex(expression).wholeMatch(in: text) != nil
                } catch {
                    throw TrustError("no regular expression: \(quoted(expression))")
                }
            }
        }
    }

    /// The signer: a mail address, an address of a workflow; nil for anybody.
    package var subject: Match?
    /// Who vouched for the signer; nil for anybody.
    package var issuer: Match?
    /// The signer's mail address, and no other kind of name; nil for anybody.
    package var email: String?
    /// The signer's host; nil for any.
    package var hostname: String?

    /// Makes an identity.
    package init(subject: Match? = nil, issuer: Match? = nil, email: String? = nil, hostname: String? = nil) {
        self.subject = subject
        self.issuer = issuer
        self.email = email
        self.hostname = hostname
    }

    /// Refuses a certificate of somebody else.
    func check(_ certificate: SignerCertificate) throws(TrustError) {
        let names = certificate.names
        let found = names.map(\.text).joined(separator: ", ")
        if let email, !names.contains(where: { $0.kind == .email && $0.text == email }) {
            throw TrustError("Required email \(quoted(email)) not found (got \(quoted(found)))")
        }
        if let hostname, !names.contains(where: { $0.kind == .host && Self.isHost($0.text, hostname) }) {
            throw TrustError("Unexpected subject hostname: \(quoted(found)) is not \(quoted(hostname))")
        }
        if let subject {
            var fits = false
            for name in names where try subject.fits(name.text) { fits = true }
            guard fits else { throw TrustError("the certificate is for \(quoted(found))") }
        }
        guard let issuer else { return }
        guard let voucher = try certificate.issuer() else {
            throw TrustError("Fulcio certificate is missing the issuer extension")
        }
        guard try issuer.fits(voucher) else { throw TrustError("Unexpected Fulcio OIDC issuer \(quoted(voucher))") }
    }

    /// Whether a name of a certificate, whose first label may be `*`, is for a host.
    private static func isHost(_ name: String, _ host: String) -> Bool {
        let (name, host) = (name.lowercased(), host.lowercased())
        guard name.hasPrefix("*."), let dot = host.firstIndex(of: ".") else { return name == host }
        return name.dropFirst() == host[dot...] && host.startIndex < dot
    }
}
