// SPDX-License-Identifier: Apache-2.0

import Crypto
import CryptoExtras
import FoundationEssentials
import OCI

/// A private key that signatures of sigstore are made with.
package struct SigstorePrivateKey: Sendable {
    private enum Kind: Sendable {
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
        case p521(P521.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey)
    }

    private let kind: Kind

    /// What stands before the 32 bytes of a private key of Ed25519 (RFC 8410).
    private static let ed25519Prefix: [UInt8] = [
        0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]

    /// Makes a new key of ECDSA P-256, as cosign does.
    package init() { kind = .p256(P256.Signing.PrivateKey()) }

    /// Reads a key in DER: PKCS#8, or the older forms of ECDSA (SEC 1) and RSA (PKCS#1).
    ///
    /// - Throws: `TrustError`.
    package init(der: [UInt8]) throws(TrustError) {
        if der.starts(with: Self.ed25519Prefix), der.count == Self.ed25519Prefix.count + 32,
            // Said below, if it is of no other kind.
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: der.dropFirst(Self.ed25519Prefix.count))
        {
            kind = .ed25519(key)
            // One kind after the other; that it is none of them is the only error that matters.
        } else if let key = try? P256.Signing.PrivateKey(derRepresentation: der) {
            kind = .p256(key)
        } else if let key = try? P384.Signing.PrivateKey(derRepresentation: der) {  // As above.
            kind = .p384(key)
        } else if let key = try? P521.Signing.PrivateKey(derRepresentation: der) {  // As above.
            kind = .p521(key)
        } else if let key = try? _RSA.Signing.PrivateKey(derRepresentation: der) {  // As above.
            kind = .rsa(key)
        } else {
            throw TrustError("no private key of ECDSA (P-256, P-384, P-521), Ed25519 or RSA (2048 bits or more)")
        }
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
    package var der: [UInt8] {
        switch kind {
        case .p256(let key): Array(key.derRepresentation)
        case .p384(let key): Array(key.derRepresentation)
        case .p521(let key): Array(key.derRepresentation)
        case .ed25519(let key): Self.ed25519Prefix + Array(key.rawRepresentation)
        case .rsa(let key): Array(key.pkcs8DERRepresentation)
        }
    }

    /// The key that signatures are checked with.
    package var publicKey: SigstoreKey {
        switch kind {
        case .p256(let key): SigstoreKey(.p256(key.publicKey))
        case .p384(let key): SigstoreKey(.p384(key.publicKey))
        case .p521(let key): SigstoreKey(.p521(key.publicKey))
        case .ed25519(let key): SigstoreKey(.ed25519(key.publicKey))
        case .rsa(let key): SigstoreKey(.rsa(key.publicKey))
        }
    }

    /// Signs a message.
    ///
    /// - Parameter usesOwnHash: whether larger curves take a hash of their size, as bundles have it, and not SHA-256.
    /// - Throws: `TrustError`.
    package func sign(_ message: [UInt8], usesOwnHash: Bool = false) throws(TrustError) -> [UInt8] {
        do {
            switch kind {
            case .p256(let key): return Array(try key.signature(for: SHA256.hash(data: message)).derRepresentation)
            case .p384(let key):
                let signature =
                    usesOwnHash
                    ? try key.signature(for: SHA384.hash(data: message))
                    : try key.signature(for: SHA256.hash(data: message))
                return Array(signature.derRepresentation)
            case .p521(let key):
                let signature =
                    usesOwnHash
                    ? try key.signature(for: SHA512.hash(data: message))
                    : try key.signature(for: SHA256.hash(data: message))
                return Array(signature.derRepresentation)
            case .ed25519(let key): return Array(try key.signature(for: message))
            case .rsa(let key):
                let signature = try key.signature(for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
                return Array(signature.rawRepresentation)
            }
        } catch {
            throw TrustError("signing: \(error)")
        }
    }
}
