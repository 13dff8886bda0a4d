// SPDX-License-Identifier: Apache-2.0

package import OCI

/// Whose signatures of sigstore count.
package struct SigstoreTrust: Sendable, Hashable {
    /// The keys, any of which may have signed.
    package var keys: [SigstoreKey]
    /// Certificates whose keys may have signed; nil for none.
    package var certificates: CertificateTrust?
    /// The transparency logs whose word counts.
    package var logs: [TransparencyLog]
    /// Whether a log must have the signature.
    package var needsLog: Bool

    /// Trusts some keys, or those who have certificates.
    package init(
        keys: [SigstoreKey], certificates: CertificateTrust? = nil, logs: [TransparencyLog] = [], needsLog: Bool = false
    ) {
        self.keys = keys
        self.certificates = certificates
        self.logs = logs
        self.needsLog = needsLog
    }

    /// Checks an attachment: its signature, and what logs say of it.
    ///
    /// What it is about is for whoever asks to compare.
    /// - Throws: `TrustError` that says why it does not count.
    package func finding(_ attachment: SigstoreAttachment) throws(TrustError) -> SigstoreFinding {
        switch attachment.mediaType {
        case SigstoreAttachment.signatureType: try signature(attachment)
        case SigstoreAttachment.envelopeType: try envelope(attachment)
        case let type where SigstoreBundle.version(of: type) != nil: try bundle(attachment.payload)
        case let type: throw TrustError("is no signature of sigstore: \(type.printable)")
        }
    }

    // MARK: - The first form

    private func signature(_ attachment: SigstoreAttachment) throws(TrustError) -> SigstoreFinding {
        guard let text = attachment.annotations[SigstoreAttachment.signatureKey] else {
            throw TrustError("missing \(SigstoreAttachment.signatureKey) annotation")
        }
        // Lines may end in between, as openssl(1) and others write it.
        let characters = text.filter { $0 != "\n" && $0 != "\r" && $0 != "\r\n" }
        guard let signature = base64Bytes(characters) else { throw TrustError("the signature is not base64") }
        var signed = SignedEvidence(signature, of: attachment.payload)
        try signed.take(attachment)
        let checked = try check(signed)
        let payload = try CosignPayload(json: attachment.payload)
        return SigstoreFinding(
            form: .signature, signer: checked.signer, log: checked.log,
            hasUncheckedLog: !signed.entries.isEmpty && checked.log == nil,
            subjects: [.init(digest: payload.manifestDigest, name: payload.dockerReference)],
            annotations: payload.optional ?? [:], payload: attachment.payload)
    }

    private func envelope(_ attachment: SigstoreAttachment) throws(TrustError) -> SigstoreFinding {
        let envelope = try Envelope(json: attachment.payload)
        var signed = SignedEvidence(envelope.signature, of: envelope.signedBytes)
        signed.payload = envelope.payload
        try signed.take(attachment)
        return try finding(envelope, .envelope, signed)
    }

    // MARK: - Bundles

    private func bundle(_ json: [UInt8]) throws(TrustError) -> SigstoreFinding {
        let bundle = try SigstoreBundle(json: json)
        guard case .envelope(let envelope) = bundle.content else {
            throw TrustError("a bundle of a message, not of a statement about an image")
        }
        return try finding(envelope, .bundle, SignedEvidence(bundle, envelope))
    }

    private func finding(
        _ envelope: Envelope, _ form: SigstoreFinding.Form, _ signed: SignedEvidence
    ) throws(TrustError) -> SigstoreFinding {
        let checked = try check(signed)
        guard envelope.payloadType == Statement.payloadType else {
            throw TrustError("an envelope of \(quoted(envelope.payloadType)), not of a statement")
        }
        let statement = try Statement(json: envelope.payload)
        var subjects: [SigstoreFinding.Subject] = []
        var annotations: [String: JSONValue] = [:]
        for subject in statement.subjects {
            guard let hex = subject.digest["sha256"] else { continue }
            subjects.append(.init(digest: "sha256:\(hex)", name: subject.name))
            annotations.merge(subject.annotations) { first, _ in first }
        }
        return SigstoreFinding(
            form: form, signer: checked.signer, log: checked.log,
            hasUncheckedLog: !signed.entries.isEmpty && checked.log == nil, subjects: subjects,
            annotations: annotations, payload: envelope.payload, predicateType: statement.predicateType,
            envelope: envelope)
    }

    /// Checks a bundle that is of something else than an image: a file.
    ///
    /// - Parameters:
    ///   - content: the file; nil where only its digest is known.
    ///   - digest: its SHA-256.
    /// - Throws: `TrustError` that says why it does not count.
    package func finding(
        bundle json: [UInt8], of content: [UInt8]?, digest: OCI.Digest
    ) throws(TrustError) -> SigstoreFinding {
        let bundle = try SigstoreBundle(json: json)
        switch bundle.content {
        case .envelope(let envelope):
            let found = try finding(envelope, .bundle, SignedEvidence(bundle, envelope))
            guard found.subject(digest) != nil else { throw TrustError("no matching subject digest found") }
            return found
        case .message(let told, let signature):
            guard told == nil || told == digest.bytes else { throw TrustError("a bundle of another digest") }
            var signed = SignedEvidence(signature, of: content, digest: digest)
            signed.take(bundle)
            let checked = try check(signed)
            return SigstoreFinding(
                form: .bundle, signer: checked.signer, log: checked.log,
                hasUncheckedLog: !signed.entries.isEmpty && checked.log == nil,
                subjects: [.init(digest: "\(digest)", name: nil)], annotations: [:], payload: content ?? [])
        }
    }

    // MARK: - Keys, certificates and logs

    private func check(
        _ signed: SignedEvidence
    ) throws(TrustError) -> (signer: SigstoreFinding.Signer, log: SigstoreFinding.Log?) {
        switch signed.signer {
        case .key(let hint):
            guard !keys.isEmpty else { throw TrustError("made by a key, where a certificate is asked for") }
            guard let key = keys.first(where: { signed.isSigned(by: $0) }) else {
                throw TrustError("cryptographic signature verification failed: made by none of the keys")
            }
            // The hint is not signed; one that is not this key's hides something.
            guard hint.isEmpty || hint == key.hint else {
                throw TrustError("a bundle that names another key than the one that signed it")
            }
            return (.key(key), try logged(signed, by: key.der))
        case .certificates(let chain):
            guard let leaf = chain.first else { throw TrustError("an empty chain of certificates") }
            guard let certificates else {
                // Of a key that is trusted it does not matter who made a certificate for it.
                guard let key = keys.first(where: { signed.isSigned(by: $0) }) else {
                    throw TrustError("cryptographic signature verification failed: made by none of the keys")
                }
                return (.key(key), try logged(signed, by: leaf))
            }
            let log = try logged(signed, by: leaf)
            return (try certificates.signer(of: signed, chain, loggedAt: log?.time), log)
        }
    }

    /// What logs say of a signature.
    ///
    /// - Parameter verifier: the key or certificate that they must know it by.
    private func logged(
        _ signed: SignedEvidence, by verifier: [UInt8]
    ) throws(TrustError) -> SigstoreFinding.Log? {
        guard !logs.isEmpty else {
            if needsLog { throw TrustError("no key of a transparency log is trusted") }
            return nil
        }
        let logged = LoggedSignature(
            signature: signed.signature, verifier: verifier, message: signed.message, messageDigest: signed.digest,
            payload: signed.payload)
        var found: SigstoreFinding.Log?
        for entry in signed.entries {
            let time = try entry.check(logged, by: logs)
            if found == nil || found?.time == nil { found = SigstoreFinding.Log(index: entry.logIndex, time: time) }
        }
        if needsLog, found == nil { throw TrustError("no entry of a transparency log comes with it") }
        return found
    }
}
