// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// A public key by its numbers.
package struct PublicNumbers: Sendable, Hashable {
    /// What kind of key it is.
    package enum Kind: Sendable {
        case p256
        case p384
        case p521
        case ed25519
        case rsa

        var number: ccrypto_kind {
            switch self {
            case .p256: ccrypto_p256
            case .p384: ccrypto_p384
            case .p521: ccrypto_p521
            case .ed25519: ccrypto_ed25519
            case .rsa: ccrypto_rsa
            }
        }

        /// The bytes of a key: a point that is not compressed, or 32; nil for RSA.
        private var byteCount: Int? {
            switch self {
            case .p256: 65
            case .p384: 97
            case .p521: 133
            case .ed25519: 32
            case .rsa: nil
            }
        }

        /// Whether so many bytes can be such a key; RSA takes 2048 to 16384 bits.
        func fits(_ bytes: [UInt8]) -> Bool {
            guard let byteCount else {
                return (256...2048).contains(bytes.count) && bytes[0] >= (bytes.count == 256 ? 0x80 : 1)
            }
            return bytes.count == byteCount && (self == .ed25519 || bytes[0] == 4)
        }
    }

    /// What kind of key it is.
    package let kind: Kind
    /// The point of a curve (4, X, Y), the 32 bytes of Ed25519, or the modulus of RSA, the most significant byte first.
    package let bytes: [UInt8]
    /// The exponent of RSA; empty for the others.
    package let exponent: [UInt8]

    /// Takes numbers that are a key; nil for those that are none.
    ///
    /// A point must be on its curve; RSA has a modulus of 2048 to 16384 bits that is odd, and an odd exponent from 3 to
    /// 33 bits, without zeros before them.
    ///
    /// - Throws: `CryptographyError` where the library is not there.
    package init?(_ kind: Kind, _ bytes: [UInt8], exponent: [UInt8] = []) throws(CryptographyError) {
        guard kind.fits(bytes), exponent.isEmpty == (kind != .rsa) else { return nil }
        if kind == .rsa {
            let value = exponent.prefix(5).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard exponent.count <= 5, exponent[0] != 0, value >= 3, value < 1 << 33, value % 2 == 1,
                bytes[bytes.count - 1] % 2 == 1
            else { return nil }
        }
        (self.kind, self.bytes, self.exponent) = (kind, bytes, exponent)
        try CryptographyError.checkLibrary()
        let numbers = bytes + exponent
        guard ccrypto_is_key(kind.number, numbers, numbers.count, exponent.count) == 1 else { return nil }
    }

    /// The bits of RSA's modulus; of the others, of their bytes.
    package var bitCount: Int { bytes.count * 8 - (bytes.first?.leadingZeroBitCount ?? 0) }

    /// Whether a signature is this key's.
    ///
    /// - Parameters:
    ///   - signature: ECDSA in DER, RSA with PKCS #1 v1.5, or the 64 bytes of Ed25519.
    ///   - message: the message for Ed25519; else its digest.
    ///   - hash: which digest; means nothing for Ed25519.
    package func isValid(_ signature: [UInt8], of message: [UInt8], _ hash: HashAlgorithm) -> Bool {
        let numbers = bytes + exponent
        return ccrypto_verify(
            kind.number, numbers, numbers.count, exponent.count, hash.number, message, message.count, signature,
            signature.count) == 1
    }
}
