// SPDX-License-Identifier: Apache-2.0

import OCI
import Testing

@testable import Sigstore
@testable import Trust

/// Keys: those that cosign's library made, those that are made here, and what is none.
@Suite(.timeLimit(.minutes(15))) struct SigstoreKeyTests {
    private let passphrase = Array("pass phrase".utf8)

    @Test func `a key that podman's tests use is opened by its passphrase`() throws {
        let file = try EncryptedKey(pem: SigstoreFixture.bytes("podman.key"))
        let key = try file.key(passphrase: Array("sigstore pass".utf8))
        #expect(key.publicKey == (try SigstoreFixture.key("podman.pub")))
        #expect(key.publicKey.algorithm == "ECDSA P-256")
        #expect(throws: TrustError("decrypt: encrypted: decryption failed")) {
            try file.key(passphrase: Array("sigstore pass\n".utf8))
        }
    }

    @Test func `a new key is written, read, and opened by its passphrase alone`() throws {
        let key = try SigstorePrivateKey()
        let pem = try EncryptedKey(key, passphrase: passphrase).pem
        #expect(pem.hasPrefix("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"))
        let json = String(decoding: try PEMBlock.only(Array(pem.utf8)).bytes, as: UTF8.self)
        #expect(json.contains(#""params":{"N":65536,"p":1,"r":8}"#) && json.contains(#""name":"nacl/secretbox""#))
        let read = try EncryptedKey(pem: Array(pem.utf8))
        #expect(try read.key(passphrase: passphrase).der == key.der)
        #expect(throws: TrustError("decrypt: encrypted: decryption failed")) { try read.key(passphrase: []) }
        // The same key, another time, is another file.
        #expect(try EncryptedKey(key, passphrase: passphrase) != read)
        let empty = try EncryptedKey(pem: Array(EncryptedKey(key, passphrase: []).pem.utf8))
        #expect(try empty.key(passphrase: []).publicKey == key.publicKey)
    }

    static let faults: [(from: String, to: String, reason: String)] = [
        ("65536", "65537", "unsupported scrypt parameters"), ("65536", "4294967296", "unsupported scrypt parameters"),
        (#""r":8"#, #""r":9"#, "unsupported scrypt parameters"), ("scrypt", "pbkdf2", "unsupported key derivation"),
        ("nacl/secretbox", "aes", "unsupported cipher"), (#""kdf""#, #""kdg""#, #"Unknown key "kdg""#),
        (#""nonce":""#, #""nonce":"AAAA"#, "salt or nonce of the wrong size"),
    ]

    @Test(arguments: faults)
    func `a file of a key with a fault is refused`(_ fault: (from: String, to: String, reason: String)) throws {
        let pem = try EncryptedKey(try SigstorePrivateKey(), passphrase: []).pem
        let json = String(decoding: try PEMBlock.only(Array(pem.utf8)).bytes, as: UTF8.self)
        let changed = PEMBlock(
            label: EncryptedKey.oldLabel, bytes: Array(json.replacing(fault.from, with: fault.to).utf8))
        #expect(throws: TrustError(fault.reason)) { try EncryptedKey(pem: Array(changed.text.utf8)) }
    }

    @Test func `what is no key says so`() throws {
        let key = try SigstorePrivateKey()
        let private_ = PEMBlock(label: "PRIVATE KEY", bytes: key.der).text
        #expect(throws: TrustError("unsupported pem type: PRIVATE KEY")) { try SigstoreKey(pem: Array(private_.utf8)) }
        #expect(throws: TrustError("unsupported pem type: PRIVATE KEY")) { try EncryptedKey(pem: Array(private_.utf8)) }
        #expect(throws: TrustError("unsupported pem type: PUBLIC KEY")) {
            try SigstorePrivateKey(pem: Array(key.publicKey.pem.utf8))
        }
        #expect(throws: TrustError("invalid pem block")) { try SigstoreKey(pem: Array("no key".utf8)) }
        #expect(throws: TrustError("2 pem blocks where one is expected")) {
            try SigstoreKey(pem: Array((key.publicKey.pem + key.publicKey.pem).utf8))
        }
        #expect(throws: TrustError("invalid pem block: has no end")) {
            try SigstoreKey(pem: Array(key.publicKey.pem.dropLast(6).utf8))
        }
        #expect(
            throws: TrustError("no public key of ECDSA (P-256, P-384, P-521), Ed25519 or RSA (2048 bits or more)")
        ) { try SigstoreKey(der: [0x30, 0]) }
        #expect(try SigstorePrivateKey(pem: Array(private_.utf8)).publicKey == key.publicKey)
    }

    @Test func `a signature is of its message and its key`() throws {
        let (key, other) = (try SigstorePrivateKey(), try SigstorePrivateKey())
        let signature = try key.sign(passphrase)
        #expect(key.publicKey.isValid(signature, of: passphrase))
        #expect(!key.publicKey.isValid(signature, of: passphrase + [0]))
        #expect(!other.publicKey.isValid(signature, of: passphrase))
        #expect(!key.publicKey.isValid([], of: passphrase))
        #expect(key.publicKey.isValid(signature, ofDigest: Digest(of: passphrase)))
        #expect(!key.publicKey.isValid(signature, ofDigest: Digest(of: [])))
    }

    @Test func `Ed25519 signs messages, and what it signed as their hash is taken too`() throws {
        // RFC 8032, sections 7.1 (test 3) and 7.3: the same kind of key, pure and prehashed.
        let pure = try SigstoreKey(der: ed25519("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"))
        let signature = try #require(
            hexBytes(
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            ))
        #expect(pure.isValid(signature, of: [0xAF, 0x82]))
        #expect(!pure.isValid(signature, of: [0xAF, 0x83]))
        let hashed = try SigstoreKey(der: ed25519("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf"))
        let prehashed = try #require(
            hexBytes(
                "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
            ))
        #expect(hashed.isValid(prehashed, of: Array("abc".utf8)))
        #expect(!hashed.isValid(prehashed, of: Array("abd".utf8)))
        #expect(hashed.algorithm == "Ed25519")
    }

    private func ed25519(_ hex: String) -> [UInt8] {
        [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0] + (hexBytes(hex) ?? [])
    }

    @Test func `base64 is read only as it is written`() {
        #expect(base64Bytes("AAA=") == [0, 0])
        // One bit of the padding's group is set.
        #expect(base64Bytes("AAB=") == nil)
        #expect(base64Bytes("AAA") == nil)
        #expect(base64Bytes("AA\n=") == nil)
        #expect(base64Bytes("") == [])
    }
}
