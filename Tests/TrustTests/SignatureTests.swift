// SPDX-License-Identifier: Apache-2.0

import OCI
import Testing

@testable import Sigstore
@testable import Trust

private let zeros = "sha256:" + String(repeating: "0", count: 64)
private let fingerprint = String(repeating: "AB", count: 20)
private let valid =
    "[GNUPG:] NEWSIG\n[GNUPG:] KEY_CONSIDERED \(fingerprint) 0\n[GNUPG:] PLAINTEXT 62 1 \n"
    + "[GNUPG:] GOODSIG ABABABABABABABAB A%20B <a@b.example>\n"
    + "[GNUPG:] VALIDSIG \(fingerprint) 2026-01-01 1767225600 0 4 0 1 8 00 \(String(repeating: "CD", count: 20))\n"

@Suite(.timeLimit(.minutes(15))) struct SignatureTests {
    @Test func `a payload is written as other tools write it, and read again`() throws {
        let payload = SimpleSigningPayload(
            manifestDigest: zeros, dockerReference: "a.example/b:1", creator: "cimg <1>", timestamp: 1_767_225_600)
        let json =
            #"{"critical":{"identity":{"docker-reference":"a.example/b:1"},"image":{"docker-manifest-digest":"\#(zeros)"},"type":"atomic container signature"},"optional":{"creator":"cimg \u003c1\u003e","timestamp":1767225600}}"#
        #expect(String(decoding: payload.json, as: UTF8.self) == json)
        #expect(try SimpleSigningPayload(json: payload.json) == payload)
    }

    static let faults: [(json: String, reason: String)] = [
        (#"{"critical":{}}"#, #"Key "optional" missing in a JSON object"#),
        (#"{"critical":{},"optional":{},"x":1}"#, #"Unknown key "x""#),
        (#"{"critical":{},"critical":{},"optional":{}}"#, #"Duplicate key "critical""#),
        (#"{"critical":{"type":"x","image":{},"identity":{}},"optional":{}}"#, "Unrecognized signature type x"),
        (payload(image: "{}"), #"Key "docker-manifest-digest" missing in a JSON object"#),
        (payload(image: #"{"docker-manifest-digest":"sha256:0"}"#), #"invalid digest "sha256:0""#),
        (payload(optional: #"{"timestamp":1.5}"#), "Field optional.timestamp is not an integer"),
        (payload(optional: #"{"creator":1}"#), "creator: is not a string"),
        (payload(optional: "null"), "JSON object expected"),
    ]

    static func payload(image: String? = nil, optional: String = "{}") -> String {
        let image = image ?? #"{"docker-manifest-digest":"\#(zeros)"}"#
        return
            #"{"critical":{"type":"atomic container signature","image":\#(image),"identity":{"docker-reference":"a/b:1"}},"optional":\#(optional)}"#
    }

    @Test(arguments: faults) func `a payload with a fault is refused`(_ fault: (json: String, reason: String)) {
        #expect(throws: TrustError(fault.reason)) { try SimpleSigningPayload(json: Array(fault.json.utf8)) }
    }

    @Test func `what is optional may be anything else`() throws {
        let read = try SimpleSigningPayload(json: Array(Self.payload(optional: #"{"x":[1],"timestamp":1e3}"#).utf8))
        #expect(read.timestamp == 1000)
        #expect(read.creator == nil)
    }

    @Test func `a signature's format is told by its first bytes`() throws {
        #expect(try SignatureFile([0xA3, 1]) == .simpleSigning([0xA3, 1]))
        #expect(try SignatureFile([0] + Array("simple-signing\n".utf8) + [0x90]) == .simpleSigning([0x90]))
        let sigstore = SignatureFile.sigstore(Array("{}".utf8))
        #expect(try SignatureFile(sigstore.bytes) == sigstore)
        #expect(throws: TrustError(#"unrecognized signature format "x""#)) { try SignatureFile([0, 0x78, 0x0A]) }
        #expect(throws: TrustError("unrecognized signature format, starting with binary 2d2d2d")) {
            try SignatureFile(Array("---".utf8))
        }
        #expect(throws: TrustError("an empty signature")) { try SignatureFile([]) }
    }

    @Test func `a good signature is told with its key, user and time`() throws {
        let read = try GPGStatus(Array(valid.utf8)).signature()
        #expect(read.fingerprint == fingerprint)
        #expect(read.primaryFingerprint == String(repeating: "CD", count: 20))
        #expect(read.user == "A B <a@b.example>")
        #expect(read.time == 1_767_225_600)
    }

    @Test(arguments: [
        ("", "gpg finds no good signature"),
        (valid + valid, "2 signatures in one"),
        (valid + "[GNUPG:] PLAINTEXT 62 1 \n", "the payload is not in it once"),
        (valid + "[GNUPG:] EXPSIG ABAB User\n", "the signature has expired: key ABAB (User)"),
        (valid + "[GNUPG:] EXPKEYSIG ABAB User\n", "the key has expired: key ABAB (User)"),
        (valid + "[GNUPG:] REVKEYSIG ABAB User\n", "the key was revoked: key ABAB (User)"),
        (valid + "[GNUPG:] BADSIG ABAB User\n", "the signature is not of this payload: key ABAB (User)"),
        ("[GNUPG:] ERRSIG ABAB 1 8 00 1 9\n[GNUPG:] NO_PUBKEY ABAB\n", "made by key ABAB, which is not among them"),
        (valid + "[GNUPG:] BEGIN_DECRYPTION x\n", "it is no signed message (BEGIN_DECRYPTION)"),
        ("gpg: [GNUPG:] GOODSIG X Y\n", "gpg finds no good signature"),
    ]) func `anything else that gpg says is a refusal`(_ status: String, _ reason: String) {
        #expect(throws: TrustError("cryptographic signature verification failed: \(reason)")) {
            try GPGStatus(Array(status.utf8)).signature()
        }
    }

    @Test func `imported keys are counted once`() {
        let status = "[GNUPG:] IMPORT_OK 1 AA\n[GNUPG:] IMPORT_OK 0 AA\n[GNUPG:] IMPORT_OK 1 BB\n[GNUPG:] IMPORTED X\n"
        #expect(GPGStatus(Array(status.utf8)).importedKeys == ["AA", "BB"])
    }

    @Test func `signatures of a registry are those of the kind that is known`() throws {
        let json =
            #"{"signatures":[{"schemaVersion":2,"name":"x","type":"atomic","content":"oAE="},{"schemaVersion":1,"type":"atomic","content":"!"},{"schemaVersion":2,"type":"other"}]}"#
        #expect(
            try RegistrySignatures.signatures(json: Array(json.utf8), name: "list") == [.simpleSigning([0xA0, 1])])
        let digest = Digest(of: [])
        #expect(
            String(decoding: RegistrySignatures.json([0xA0, 1], digest: digest, suffix: "00"), as: UTF8.self)
                == #"{"schemaVersion":2,"name":"\#(digest)@00","type":"atomic","content":"oAE="}"#)
    }
}
