// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// Keys of every kind that openssl makes: what is read, what is refused, and whose signatures are good.
@Suite(.timeLimit(.minutes(15))) struct PublicKeyTests {
    private static let refusal = TrustError(
        "no public key of ECDSA (P-256, P-384, P-521), Ed25519 or RSA (2048 bits or more)")

    /// Runs openssl in a directory of its own; returns the file `out`.
    private func openssl(_ script: String) throws -> [UInt8] {
        let directory = ScratchDirectory()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-ec", "cd '\(directory.path)'; exec 2>log; \(script)"]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(script)")
        return Array(try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/out")))
    }

    static let kinds: [(algorithm: String, options: String, hash: HashAlgorithm)] = [
        ("ECDSA P-256", "EC -pkeyopt ec_paramgen_curve:P-256", .sha256),
        ("ECDSA P-384", "EC -pkeyopt ec_paramgen_curve:P-384", .sha384),
        ("ECDSA P-521", "EC -pkeyopt ec_paramgen_curve:P-521", .sha512),
        ("Ed25519", "ED25519", .sha256),
        ("RSA 2048", "RSA -pkeyopt rsa_keygen_bits:2048", .sha256),
        ("RSA 3072", "RSA -pkeyopt rsa_keygen_bits:3072", .sha512),
    ]

    @Test(arguments: kinds)
    func `a key of openssl is read as it is, and signs what openssl takes`(
        _ kind: (algorithm: String, options: String, hash: HashAlgorithm)
    ) throws {
        let private_ = try openssl("openssl genpkey -algorithm \(kind.options) -outform DER -out out")
        let key = try SigstorePrivateKey(der: private_)
        #expect(key.publicKey.algorithm == kind.algorithm)
        let directory = ScratchDirectory()
        let place = "'\(directory.path)'"
        try Data(private_).write(to: URL(fileURLWithPath: "\(directory.path)/key"))
        let public_ = try openssl("openssl pkey -inform DER -in \(place)/key -pubout -outform DER -out out")
        #expect(key.publicKey.der == public_)
        #expect(try SigstoreKey(der: public_) == key.publicKey)
        // What is signed here is good there.
        let message = Array("what is signed".utf8)
        try Data(message).write(to: URL(fileURLWithPath: "\(directory.path)/message"))
        try Data(key.sign(message)).write(to: URL(fileURLWithPath: "\(directory.path)/signature"))
        let verdict =
            kind.algorithm == "Ed25519"
            ? "openssl pkeyutl -verify -rawin -inkey \(place)/key -keyform DER -in \(place)/message -sigfile \(place)/signature"
            : "openssl dgst -sha256 -prverify \(place)/key -keyform DER -signature \(place)/signature \(place)/message"
        #expect(String(decoding: try openssl("\(verdict) > out"), as: UTF8.self).contains("Verified"))
        // And the reverse, with the hash of the key's size.
        let hash = "\(kind.hash)"
        let made =
            kind.algorithm == "Ed25519"
            ? "openssl pkeyutl -sign -rawin -inkey \(place)/key -keyform DER -in \(place)/message -out out"
            : "openssl dgst -\(hash) -sign \(place)/key -keyform DER -out out \(place)/message"
        let signature = try openssl(made)
        #expect(key.publicKey.isValid(signature, of: message, hash: kind.hash))
        #expect(!key.publicKey.isValid(signature, of: message + [0], hash: kind.hash))
        for position in [0, 5, signature.count / 2, signature.count - 1] {
            var changed = signature
            changed[position] ^= 1
            #expect(!key.publicKey.isValid(changed, of: message, hash: kind.hash), "byte \(position)")
        }
        #expect(!key.publicKey.isValid(signature + [0], of: message, hash: kind.hash))
        #expect(!key.publicKey.isValid(Array(signature.dropLast()), of: message, hash: kind.hash))
        #expect(throws: Self.refusal) { try SigstoreKey(der: public_ + [0]) }
    }

    @Test(arguments: [
        "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 | openssl pkey -pubout -outform DER -out out",
        "openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 | openssl pkey -pubout -outform DER -out out",
        "openssl ecparam -name secp256k1 -genkey -noout | openssl ec -pubout -outform DER -out out",
        "openssl ecparam -name prime256v1 -param_enc explicit -genkey | openssl ec -pubout -outform DER -out out",
        "openssl ecparam -name prime256v1 -genkey | openssl ec -conv_form compressed -pubout -outform DER -out out",
        "openssl genpkey -algorithm X25519 | openssl pkey -pubout -outform DER -out out",
        "openssl genpkey -algorithm ED448 | openssl pkey -pubout -outform DER -out out",
    ])
    func `a key of another kind or form is refused`(_ script: String) throws {
        let der = try openssl(script)
        #expect(throws: Self.refusal) { try SigstoreKey(der: der) }
    }

    @Test func `a point must be on its curve, and numbers of RSA must be some`() throws {
        let key = try SigstorePrivateKey().publicKey
        var moved = key.der
        moved[moved.count - 1] ^= 1
        #expect(throws: Self.refusal) { try SigstoreKey(der: moved) }
        let modulus = [UInt8](repeating: 0xC1, count: 256)
        for (bytes, exponent) in [
            (modulus, [1]), (modulus, [2]), (modulus, [1, 0, 0]), (modulus, [3, 0, 0, 0, 1]), (modulus, []),
            (modulus, [0, 3]), (modulus.dropLast() + [0xC0], [3]), ([0x41] + modulus.dropFirst(), [3]),
            ([UInt8](repeating: 0xC1, count: 2049), [3]),
        ] as [([UInt8], [UInt8])] {
            #expect(try PublicNumbers(.rsa, bytes, exponent: exponent) == nil, "\(bytes.count) \(exponent)")
        }
        #expect(try PublicNumbers(.rsa, modulus, exponent: [1, 0, 1])?.bitCount == 2048)
        #expect(try PublicNumbers(.p256, modulus) == nil)
        #expect(try PublicNumbers(.ed25519, [UInt8](repeating: 1, count: 31)) == nil)
    }

    @Test func `RSA's older form is the same key, but not with needless zeros`() throws {
        let public_ = try openssl(
            "openssl genrsa -out key 2048; openssl rsa -in key -RSAPublicKey_out -outform DER -out out")
        let key = try SigstoreKey(der: public_)
        #expect(key.algorithm == "RSA 2048")
        #expect(try SigstoreKey(der: key.der) == key)
        // The exponent 65537 with a zero before it: 02 03 01 00 01 at the end becomes 02 04 00 01 00 01.
        var padded = public_
        padded.replaceSubrange(padded.count - 5..<padded.count, with: [2, 4, 0, 1, 0, 1])
        padded[3] += 1
        #expect(throws: Self.refusal) { try SigstoreKey(der: padded) }
    }

    @Test func `digests are those of FIPS 180-4 and RFC 1321`() throws {
        func hex(_ algorithm: HashAlgorithm) throws -> String { hexDigits(try algorithm.digest(of: Array("abc".utf8))) }
        #expect(try hex(.md5) == "900150983cd24fb0d6963f7d28e17f72")
        #expect(try hex(.sha1) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(try hex(.sha256) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(try hex(.sha384).hasPrefix("cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"))
        #expect(try hex(.sha512).hasPrefix("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"))
        let running = try RunningHash(.md5)
        try running.update(Array("a".utf8))
        try running.update(Array("bc".utf8))
        #expect(hexDigits(try running.finish()) == "900150983cd24fb0d6963f7d28e17f72")
    }
}
