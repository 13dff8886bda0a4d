// SPDX-License-Identifier: Apache-2.0

import OCI
import TestSupport
import Testing

@testable import Sigstore
@testable import Trust

/// Signatures of cosign's two forms, logs, and what of them counts.
@Suite(.timeLimit(.minutes(15))) struct SigstoreSignatureTests {
    let key: SigstorePrivateKey
    let log: TestLog
    let digest = Digest(of: Array("manifest".utf8))

    init() throws { (key, log) = (try SigstorePrivateKey(), try TestLog()) }

    /// A signature of the first form, with an entry of the log.
    func signature(logged: Bool = true) throws -> SigstoreAttachment {
        let payload = CosignPayload(
            manifestDigest: digest, dockerReference: "a.example/b:1", annotations: ["k": "<v>"]
        ).json
        let signature = try key.sign(payload)
        var annotations = [SigstoreAttachment.signatureKey: base64Encoded(signature)]
        if logged {
            let entry = try log.entry(TestLog.record(signature, of: payload, by: key.publicKey), kind: "hashedrekord")
            annotations[SigstoreAttachment.logKey] = String(decoding: try #require(entry.annotation), as: UTF8.self)
        }
        return SigstoreAttachment(
            mediaType: SigstoreAttachment.signatureType, payload: payload, annotations: annotations)
    }

    /// A bundle, with an entry of the log.
    func bundle(logged: Bool = true, name: String? = "a.example/b:1") throws -> SigstoreBundle {
        let statement = Statement(
            subjects: [.init(name: name, digest: digest, annotations: ["k": "v"])],
            predicateType: Statement.signaturePredicate
        ).json
        let envelope = Envelope(
            payloadType: Statement.payloadType, payload: statement,
            signature: try key.sign(Envelope.signedBytes(Statement.payloadType, statement)))
        let entry = try log.entry(TestLog.envelopeRecord(envelope, by: key.publicKey), kind: "dsse")
        return SigstoreBundle(
            signer: .key(hint: key.publicKey.hint), content: .envelope(envelope), entries: logged ? [entry] : [])
    }

    func attachment(_ bundle: SigstoreBundle) -> SigstoreAttachment {
        SigstoreAttachment(mediaType: SigstoreBundle.mediaType, payload: bundle.json)
    }

    var trust: SigstoreTrust { SigstoreTrust(keys: [key.publicKey], logs: [log.log], needsLog: true) }

    @Test func `a payload has the bytes that cosign writes`() throws {
        let zeros = "sha256:" + String(repeating: "0", count: 64)
        let payload = CosignPayload(
            manifestDigest: try Digest(parsing: zeros), dockerReference: "a.example/b",
            annotations: ["b": "<", "a": "1"])
        let text =
            #"{"critical":{"identity":{"docker-reference":"a.example/b"},"image":{"docker-manifest-digest":"\#(zeros)"},"type":"cosign container image signature"},"optional":{"a":"1","b":"\u003c"}}"#
        #expect(String(decoding: payload.json, as: UTF8.self) == text)
        #expect(try CosignPayload(json: payload.json) == payload)
        let plain = try CosignPayload(json: SigstoreFixture.attachment("cosign-valid/signature-1").payload)
        #expect(plain.json == (try SigstoreFixture.attachment("cosign-valid/signature-1").payload))
        #expect(plain.optional == nil)
    }

    @Test func `signatures that cosign made are good by its key`() throws {
        let trust = SigstoreTrust(keys: [try SigstoreFixture.key("cosign2.pub"), try SigstoreFixture.key("cosign.pub")])
        let finding = try trust.finding(SigstoreFixture.attachment("cosign-valid/signature-1"))
        let manifest = Digest(of: try SigstoreFixture.bytes("cosign-valid/manifest.json"))
        #expect(finding.subject(manifest)?.name == "192.168.64.2:5000/cosign-signed-single-sample")
        #expect(finding.key == (try SigstoreFixture.key("cosign.pub")))
        #expect(finding.log == nil && !finding.hasUncheckedLog)
        #expect(throws: TrustError("cryptographic signature verification failed: made by none of the keys")) {
            try trust.finding(SigstoreFixture.attachment("unknown-cosign-key.signature"))
        }
        #expect(throws: TrustError("missing dev.cosignproject.cosign/signature annotation")) {
            var attachment = try SigstoreFixture.attachment("cosign-valid/signature-1")
            attachment.annotations = [:]
            _ = try trust.finding(attachment)
        }
    }

    @Test func `the public log's promise of a signature is checked offline`() throws {
        let log = TransparencyLog(key: try SigstoreFixture.key("rekor.pub"))
        #expect(
            hexDigits(log.identifier) == "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d")
        let key = try SigstoreFixture.key("cosign2.pub")
        let attachment = try SigstoreFixture.attachment("cosign-key-rekor-valid/signature-1")
        let finding = try SigstoreTrust(keys: [key], logs: [log], needsLog: true).finding(attachment)
        #expect(finding.log?.index == 11_608_800)
        #expect(finding.log?.time == 1_674_251_859)
        #expect(try SigstoreTrust(keys: [key]).finding(attachment).hasUncheckedLog)
        let other = TransparencyLog(key: key)
        #expect(
            throws: TrustError(
                "the log's entry: no key of log c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d is trusted"
            )
        ) { try SigstoreTrust(keys: [key], logs: [other], needsLog: true).finding(attachment) }
        #expect(throws: TrustError("no entry of a transparency log comes with it")) {
            try SigstoreTrust(keys: [SigstoreFixture.key("cosign.pub")], logs: [log], needsLog: true)
                .finding(SigstoreFixture.attachment("cosign-valid/signature-1"))
        }
        // The entry of another signature by the same key.
        var mixed = try SigstoreFixture.attachment("cosign-valid/signature-1")
        mixed.annotations[SigstoreAttachment.logKey] = attachment.annotations[SigstoreAttachment.logKey]
        #expect(throws: TrustError("the log's entry: is of another digest")) {
            try SigstoreTrust(keys: [SigstoreFixture.key("cosign.pub")], logs: [log], needsLog: true).finding(mixed)
        }
    }

    @Test func `both forms are good with their entries of the log`() throws {
        let first = try trust.finding(signature())
        #expect(first.log == .init(index: 1004, time: 1_767_225_600))
        #expect(first.annotations == ["k": .string("<v>")])
        let second = try trust.finding(attachment(bundle()))
        #expect(second.log == .init(index: 1004, time: 1_767_225_600))
        #expect(second.subjects == [.init(digest: "\(digest)", name: "a.example/b:1")])
        #expect(second.form == .bundle && second.isImageSignature)
        let read = try SigstoreBundle(json: bundle().json)
        #expect(try SigstoreBundle(json: read.json) == read)
        #expect(throws: TrustError("no entry of a transparency log comes with it")) {
            try trust.finding(attachment(bundle(logged: false)))
        }
    }

    @Test(arguments: [(0, 1), (0, 2), (1, 2), (2, 3), (6, 7), (4, 8), (7, 8), (10, 11), (99, 100)])
    func `an entry is found in trees of every shape`(_ place: (index: Int, size: Int)) throws {
        let body = Array("body".utf8)
        let proof = try #require(
            try log.entry(body, kind: "x", index: place.index, size: place.size).proof)
        try proof.check(body, by: [log.log])
        #expect(throws: TrustError("inclusion proof: does not lead to its root")) {
            try proof.check(body + [0], by: [log.log])
        }
        #expect(throws: TrustError("checkpoint: is not signed by the log")) {
            try proof.check(body, by: [try TestLog().log])
        }
        var short = proof
        short.hashes.append([UInt8](repeating: 0, count: 32))
        #expect(throws: TrustError("inclusion proof: does not lead to its root")) {
            try short.check(body, by: [log.log])
        }
        short.checkpoint = nil
        short.hashes.removeLast()
        #expect(throws: TrustError("inclusion proof: has no checkpoint")) { try short.check(body, by: [log.log]) }
    }

    @Test func `a log's key counts while it is in use`() throws {
        var log = self.log.log
        log.start = 1_767_225_600
        log.end = 1_767_225_600
        let attachment = try signature()
        #expect(try SigstoreTrust(keys: [key.publicKey], logs: [log], needsLog: true).finding(attachment).log != nil)
        log.end = 1_767_225_599
        #expect(throws: TrustError("the log's entry: the log's key was not in use at the time of the entry")) {
            try SigstoreTrust(keys: [key.publicKey], logs: [log], needsLog: true).finding(attachment)
        }
    }

    @Test func `a bundle of another form is refused`() throws {
        let json = String(decoding: try bundle().json, as: UTF8.self)
        func refusal(_ from: String, _ to: String) -> String {
            #expect(json.contains(from))
            do throws(TrustError) {
                _ = try SigstoreBundle(json: Array(json.replacing(from, with: to, maxReplacements: 1).utf8))
                return "accepted"
            } catch {
                return error.description
            }
        }
        #expect(refusal("bundle.v0.3+json", "bundle.v0.4+json").hasPrefix("unsupported bundle"))
        #expect(refusal(#""keyid""#, #""keyId""#) == #"Unknown key "keyId""#)
        #expect(refusal(#""publicKey":{"#, #""publicKey":{"x":1,"#) == #"Unknown key "x""#)
        #expect(refusal(#""signatures":["#, #""signatures":[{"sig":"AAAA"},"#) == "an envelope with 2 signatures")
        #expect(refusal(#""payloadType""#, #""payload":"","payloadType""#) == #"Duplicate key "payload""#)
        #expect(refusal(#""logIndex":"1004""#, #""logIndex":"01004""#) == "logIndex: is not a number")
        let version = "application/vnd.dev.sigstore.bundle+json;version=0."
        #expect(refusal(SigstoreBundle.mediaType, version + "2") == "accepted")
        #expect(refusal(SigstoreBundle.mediaType, version + "4") == "unsupported bundle \"\(version)4\"")
        #expect(
            refusal(#""inclusionProof""#, #""inclusionPromise":{"signedEntryTimestamp":""},"x""#)
                == #"Duplicate key "inclusionPromise""#)
    }

    @Test func `a bundle that names another key than the one that signed is refused`() throws {
        var bundle = try bundle()
        bundle.signer = .key(hint: try SigstorePrivateKey().publicKey.hint)
        #expect(throws: TrustError("a bundle that names another key than the one that signed it")) {
            try trust.finding(attachment(bundle))
        }
        bundle.signer = .key(hint: "")
        #expect(try trust.finding(attachment(bundle)).key == key.publicKey)
    }
}
