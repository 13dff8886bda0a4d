// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing
import Trust

@testable import Signatures

/// Messages signed by real keys, and what becomes of them.
@Suite(.enabled(if: SigningKey.isPossible), .timeLimit(.minutes(15)))
struct KeyringTests {
    private let payload = Array("{\"a\":1}".utf8)

    private func message(_ key: SigningKey, _ options: String...) throws -> [UInt8] {
        let scratch = ScratchDirectory()
        let file = scratch.file("payload", payload)
        let signed = scratch.path("signed")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["gpg", "--homedir", key.home, "--batch", "-q"] + options + [
                "--output", signed.string, "--sign", file.string,
            ]
        try process.run()
        process.waitUntilExit()
        return try Array(Data(contentsOf: URL(filePath: signed.string)))
    }

    @Test func `a message by a key of the ring is opened, by another one refused`() throws {
        let (mine, other) = (try SigningKey("me@a.example"), try SigningKey("other@b.example"))
        let message = try message(mine)
        let ring = try Keyring(.paths([mine.publicKey]))
        #expect(ring.fingerprints == [mine.fingerprint])
        guard case .signed(let bytes, let signer) = try ring.open(message) else {
            Issue.record("refused")
            return
        }
        #expect(bytes == payload)
        #expect(signer.primaryFingerprint == mine.fingerprint)
        #expect(signer.user == "me@a.example")
        let key = String(mine.fingerprint.suffix(16))
        #expect(
            try Keyring(.paths([other.publicKey])).open(message)
                == .refused(
                    "cryptographic signature verification failed: made by key \(key), which is not among them"))
        let both = try Keyring(
            .data([
                [UInt8](Data(contentsOf: URL(filePath: other.publicKey))),
                [UInt8](Data(contentsOf: URL(filePath: mine.publicKey))),
            ]))
        #expect(both.fingerprints.count == 2)
        #expect(try both.facts().map(\.mails) == [["other@b.example"], ["me@a.example"]])
        guard case .signed = try both.open(message) else {
            Issue.record("refused by a ring of both keys")
            return
        }
    }

    @Test func `an expired signature, an expired and a revoked key are refused, and by which`() throws {
        let key = try SigningKey()
        let short = String(key.fingerprint.suffix(16))
        let old = try message(key, "--faked-system-time", "20270101T000000", "--default-sig-expire", "seconds=1")
        #expect(old.isEmpty == false)
        let good = try message(key)
        try key.revoke()
        #expect(
            try Keyring(.paths([key.publicKey])).open(good)
                == .refused(
                    "cryptographic signature verification failed: the key was revoked: key \(short) (me@a.example)"))
        let brief = try SigningKey("brief@a.example", expiry: "seconds=2")
        let late = try message(brief)
        Thread.sleep(forTimeInterval: 3)
        #expect(
            try Keyring(.paths([brief.publicKey])).open(late)
                == .refused(
                    "cryptographic signature verification failed: the key has expired: key "
                        + "\(brief.fingerprint.suffix(16)) (brief@a.example)"))
        let lasting = try SigningKey("lasting@a.example")
        let expired = try message(lasting, "--default-sig-expire", "seconds=1")
        Thread.sleep(forTimeInterval: 2)
        #expect(
            try Keyring(.paths([lasting.publicKey])).open(expired)
                == .refused(
                    "cryptographic signature verification failed: the signature has expired: key "
                        + "\(lasting.fingerprint.suffix(16)) (lasting@a.example)"))
    }

    @Test func `a key file without keys trusts nobody, and one that is not there is trouble`() throws {
        let scratch = ScratchDirectory()
        let empty = scratch.file("empty", "no key").string
        guard case .refused(let reason) = try Keyring(.paths([empty])).open([0xA3, 1]) else {
            Issue.record("accepted")
            return
        }
        #expect(reason.hasPrefix("No public keys imported"))
        #expect(throws: SignatureError("/no/key", "is not there, and would hold the keys that the policy trusts")) {
            try Keyring(.paths(["/no/key"]))
        }
    }

    @Test func `a message with one bit changed is refused`() throws {
        let key = try SigningKey()
        let message = try message(key)
        let ring = try Keyring(.paths([key.publicKey]))
        let rounds = ProcessInfo.processInfo.environment["CIMG_TRUST_ROUNDS"].flatMap { Int($0) } ?? 40
        var generator = SeededGenerator(seed: 14)
        var accepted: [Int] = []
        for _ in 0..<rounds {
            let bit = Int.random(in: 0..<(message.count * 8), using: &generator)
            var changed = message
            changed[bit / 8] ^= 1 << (bit % 8)
            // What is told apart from it must be the payload; unsigned bits of the packets' frames may change.
            if case .signed(let bytes, _) = try ring.open(changed), bytes != payload { accepted.append(bit) }
        }
        #expect(accepted == [])
    }

    @Test func `a signer signs what a keyring opens, with the passphrase of a file`() throws {
        let key = try SigningKey("safe@a.example", passphrase: "secret word")
        let scratch = ScratchDirectory()
        let passphrase = scratch.file("passphrase", "secret word\n")
        setenv("GNUPGHOME", key.home, 1)
        defer { unsetenv("GNUPGHOME") }
        let digest = Digest(of: payload)
        let wrong = try Signer(key: key.user, passphraseFile: scratch.file("wrong", "wrong\n"), creator: "x")
        #expect(throws: SignatureError.self) { try wrong.sign(digest, as: Reference(parsing: "a/b:1")) }
        let signer = try Signer(key: key.fingerprint, passphraseFile: passphrase, creator: "cimg test")
        let file = try signer.sign(digest, as: Reference(parsing: "a.example/b:1"))
        guard case .simpleSigning(let message) = file,
            case .signed(let bytes, _) = try Keyring(.paths([key.publicKey])).open(message)
        else {
            Issue.record("cannot be opened")
            return
        }
        let read = try SimpleSigningPayload(json: bytes)
        #expect(read.dockerReference == "a.example/b:1")
        #expect(read.manifestDigest == "\(digest)")
        #expect(read.creator == "cimg test")
        let unknown = try Signer(key: "nobody@a.example", creator: "x")
        let error = #expect(throws: SignatureError.self) { try unknown.sign(digest, as: Reference(parsing: "a/b:1")) }
        #expect(error?.description.hasPrefix("creating signature: key \"nobody@a.example\" not found") == true)
        #expect(throws: SignatureError("b", "Sign identity must be a fully specified reference")) {
            try Signer(key: "k", identity: "b", creator: "x")
        }
    }
}
