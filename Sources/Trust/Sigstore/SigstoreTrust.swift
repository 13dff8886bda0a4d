// SPDX-License-Identifier: Apache-2.0

package import OCI

/// Whose signatures of sigstore count.
package struct SigstoreTrust: Sendable, Hashable {
    /// The keys, any of which may have signed.
    package var keys: [SigstoreKey]
    /// The transparency logs whose word counts.
    package var logs: [TransparencyLog]
    /// Whether a log must have the signature.
    package var needsLog: Bool

    /// Trusts some keys.
    package init(keys: [SigstoreKey], logs: [TransparencyLog] = [], needsLog: Bool = false) {
        self.keys = keys
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
        guard let signature = base64Bytes(text) else { throw TrustError("the signature is not base64") }
        let entry = try Self.entry(of: attachment)
        let (key, log) = try check(signature, of: attachment.payload, payload: nil, entry.map { [$0] } ?? [])
        let payload = try CosignPayload(json: attachment.payload)
        return SigstoreFinding(
            form: .signature, signer: .key(key), log: log, hasUncheckedLog: entry != nil && log == nil,
            subjects: [.init(digest: payload.manifestDigest, name: payload.dockerReference)],
            annotations: payload.optional ?? [:], payload: attachment.payload)
    }

    private func envelope(_ attachment: SigstoreAttachment) throws(TrustError) -> SigstoreFinding {
        let envelope = try Envelope(json: attachment.payload)
        let entry = try Self.entry(of: attachment)
        let (key, log) = try check(
            envelope.signature, of: envelope.signedBytes, payload: envelope.payload, entry.map { [$0] } ?? [])
        var found = try finding(envelope, .envelope, key, log)
        found.hasUncheckedLog = entry != nil && log == nil
        return found
    }

    private static func entry(of attachment: SigstoreAttachment) throws(TrustError) -> LogEntry? {
        guard let text = attachment.annotations[SigstoreAttachment.logKey] else { return nil }
        return try LogEntry(annotation: Array(text.utf8))
    }

    // MARK: - Bundles

    private func bundle(_ json: [UInt8]) throws(TrustError) -> SigstoreFinding {
        let bundle = try SigstoreBundle(json: json)
        guard case .envelope(let envelope) = bundle.content else {
            throw TrustError("a bundle of a message, not of a statement about an image")
        }
        guard case .key(let hint) = bundle.signer else {
            throw TrustError("a bundle with a certificate, where a key is trusted")
        }
        let (key, log) = try check(
            envelope.signature, of: envelope.signedBytes, payload: envelope.payload, bundle.entries)
        // The hint is not signed; one that is not this key's hides something.
        guard hint.isEmpty || hint == key.hint else {
            throw TrustError("a bundle that names another key than the one that signed it")
        }
        var found = try finding(envelope, .bundle, key, log)
        found.hasUncheckedLog = !bundle.entries.isEmpty && log == nil
        return found
    }

    private func finding(
        _ envelope: Envelope, _ form: SigstoreFinding.Form, _ key: SigstoreKey, _ log: SigstoreFinding.Log?
    ) throws(TrustError) -> SigstoreFinding {
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
            form: form, signer: .key(key), log: log, subjects: subjects, annotations: annotations,
            payload: envelope.payload, predicateType: statement.predicateType)
    }

    // MARK: - Keys and logs

    /// The key that made a signature, and what a log says of it.
    private func check(
        _ signature: [UInt8], of message: [UInt8], payload: [UInt8]?, _ entries: [LogEntry]
    ) throws(TrustError) -> (SigstoreKey, SigstoreFinding.Log?) {
        guard let key = keys.first(where: { $0.isValid(signature, of: message) }) else {
            throw TrustError("cryptographic signature verification failed: made by none of the keys")
        }
        guard !logs.isEmpty else {
            if needsLog { throw TrustError("no key of a transparency log is trusted") }
            return (key, nil)
        }
        let logged = LoggedSignature(
            signature: signature, verifier: key.der, message: message, messageDigest: Digest(of: message),
            payload: payload)
        var found: SigstoreFinding.Log?
        for entry in entries {
            let time = try entry.check(logged, by: logs)
            found = found ?? SigstoreFinding.Log(index: entry.logIndex, time: time)
        }
        if needsLog, found == nil { throw TrustError("no entry of a transparency log comes with it") }
        return (key, found)
    }
}

/// What a signature of sigstore says, after it was checked.
package struct SigstoreFinding: Sendable, Equatable {
    /// In which form it was.
    package enum Form: String, Sendable {
        /// A payload with its signature beside it, in cosign's tag `.sig`.
        case signature = "legacy"
        /// An envelope in cosign's tag `.att`.
        case envelope = "legacy attestation"
        /// A bundle.
        case bundle
    }

    /// Who signed.
    package enum Signer: Sendable, Hashable {
        /// A key that is trusted itself.
        case key(SigstoreKey)

        /// The signer for messages.
        package var description: String {
            switch self {
            case .key(let key): "key \(key.fingerprint)"
            }
        }
    }

    /// What a transparency log says of it.
    package struct Log: Sendable, Hashable {
        /// The entry's number.
        package var index: Int64
        /// When the entry came in, in seconds since 1970; nil where the log does not vouch for it.
        package var time: Int64?
    }

    /// A thing that was signed.
    package struct Subject: Sendable, Hashable {
        /// Its digest: `sha256:…`.
        package var digest: String
        /// What the signature says it is called; nil where it does not say.
        package var name: String?
    }

    /// In which form it was.
    package var form: Form
    /// Who signed.
    package var signer: Signer
    /// The key that signed; nil where it was a certificate's.
    package var key: SigstoreKey? {
        if case .key(let key) = signer { return key }
        return nil
    }

    /// What a log says of it; nil where no log's word was asked for, or none was there.
    package var log: Log?
    /// Whether an entry of a log came along that nobody asked to be checked.
    package var hasUncheckedLog = false
    /// What was signed.
    package var subjects: [Subject]
    /// What else the signer says.
    package var annotations: [String: JSONValue]
    /// The signed bytes: a payload, or a statement.
    package var payload: [UInt8]
    /// What kind of statement it is; nil for a payload.
    package var predicateType: String?

    /// Whether it is the signature of an image, and not something said of one.
    package var isImageSignature: Bool { predicateType == nil || predicateType == Statement.signaturePredicate }

    /// The subject of a digest.
    package func subject(_ digest: OCI.Digest) -> Subject? { subjects.first { $0.digest == "\(digest)" } }
}
