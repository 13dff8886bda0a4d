// SPDX-License-Identifier: Apache-2.0

import Cryptography
import OCI

/// A private key that signatures of sigstore are made with.
package struct SigstorePrivateKey: Sendable {
    private let key: PrivateKey
    /// The key that signatures are checked with.
    package let publicKey: SigstoreKey

    private init(_ key: PrivateKey) throws(TrustError) {
        self.key = key
        publicKey = try SigstoreKey(der: key.publicDER)
    }

    /// Makes a new key of ECDSA P-256, as cosign does.
    ///
    /// - Throws: `TrustError` where libcrypto is not there.
    package init() throws(TrustError) {
        try self.init(TrustError.ofLibrary { () throws(CryptographyError) in try PrivateKey.make() })
    }

    /// Reads a key in DER: PKCS#8, or the older forms of ECDSA (SEC 1) and RSA (PKCS#1).
    ///
    /// - Throws: `TrustError`.
    package init(der: [UInt8]) throws(TrustError) {
        guard let key = try TrustError.ofLibrary({ () throws(CryptographyError) in try PrivateKey(der: der) }) else {
            throw TrustError("no private key of ECDSA (P-256, P-384, P-521), Ed25519 or RSA (2048 bits or more)")
        }
        try self.init(key)
    }

    /// Reads a key in PEM that is not encrypted.
    ///
    /// - Throws: `TrustError`.
    package init(pem: [UInt8]) throws(TrustError) {
        // openssl writes the name of the curve in a block of its own.
        let blocks = try PEMBlock.blocks(pem).filter { $0.label != "EC PARAMETERS" }
        guard let block = blocks.first, blocks.count == 1 else { throw TrustError("invalid pem block") }
        guard ["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"].contains(block.label) else {
            throw TrustError("unsupported pem type: \(block.label.printable)")
        }
        try self.init(der: block.bytes)
    }

    /// The key in DER (PKCS#8).
    package var der: [UInt8] { key.der }

    /// Signs a message.
    ///
    /// - Parameters:
    ///   - message: all of it, not its hash.
    ///   - usesOwnHash: whether larger curves take a hash of their size, as bundles have it, and not SHA-256.
    /// - Throws: `TrustError`.
    package func sign(_ message: [UInt8], usesOwnHash: Bool = false) throws(TrustError) -> [UInt8] {
        let hash: HashAlgorithm
        switch publicKey.numbers.kind {
        case .p384 where usesOwnHash: hash = .sha384
        case .p521 where usesOwnHash: hash = .sha512
        default: hash = .sha256
        }
        let isWhole = publicKey.numbers.kind == .ed25519
        do {
            return try key.sign(isWhole ? message : hash.digest(of: message), hash)
        } catch {
            throw TrustError("signing: \(error)")
        }
    }
}
