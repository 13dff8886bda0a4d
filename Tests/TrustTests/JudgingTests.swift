// SPDX-License-Identifier: Apache-2.0

import OCI
import Testing

@testable import Sigstore
@testable import Trust

@Suite(.timeLimit(.minutes(15))) private struct Unreachable: Error {}

@Suite(.timeLimit(.minutes(15))) struct JudgingTests {
    private let digest = Digest(of: Array("manifest".utf8))
    private let subject: PolicySubject

    init() throws { subject = .docker(try Reference(parsing: "a.example/b:1")) }

    /// Judges with messages whose bytes are the payload itself: `!…` for one that no key has signed.
    private func verdict(_ requirements: [PolicyRequirement], _ messages: [String]) throws -> Verdict {
        let evidence = SignatureEvidence(
            places: [LookedPlace("file:///s", messages.isEmpty ? .absent : .found(messages.count))],
            signatures: messages.enumerated().map { .init("signature-\($0 + 1)", .simpleSigning(Array($1.utf8))) })
        return try Policy(requirements).verdict(
            on: subject, manifest: digest, evidence: { evidence },
            open: { _, bytes in
                guard bytes.first != UInt8(ascii: "!") else {
                    return .refused(String(decoding: bytes.dropFirst(), as: UTF8.self))
                }
                return .signed(
                    payload: bytes,
                    by: GPGStatus.GoodSignature(fingerprint: "AB", primaryFingerprint: "AB", user: "u", time: 0))
            }, trust: { _ in SigstoreTrust(keys: []) })
    }

    private func message(_ reference: String = "a.example/b:1", _ digest: Digest? = nil) -> String {
        let payload = SimpleSigningPayload(manifestDigest: "\(digest ?? self.digest)", dockerReference: reference)
        return String(decoding: payload.json, as: UTF8.self)
    }

    private let signed = PolicyRequirement.signedBy(SignedBy(keys: .paths(["/k"])))

    @Test func `one signature that counts is enough`() throws {
        let verdict = try verdict([signed], ["!unknown key", message()])
        #expect(verdict.isAccepted)
        #expect(verdict.requirements[0].signatures.map(\.refusal) == ["unknown key", nil])
        #expect(verdict.digest == digest)
    }

    @Test func `a refusal says why`() throws {
        #expect(try verdict([.reject], []).refusal == "Running image docker://a.example/b:1 is rejected by policy.")
        #expect(try verdict([signed], []).refusal == "A signature was required, but no signature exists")
        #expect(try verdict([signed], ["!bad"]).refusal == "bad")
        #expect(
            try verdict([signed], ["!bad", "!worse"]).refusal
                == "None of the signatures were accepted, reasons: bad; worse")
        #expect(
            try verdict([signed], [message("a.example/b:2")]).refusal
                == "Signature for identity \"a.example/b:2\" is not accepted")
        let other = Digest(of: [])
        #expect(
            try verdict([signed], [message("a.example/b:1", other)]).refusal
                == "Signature for digest \(other) does not match")
        #expect(try verdict([signed], ["{}"]).refusal == "Key \"critical\" missing in a JSON object")
    }

    @Test func `where only the tag is another, it is told what accepts that`() throws {
        let advice = try verdict([signed], ["!bad", message("a.example/b:2")]).advice
        #expect(
            advice
                == "\"cimg trust add --identity matchRepository\" accepts every tag of the repository, \"cimg sign "
                + "--sign-identity a.example/b:1\" signs this name")
        #expect(try verdict([signed], [message()]).advice == nil)
        #expect(try verdict([signed], []).advice == nil)
        #expect(try verdict([.reject], [message("a.example/b:2")]).advice == nil)
        // Another repository, other bytes, an unknown key: no rule about names would help.
        #expect(try verdict([signed], [message("a.example/c:1")]).advice == nil)
        #expect(try verdict([signed], [message("a.example/b:2", Digest(of: []))]).advice == nil)
        #expect(try verdict([signed], ["!\(message("a.example/b:2"))"]).advice == nil)
        let exact = PolicyRequirement.signedBy(
            SignedBy(keys: .paths(["/k"]), identity: .exactReference("a.example/b:3")))
        #expect(try verdict([exact], [message("a.example/b:2")]).advice == nil)
    }

    @Test func `nothing that an unknown key has signed is shown`() throws {
        let verdict = try verdict([signed], ["!bad"])
        #expect(verdict.requirements[0].signatures[0].payload == nil)
        #expect(verdict.requirements[0].signatures[0].signer == nil)
    }

    @Test func `all requirements must be fulfilled, and the first that is not ends it`() throws {
        #expect(try verdict([.insecureAcceptAnything, signed], [message()]).isAccepted)
        let refused = try verdict([.insecureAcceptAnything, .reject, signed], [message()])
        #expect(refused.requirements.map(\.requirement.type) == ["insecureAcceptAnything", "reject"])
        #expect(try verdict([], [message()]).isAccepted == false)
    }

    @Test func `what cannot be judged is refused in a line`() throws {
        let sigstore = SigstoreSigned(signers: .keys(.paths(["/k"])), rekorKeys: nil, identity: .matchRepository)
        #expect(
            try verdict([.sigstoreSigned(sigstore)], [message()]).refusal
                == "A signature was required, but no signature exists (1 non-sigstore signatures, 0 sigstore non-signature attachments)"
        )
        #expect(try verdict([.signedBaseLayer(.matchExact)], []).isAccepted == false)
        let certificates = PolicyRequirement.signedBy(SignedBy(keyType: "X509Certificates", keys: .paths(["/k"])))
        #expect(
            try verdict([certificates], [message()]).refusal == "Unimplemented \"keyType\" value \"X509Certificates\"")
    }

    @Test func `a look-up that fails is no verdict, and nobody is asked in vain`() throws {
        func judge(_ requirements: [PolicyRequirement]) throws -> Verdict {
            try Policy(requirements).verdict(
                on: subject, manifest: digest, evidence: { throw Unreachable() },
                open: { _, _ in throw Unreachable() }, trust: { _ in throw Unreachable() })
        }
        #expect(throws: Unreachable.self) { try judge([signed]) }
        #expect(try judge([.insecureAcceptAnything]).evidence == nil)
        #expect(try judge([.reject]).isAccepted == false)
    }
}
