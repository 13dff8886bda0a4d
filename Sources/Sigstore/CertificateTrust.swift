// SPDX-License-Identifier: Apache-2.0

import OCI

/// Whose certificates count, and for whom they must be.
package struct CertificateTrust: Sendable, Hashable {
    /// Who makes certificates.
    package var authorities: [CertificateAuthority]
    /// Logs of certificates, one of which must have seen the signer's; empty for not asking.
    package var certificateLogs: [TransparencyLog]
    /// Who says when something was signed, beside the logs of signatures.
    package var timestampAuthorities: [CertificateAuthority]
    /// For whom the certificate must be.
    package var identity: CertificateIdentity
    /// The time at which certificates must hold, in seconds since 1970; nil for when it was signed, as logs and
    /// authorities say.
    package var now: Int64?

    /// Trusts some authorities.
    package init(
        authorities: [CertificateAuthority], identity: CertificateIdentity, certificateLogs: [TransparencyLog] = [],
        timestampAuthorities: [CertificateAuthority] = [], now: Int64? = nil
    ) {
        self.authorities = authorities
        self.identity = identity
        self.certificateLogs = certificateLogs
        self.timestampAuthorities = timestampAuthorities
        self.now = now
    }

    /// Who signed, if the certificate counts.
    ///
    /// - Parameters:
    ///   - chain: the certificates in DER, the signer's own first.
    ///   - loggedAt: when a log took the signature in; nil where none vouches for a time.
    func signer(
        of signed: SignedEvidence, _ chain: [[UInt8]], loggedAt: Int64?
    ) throws(TrustError) -> SigstoreFinding.Signer {
        guard let first = chain.first else { throw TrustError("an empty chain of certificates") }
        let leaf = try SignerCertificate(first)
        var between: [SignerCertificate] = []
        for der in chain.dropFirst() { between.append(try SignerCertificate(der)) }
        guard signed.mayHoldRoot || !between.contains(where: \.isRoot) else {
            throw TrustError("a chain of certificates that holds its own root")
        }
        guard try signed.isSigned(by: leaf.key()) else {
            throw TrustError("cryptographic signature verification failed: not by the certificate's key")
        }
        guard leaf.isFor(SignerCertificate.codeSigning, mayBeSilent: now != nil), !leaf.isAuthority else {
            throw TrustError("a certificate that is not for signing")
        }
        let times = try times(signed, loggedAt)
        guard !times.isEmpty else { throw TrustError("nothing that is trusted says when it was signed") }
        var issuer: SignerCertificate?
        for time in times {
            guard let found = try way(leaf, between, at: time) else {
                throw TrustError("no trusted authority made the certificate, or it did not hold when it was signed")
            }
            issuer = found[1]
        }
        if !certificateLogs.isEmpty, let issuer {
            try CertificateTimestamp.check(leaf, issuer: issuer, certificateLogs)
        }
        try identity.check(leaf)
        return .certificate(subject: leaf.names.map(\.text).joined(separator: ", "), issuer: try leaf.issuer())
    }

    /// When it was signed, by all who say so.
    private func times(_ signed: SignedEvidence, _ loggedAt: Int64?) throws(TrustError) -> [Int64] {
        if let now { return [now] }
        var times = loggedAt.map { [$0] } ?? []
        guard !timestampAuthorities.isEmpty else { return times }
        for bytes in signed.timestamps {
            let timestamp = try SignedTimestamp(bytes)
            try timestamp.check(signed.signature, by: timestampAuthorities)
            times.append(timestamp.time)
        }
        return times
    }

    private func way(
        _ leaf: SignerCertificate, _ between: [SignerCertificate], at time: Int64
    ) throws(TrustError) -> [SignerCertificate]? {
        for authority in authorities {
            if let chain = try authority.chain(of: leaf, through: between, at: time) { return chain }
        }
        return nil
    }
}
