// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Sigstore

/// Signs with a key of sigstore that the user gave.
package struct KeySigner: Sendable {
    /// The time as annotations and predicates have it (RFC 3339).
    package static var now: String { SignatureClock.text }

    /// In which form signatures are written.
    package enum Form: String, CaseIterable, Sendable {
        /// Beside the image, under the tag `sha256-HEX.sig`: what cosign 1 and 2, podman and skopeo read.
        case legacy
        /// As a bundle that refers to the image: what cosign 3 reads.
        case bundle
        /// Both.
        case both
    }

    private let key: SigstorePrivateKey
    /// In which form signatures are written.
    package var form: Form
    /// What signatures say that images are called; nil for what they are called where they are.
    package let identity: String?
    /// What else signatures say.
    package var annotations: [String: String]

    /// Describes a signer.
    ///
    /// - Throws: `SignatureError`: an identity that is no name.
    package init(
        _ key: SigstorePrivateKey, form: Form = .legacy, identity: String? = nil, annotations: [String: String] = [:]
    ) throws(SignatureError) {
        self.key = key
        self.form = form
        self.identity = identity
        self.annotations = annotations
        guard let identity else { return }
        guard identity.contains("/"), (try? Reference(parsing: identity)) != nil else {  // Said below.
            throw SignatureError(identity.printable, "Sign identity must be a fully specified reference")
        }
    }

    /// Signs a manifest.
    ///
    /// - Parameter reference: what the image is called where it is.
    package func signatures(of manifest: Digest, as reference: Reference) throws(TrustError) -> [SigstoreAttachment] {
        let name = identity ?? "\(reference)"
        var signatures: [SigstoreAttachment] = []
        if form != .bundle {
            let payload = CosignPayload(manifestDigest: manifest, dockerReference: name, annotations: annotations).json
            signatures.append(
                SigstoreAttachment(
                    mediaType: SigstoreAttachment.signatureType, payload: payload,
                    annotations: [SigstoreAttachment.signatureKey: base64Encoded(try key.sign(payload))]))
        }
        if form != .legacy {
            let subject = Statement.Subject(name: name, digest: manifest, annotations: annotations)
            signatures.append(
                try bundle(Statement(subjects: [subject], predicateType: Statement.signaturePredicate)))
        }
        return signatures
    }

    /// Says something of a manifest.
    package func attestations(
        of manifest: Digest, as reference: Reference, predicateType: String, predicate: JSONValue
    ) throws(TrustError) -> [SigstoreAttachment] {
        let subject = Statement.Subject(name: identity ?? "\(reference)", digest: manifest)
        let statement = Statement(subjects: [subject], predicateType: predicateType, predicate: predicate)
        var attestations: [SigstoreAttachment] = []
        if form != .bundle {
            attestations.append(
                SigstoreAttachment(
                    mediaType: SigstoreAttachment.envelopeType,
                    payload: try envelope(statement, usesOwnHash: false).value.compactJSON(),
                    annotations: [SigstoreAttachment.signatureKey: "", "predicateType": predicateType]))
        }
        if form != .legacy { attestations.append(try bundle(statement)) }
        return attestations
    }

    private func envelope(_ statement: Statement, usesOwnHash: Bool) throws(TrustError) -> Envelope {
        let payload = statement.json
        let signed = Envelope.signedBytes(Statement.payloadType, payload)
        return Envelope(
            payloadType: Statement.payloadType, payload: payload,
            signature: try key.sign(signed, usesOwnHash: usesOwnHash))
    }

    private func bundle(_ statement: Statement) throws(TrustError) -> SigstoreAttachment {
        let bundle = SigstoreBundle(
            signer: .key(hint: key.publicKey.hint), content: .envelope(try envelope(statement, usesOwnHash: true)))
        return SigstoreAttachment(
            mediaType: SigstoreBundle.mediaType, payload: bundle.json,
            annotations: [AttachmentStore.predicateKey: statement.predicateType])
    }
}
