// SPDX-License-Identifier: Apache-2.0

import CSodium
import OCI
import Synchronization

/// A private key under a passphrase, in the form of cosign: scrypt makes a key of the passphrase, which closes a box of
/// XSalsa20 and Poly1305.
package struct EncryptedKey: Sendable, Hashable {
    /// The label of what is written.
    package static let label = "ENCRYPTED SIGSTORE PRIVATE KEY"
    /// The label that cosign 1 wrote, and skopeo still does.
    package static let oldLabel = "ENCRYPTED COSIGN PRIVATE KEY"
    /// How much work scrypt is, in what may be read; the second is what is written.
    private static let works: [Int64] = [32768, 65536, 131_072]
    private static let byteLimit = 64 << 10

    private var work: Int64
    private var salt: [UInt8]
    private var nonce: [UInt8]
    private var box: [UInt8]

    /// Encrypts a key.
    ///
    /// - Throws: `TrustError`: libsodium is missing, or refuses.
    package init(_ key: SigstorePrivateKey, passphrase: [UInt8]) throws(TrustError) {
        var generator = SystemRandomNumberGenerator()
        work = Self.works[1]
        salt = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
        nonce = (0..<24).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let secret = try Self.secret(passphrase, salt, work)
        let message = key.der
        box = [UInt8](repeating: 0, count: message.count + Sodium.tagByteCount)
        guard csodium_box(&box, message, message.count, nonce, secret) == 0 else {
            throw TrustError("libsodium cannot encrypt the key")
        }
    }

    /// Reads a file.
    ///
    /// - Throws: `TrustError`: no such file, or one with other algorithms.
    package init(pem: [UInt8]) throws(TrustError) {
        let block = try PEMBlock.only(pem)
        guard block.label == Self.label || block.label == Self.oldLabel else {
            throw TrustError("unsupported pem type: \(block.label.printable)")
        }
        let object = try StrictObject(
            StrictObject.value(block.bytes, limit: Self.byteLimit), required: ["kdf", "cipher", "ciphertext"])
        let kdf = try object.inner("kdf", required: ["name", "params", "salt"])
        let parameters = try kdf.inner("params", required: ["N", "r", "p"])
        let cipher = try object.inner("cipher", required: ["name", "nonce"])
        guard try kdf.text("name") == "scrypt" else { throw TrustError("unsupported key derivation") }
        guard try cipher.text("name") == "nacl/secretbox" else { throw TrustError("unsupported cipher") }
        guard let n = try parameters.integer("N"), Self.works.contains(n), try parameters.integer("r") == 8,
            try parameters.integer("p") == 1
        else { throw TrustError("unsupported scrypt parameters") }
        work = n
        salt = try kdf.content("salt")
        nonce = try cipher.content("nonce")
        box = try object.content("ciphertext")
        guard salt.count == 32, nonce.count == 24 else { throw TrustError("salt or nonce of the wrong size") }
    }

    /// The file.
    package var pem: String {
        let json = JSONValue.object([
            "kdf": .object([
                "name": .string("scrypt"), "salt": .string(base64Encoded(salt)),
                "params": .object(["N": .integer(work), "r": .integer(8), "p": .integer(1)]),
            ]),
            "cipher": .object(["name": .string("nacl/secretbox"), "nonce": .string(base64Encoded(nonce))]),
            "ciphertext": .string(base64Encoded(box)),
        ])
        return PEMBlock(label: Self.label, bytes: json.compactJSON()).text
    }

    /// Decrypts the key.
    ///
    /// - Throws: `TrustError`: a wrong passphrase, or a file that was changed.
    package func key(passphrase: [UInt8]) throws(TrustError) -> SigstorePrivateKey {
        let secret = try Self.secret(passphrase, salt, work)
        var message = [UInt8](repeating: 0, count: max(0, box.count - Sodium.tagByteCount))
        guard csodium_open_box(&message, box, box.count, nonce, secret) == 0 else {
            throw TrustError("decrypt: encrypted: decryption failed")
        }
        return try SigstorePrivateKey(der: message)
    }

    private static func secret(
        _ passphrase: [UInt8], _ salt: [UInt8], _ work: Int64
    ) throws(TrustError) -> [UInt8] {
        if let missing = Sodium.missing() {
            throw TrustError("libsodium: \(missing.printable); install it: apt-get install libsodium23")
        }
        var secret = [UInt8](repeating: 0, count: 32)
        let n = UInt64(clamping: work)
        guard csodium_scrypt(passphrase, passphrase.count, salt, salt.count, n, 8, 1, &secret, secret.count) == 0 else {
            throw TrustError("libsodium has no memory for scrypt")
        }
        return secret
    }
}

/// The system's libsodium, loaded when it is asked for the first time.
enum Sodium {
    /// Bytes by which a box is larger than what is in it.
    static let tagByteCount = 16

    private static let loading = Mutex(())

    /// Why it cannot be used; nil if it can.
    static func missing() -> String? { loading.withLock { _ in csodium_load().map { String(cString: $0) } } }
}
