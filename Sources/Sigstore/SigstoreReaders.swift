// SPDX-License-Identifier: Apache-2.0

/// The readers of what is in DER, for whoever wants to try them on anything.
package enum SigstoreReaders {
    /// Reads a certificate, and all that is asked of one.
    ///
    /// - Throws: `TrustError`.
    package static func check(certificate der: [UInt8]) throws(TrustError) {
        let certificate = try SignerCertificate(der)
        _ = try certificate.key()
        _ = try certificate.issuer()
        _ = certificate.names
        _ = certificate.chain(to: [certificate], through: [certificate], at: 0)
        try CertificateTimestamp.check(certificate, issuer: certificate, [])
    }

    /// Reads a timestamp, and looks for whose it is.
    ///
    /// - Throws: `TrustError`.
    package static func check(timestamp der: [UInt8]) throws(TrustError) {
        try SignedTimestamp(der).check([], by: [])
    }
}
