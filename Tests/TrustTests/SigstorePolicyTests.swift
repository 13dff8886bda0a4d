// SPDX-License-Identifier: Apache-2.0

import OCI
import Testing

@testable import Sigstore
@testable import Trust

/// What the policy's `sigstoreSigned` makes of signatures that other tools made.
@Suite(.timeLimit(.minutes(15))) struct SigstorePolicyTests {
    private func verdict(
        _ signatures: [String], manifest: String = "cosign-valid", name: String, identity: SignedIdentity,
        keys: [String] = ["cosign.pub"], logs: [String]? = nil
    ) throws -> Verdict {
        let signed = SigstoreSigned(
            signers: .keys(.paths(keys)), rekorKeys: logs.map { .paths($0) }, identity: identity)
        let evidence = SignatureEvidence(
            signatures: try signatures.map { .init($0, try SigstoreFixture.file($0)) })
        return try Policy([.sigstoreSigned(signed)]).verdict(
            on: .docker(try Reference(parsing: name)),
            manifest: Digest(of: try SigstoreFixture.bytes("\(manifest)/manifest.json")), evidence: { evidence },
            open: { _, _ in .refused("no OpenPGP here") },
            trust: { _ in
                SigstoreTrust(
                    keys: try keys.map { try SigstoreFixture.key($0) },
                    logs: try (logs ?? []).map { TransparencyLog(key: try SigstoreFixture.key($0)) },
                    needsLog: logs != nil)
            })
    }

    private let repository = "192.168.64.2:5000/cosign-signed-single-sample"

    @Test func `a signature by cosign names the repository, and matchRepository takes it`() throws {
        let valid = "cosign-valid/signature-1"
        let accepted = try verdict([valid], name: repository, identity: .matchRepository)
        #expect(accepted.isAccepted)
        #expect(accepted.requirements[0].signatures[0].finding?.form == .signature)
        #expect(
            try verdict([valid], name: repository, identity: .matchRepoDigestOrExact).refusal
                == "Signature for identity \"\(repository)\" is not accepted")
        #expect(
            try verdict([valid], name: "a.example/b", identity: .matchRepository).refusal
                == "Signature for identity \"\(repository)\" is not accepted")
        #expect(try verdict([valid], name: "a.example/b", identity: .exactRepository(repository)).isAccepted)
    }

    @Test func `a signature by skopeo names the tag, and the default takes it`() throws {
        let tagged = "cosign-valid-with-tag/signature-1"
        let name = "192.168.64.2:5000/skopeo-signed:tag"
        #expect(
            try verdict([tagged], manifest: "cosign-valid-with-tag", name: name, identity: .matchRepoDigestOrExact)
                .isAccepted)
        let other = try verdict(
            [tagged], manifest: "cosign-valid-with-tag", name: "192.168.64.2:5000/skopeo-signed:other",
            identity: .matchRepoDigestOrExact)
        #expect(other.refusal == "Signature for identity \"\(name)\" is not accepted")
        #expect(other.advice?.contains("--sign-identity 192.168.64.2:5000/skopeo-signed:other") == true)
    }

    @Test func `one good signature among others is enough, and what is none does not count`() throws {
        let both = ["unknown-cosign-key.signature", "cosign-valid/signature-1"]
        let accepted = try verdict(both, name: repository, identity: .matchRepository)
        #expect(accepted.isAccepted)
        #expect(
            accepted.requirements[0].signatures.map(\.refusal)
                == ["cryptographic signature verification failed: made by none of the keys", nil])
        #expect(
            try verdict(["cosign-other-attachment/signature-1"], name: repository, identity: .matchRepository).refusal
                == "A signature was required, but no signature exists (0 non-sigstore signatures, 1 sigstore non-signature attachments)"
        )
        #expect(
            try verdict([], name: repository, identity: .matchRepository).refusal
                == "A signature was required, but no signature exists")
        let digest = Digest(of: try SigstoreFixture.bytes("cosign-valid/manifest.json"))
        #expect(
            try verdict(
                ["cosign-valid/signature-1"], manifest: "cosign-modified-manifest", name: repository,
                identity: .matchRepository
            ).refusal == "Signature for digest \(digest) does not match")
        #expect(
            try verdict(
                ["cosign-valid-2/signature-2"], name: repository, identity: .matchRepository, keys: ["cosign2.pub"]
            )
            .refusal == "cryptographic signature verification failed: made by none of the keys")
    }

    @Test func `where a log must have it, the promise is asked for`() throws {
        let name = "192.168.64.2:5000/cosign-signed/key-1"
        let logged = "cosign-key-rekor-valid"
        #expect(
            try verdict(
                ["\(logged)/signature-1"], manifest: logged, name: name, identity: .matchRepository,
                keys: ["cosign.pub", "cosign2.pub"], logs: ["rekor.pub"]
            ).isAccepted)
        #expect(
            try verdict(
                ["cosign-valid/signature-1"], name: repository, identity: .matchRepository, logs: ["rekor.pub"]
            ).refusal == "no entry of a transparency log comes with it")
    }

    /// Judges by certificates, as `Signatures` reads them from a policy.
    private func verdict(
        _ image: String, name: String, anchors: String, others: String? = nil, identity: CertificateIdentity,
        now: Int64? = nil
    ) throws -> Verdict {
        let authority = try CertificateAuthority(
            anchors: SigstoreFixture.bytes(anchors), others: others.map { try SigstoreFixture.bytes($0) })
        let certificates = CertificateTrust(authorities: [authority], identity: identity, now: now)
        let logs = now == nil ? [TransparencyLog(key: try SigstoreFixture.key("rekor.pub"))] : []
        let signed = SigstoreSigned(signers: .keys(.paths([])), rekorKeys: nil, identity: .matchRepository)
        let evidence = SignatureEvidence(
            signatures: [.init("signature-1", try SigstoreFixture.file("\(image)/signature-1"))])
        return try Policy([.sigstoreSigned(signed)]).verdict(
            on: .docker(try Reference(parsing: name)),
            manifest: Digest(of: try SigstoreFixture.bytes("\(image)/manifest.json")), evidence: { evidence },
            open: { _, _ in .refused("") },
            trust: { _ in
                SigstoreTrust(keys: [], certificates: certificates, logs: logs, needsLog: now == nil)
            })
    }

    @Test func `a short-lived certificate counts at the time that the log tells`() throws {
        let (image, name) = ("cosign-fulcio-rekor-valid", "192.168.64.2:5000/cosign-signed/fulcio-rekor-1")
        let mitr = CertificateIdentity(
            issuer: .exact("https://github.com/login/oauth"), email: "mitr@redhat.com")
        let accepted = try verdict(image, name: name, anchors: "fulcio_v1.crt.pem", identity: mitr)
        #expect(accepted.isAccepted, "\(accepted.refusal ?? "")")
        #expect(
            accepted.requirements[0].signatures[0].finding?.signer
                == .certificate(subject: "mitr@redhat.com", issuer: "https://github.com/login/oauth"))
        let other = CertificateIdentity(issuer: .exact("https://github.com/login/oauth"), email: "a@b.example")
        #expect(
            try verdict(image, name: name, anchors: "fulcio_v1.crt.pem", identity: other).refusal
                == "Required email \"a@b.example\" not found (got \"mitr@redhat.com\")")
        let elsewhere = CertificateIdentity(issuer: .exact("https://a.example"), email: "mitr@redhat.com")
        #expect(
            try verdict(image, name: name, anchors: "fulcio_v1.crt.pem", identity: elsewhere).refusal
                == "Unexpected Fulcio OIDC issuer \"https://github.com/login/oauth\"")
        let expression = CertificateIdentity(
            subject: .expression(".*@redhat.com"), issuer: .expression("https://git.*"))
        #expect(try verdict(image, name: name, anchors: "fulcio_v1.crt.pem", identity: expression).isAccepted)
        // The whole must fit.
        let part = CertificateIdentity(subject: .expression("redhat"))
        #expect(
            try verdict(image, name: name, anchors: "fulcio_v1.crt.pem", identity: part).refusal
                == "the certificate is for \"mitr@redhat.com\"")
        #expect(
            try verdict(image, name: name, anchors: "pki_root_crts.pem", identity: mitr).refusal
                == "no trusted authority made the certificate, or it did not hold when it was signed")
    }

    @Test func `a certificate of an authority of one's own counts while it holds`() throws {
        let identity = CertificateIdentity(email: "qiwan@redhat.com", hostname: "myhost.example.com")
        func refusal(_ identity: CertificateIdentity, now: Int64) throws -> String? {
            try verdict(
                "cosign-pki-valid", name: "localhost:5000/test", anchors: "pki_root_crts.pem",
                others: "pki_intermediate_crts.pem", identity: identity, now: now
            ).refusal
        }
        let reason = try refusal(identity, now: 1_767_225_600)
        #expect(reason == nil, "\(reason ?? "")")
        #expect(
            try refusal(identity, now: 0)
                == "no trusted authority made the certificate, or it did not hold when it was signed")
        #expect(
            try refusal(CertificateIdentity(hostname: "other.example.com"), now: 1_767_225_600)?
                .hasPrefix("Unexpected subject hostname: ") == true)
    }

    @Test func `a bundle counts by the name it signs, or by none for matchRepository`() throws {
        let made = try SigstoreSignatureTests()
        for (name, identity, accepted) in [
            ("a.example/b:1" as String?, SignedIdentity.matchRepoDigestOrExact, true),
            ("a.example/b:2", .matchRepoDigestOrExact, false), ("a.example/b:2", .matchRepository, true),
            (nil, .matchRepoDigestOrExact, false), (nil, .matchRepository, true),
            ("a.example/c:1", .matchRepository, false), (nil, .exactRepository("a.example/b"), false),
        ] {
            let attachment = made.attachment(try made.bundle(name: name))
            let evidence = SignatureEvidence(signatures: [.init("bundle", .sigstore(attachment.json))])
            let signed = SigstoreSigned(signers: .keys(.paths([])), rekorKeys: nil, identity: identity)
            let verdict = try Policy([.sigstoreSigned(signed)]).verdict(
                on: .docker(try Reference(parsing: "a.example/b:1")), manifest: made.digest, evidence: { evidence },
                open: { _, _ in .refused("") }, trust: { _ in made.trust })
            #expect(
                verdict.isAccepted == accepted, "\(name ?? "nameless") \(identity): \(verdict.refusal ?? "accepted")")
        }
    }
}
