// SPDX-License-Identifier: Apache-2.0

import CSodium
import Cryptography
package import OCI

/// A public key that signatures of sigstore are checked with: ECDSA, Ed25519 or RSA.
package struct SigstoreKey: Sendable, Hashable {
    let numbers: PublicNumbers
    /// The key in DER (SubjectPublicKeyInfo).
    package let der: [UInt8]

    package static func == (left: SigstoreKey, right: SigstoreKey) -> Bool { left.der == right.der }

    package func hash(into hasher: inout Hasher) { hasher.combine(der) }

    /// Reads a key in DER.
    ///
    /// - Throws: `TrustError`: a kind that is not known, or RSA of less than 2048 bits.
    package init(der: [UInt8]) throws(TrustError) {
        guard der.count <= 8 << 10 else { throw TrustError("a public key of \(der.count) bytes") }
        guard let numbers = try TrustError.ofLibrary({ () throws(CryptographyError) in try PublicKeyDER.numbers(der) })
        else { throw TrustError("no public key of ECDSA (P-256, P-384, P-521), Ed25519 or RSA (2048 bits or more)") }
        self.numbers = numbers
        self.der = PublicKeyDER.encoded(numbers)
    }

    /// Reads a key in PEM: one block `PUBLIC KEY`, or the one of an old RSA key.
    ///
    /// - Throws: `TrustError`.
    package init(pem: [UInt8]) throws(TrustError) {
        let block = try PEMBlock.only(pem)
        guard block.label == "PUBLIC KEY" || block.label == "RSA PUBLIC KEY" else {
            throw TrustError("unsupported pem type: \(block.label.printable)")
        }
        try self.init(der: block.bytes)
    }

    /// The SHA-256 of the key in DER: what logs call it.
    package var identifier: [UInt8] { OCI.Digest(of: der).bytes }

    /// The same in hexadecimal digits, for messages.
    package var fingerprint: String { OCI.Digest(of: der).hex }

    /// What bundles call it.
    package var hint: String { base64Encoded(identifier) }

    /// The key in PEM.
    package var pem: String { PEMBlock(label: "PUBLIC KEY", bytes: der).text }

    /// What kind of key it is: `ECDSA P-256`.
    package var algorithm: String {
        switch numbers.kind {
        case .p256: "ECDSA P-256"
        case .p384: "ECDSA P-384"
        case .p521: "ECDSA P-521"
        case .ed25519: "Ed25519"
        case .rsa: "RSA \(numbers.bitCount)"
        }
    }

    // MARK: - Checking

    /// Whether a signature is this key's, of a message.
    ///
    /// SHA-256 for every key, as cosign 1 and 2 and containers/image have it, or the hash of the curve's size, as
    /// cosign 3 has it; Ed25519 of the message or of its hash (Ed25519ph).
    package func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        if isValid(signature, of: message, hash: .sha256) { return true }
        switch numbers.kind {
        case .p256, .rsa: return false
        case .p384: return isValid(signature, of: message, hash: .sha384)
        case .p521: return isValid(signature, of: message, hash: .sha512)
        case .ed25519: return isPrehashed(signature, message)
        }
    }

    /// Whether a signature is this key's, of a message by its hash; with Ed25519, of the message itself.
    func isValid(_ signature: [UInt8], of message: [UInt8], hash: HashAlgorithm) -> Bool {
        guard numbers.kind != .ed25519 else { return numbers.isValid(signature, of: message, hash) }
        // A hash that the library refuses makes no signature good.
        guard let digest = try? hash.digest(of: message) else { return false }
        return numbers.isValid(signature, of: digest, hash)
    }

    /// Whether a signature is one of a digest, for messages that are known by that only; not possible with Ed25519.
    package func isValid(_ signature: [UInt8], ofDigest digest: OCI.Digest) -> Bool {
        switch numbers.kind {
        case .p256, .p384, .p521: numbers.isValid(signature, of: digest.bytes, .sha256)
        // Ed25519 asks for the message, and nobody signs so with RSA.
        case .ed25519, .rsa: false
        }
    }

    private func isPrehashed(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
        // Without the library such a signature is not recognized, which refuses it.
        guard signature.count == 64, Sodium.missing() == nil else { return false }
        return csodium_verify_ed25519ph(signature, message, message.count, numbers.bytes) == 0
    }
}
