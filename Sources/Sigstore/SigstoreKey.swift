// SPDX-License-Identifier: Apache-2.0

import CSodium
import Crypto
import CryptoExtras
import FoundationEssentials
package import OCI

/// A public key that signatures of sigstore are checked with: ECDSA, Ed25519 or RSA.
package struct SigstoreKey: Sendable, Hashable {
    enum Kind: Sendable {
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
        case rsa(_RSA.Signing.PublicKey)
    }

    let kind: Kind
    /// The key in DER (SubjectPublicKeyInfo).
    package let der: [UInt8]

    /// What stands before the 32 bytes of a public key of Ed25519 (RFC 8410).
    private static let ed25519Prefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0]

    package static func == (left: SigstoreKey, right: SigstoreKey) -> Bool { left.der == right.der }

    package func hash(into hasher: inout Hasher) { hasher.combine(der) }

    init(_ kind: Kind) {
        self.kind = kind
        der =
            switch kind {
            case .p256(let key): Array(key.derRepresentation)
            case .p384(let key): Array(key.derRepresentation)
            case .p521(let key): Array(key.derRepresentation)
            case .ed25519(let key): Self.ed25519Prefix + Array(key.rawRepresentation)
            case .rsa(let key): Array(key.derRepresentation)
            }
    }

    /// Reads a key in DER.
    ///
    /// - Throws: `TrustError`: a kind that is not known, or RSA of less than 2048 bits.
    package init(der: [UInt8]) throws(TrustError) {
        guard der.count <= 8 << 10 else { throw TrustError("a public key of \(der.count) bytes") }
        if der.starts(with: Self.ed25519Prefix), der.count == Self.ed25519Prefix.count + 32,
            // Said below, if it is of no other kind.
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: der.dropFirst(Self.ed25519Prefix.count))
        {
            self.init(.ed25519(key))
            return
        }
        // One kind after the other; that it is none of them is the only error that matters.
        if let key = try? P256.Signing.PublicKey(derRepresentation: der) {
            self.init(.p256(key))
        } else if let key = try? P384.Signing.PublicKey(derRepresentation: der) {  // As above.
            self.init(.p384(key))
        } else if let key = try? P521.Signing.PublicKey(derRepresentation: der) {  // As above.
            self.init(.p521(key))
        } else if let key = try? _RSA.Signing.PublicKey(derRepresentation: der) {  // As above.
            self.init(.rsa(key))
        } else {
            throw TrustError("no public key of ECDSA (P-256, P-384, P-521), Ed25519 or RSA (2048 bits or more)")
        }
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
        switch kind {
        case .p256: "ECDSA P-256"
        case .p384: "ECDSA P-384"
        case .p521: "ECDSA P-521"
        case .ed25519: "Ed25519"
        case .rsa(let key): "RSA \(key.keySizeInBits)"
        }
    }

    // MARK: - Checking

    /// Whether a signature is this key's, of a message.
    ///
    /// SHA-256 for every key, as cosign 1 and 2 and containers/image have it, or the hash of the curve's size, as
    /// cosign 3 has it; Ed25519 of the message or of its hash (Ed25519ph).
    package func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        if isValid(signature, of: message, hash: .sha256) { return true }
        switch kind {
        case .p256, .rsa: return false
        case .p384: return isValid(signature, of: message, hash: .sha384)
        case .p521: return isValid(signature, of: message, hash: .sha512)
        case .ed25519(let key): return Self.isPrehashed(signature, message, key)
        }
    }

    /// A hash that is given beside a signature.
    enum Hash {
        case sha256
        case sha384
        case sha512
    }

    /// Whether a signature is this key's, of a message by its hash.
    func isValid(_ signature: [UInt8], of message: [UInt8], hash: Hash) -> Bool {
        switch hash {
        case .sha256: isValid(signature, ofHash: SHA256.hash(data: message), message)
        case .sha384: isValid(signature, ofHash: SHA384.hash(data: message), message)
        case .sha512: isValid(signature, ofHash: SHA512.hash(data: message), message)
        }
    }

    private func isValid(_ signature: [UInt8], ofHash hash: some Crypto.Digest, _ message: [UInt8]) -> Bool {
        switch kind {
        case .p256(let key):
            // What is no signature in DER is none of this key either; so below.
            guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: hash)
        case .p384(let key):
            // As above.
            guard let signature = try? P384.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: hash)
        case .p521(let key):
            // As above.
            guard let signature = try? P521.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: hash)
        case .ed25519(let key): return key.isValidSignature(signature, for: message)
        case .rsa(let key):
            let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
            return key.isValidSignature(signature, for: hash, padding: .insecurePKCS1v1_5)
        }
    }

    /// Whether a signature is one of a digest, for messages that are known by that only; not possible with Ed25519.
    package func isValid(_ signature: [UInt8], ofDigest digest: OCI.Digest) -> Bool {
        switch kind {
        case .p256, .p384, .p521: isValid(signature, ofHash: PreparedDigest(bytes: digest.bytes), [])
        // RSA asks what kind of hash it is, Ed25519 for the message.
        case .ed25519, .rsa: false
        }
    }

    private static func isPrehashed(
        _ signature: [UInt8], _ message: [UInt8], _ key: Curve25519.Signing.PublicKey
    ) -> Bool {
        // Without the library such a signature is not recognized, which refuses it.
        guard signature.count == 64, Sodium.missing() == nil else { return false }
        return csodium_verify_ed25519ph(signature, message, message.count, Array(key.rawRepresentation)) == 0
    }
}

/// A SHA-256 that was computed elsewhere.
private struct PreparedDigest: Crypto.Digest {
    static let byteCount = 32
    let bytes: [UInt8]

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes(body)
    }

    func makeIterator() -> Array<UInt8>.Iterator { bytes.makeIterator() }

    func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

    static func == (left: PreparedDigest, right: PreparedDigest) -> Bool { left.bytes == right.bytes }

    var description: String { hexDigits(bytes) }
}
