// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// A private key: ECDSA (P-256, P-384, P-521), Ed25519, or RSA of 2048 bits and more.
package struct PrivateKey: Sendable {
    /// The key in DER (PKCS #8).
    package let der: [UInt8]
    /// Its public half in DER (SubjectPublicKeyInfo).
    package let publicDER: [UInt8]

    /// Makes a key of P-256.
    ///
    /// - Throws: `CryptographyError`.
    package static func make() throws(CryptographyError) -> PrivateKey {
        try CryptographyError.checkLibrary()
        var der = [UInt8](repeating: 0, count: Int(ccrypto_key_limit))
        let count = ccrypto_make_key(&der)
        guard count > 0, let key = try PrivateKey(der: Array(der.prefix(count))) else {
            throw CryptographyError("libcrypto cannot make a key")
        }
        return key
    }

    /// Reads a key in DER: PKCS #8, or the older forms of ECDSA (SEC 1) and RSA (PKCS #1); nil for anything else.
    ///
    /// - Throws: `CryptographyError` where the library is not there.
    package init?(der: [UInt8]) throws(CryptographyError) {
        try CryptographyError.checkLibrary()
        var own = [UInt8](repeating: 0, count: Int(ccrypto_key_limit))
        var other = own
        var (count, otherCount) = (0, 0)
        guard ccrypto_read_key(der, der.count, &own, &count, &other, &otherCount) == 1 else { return nil }
        (self.der, publicDER) = (Array(own.prefix(count)), Array(other.prefix(otherCount)))
    }

    /// Signs a message's digest, or, with Ed25519, the message.
    ///
    /// - Throws: `CryptographyError`.
    package func sign(_ message: [UInt8], _ hash: HashAlgorithm) throws(CryptographyError) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Int(ccrypto_signature_limit))
        let count = ccrypto_sign(der, der.count, hash.number, message, message.count, &signature)
        guard count > 0 else { throw CryptographyError("libcrypto cannot sign with this key") }
        return Array(signature.prefix(count))
    }
}
