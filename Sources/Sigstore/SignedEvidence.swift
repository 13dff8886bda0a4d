// SPDX-License-Identifier: Apache-2.0

import OCI

/// A signature with all that comes along with it: nothing of it is believed yet.
struct SignedEvidence {
    /// The annotation with a timestamp.
    private static let timestampKey = "dev.sigstore.cosign/rfc3161timestamp"

    /// The signature.
    var signature: [UInt8]
    /// What was signed; nil where only its digest is known.
    var message: [UInt8]?
    /// Its SHA-256.
    var digest: OCI.Digest
    /// What is in the envelope, where one was signed.
    var payload: [UInt8]?
    /// Who says to have signed.
    var signer = SigstoreBundle.Signer.key(hint: "")
    /// Whether the chain of certificates may end with one that is trusted itself.
    var mayHoldRoot = true
    /// Entries of transparency logs.
    var entries: [LogEntry] = []
    /// Timestamps.
    var timestamps: [[UInt8]] = []

    init(_ signature: [UInt8], of message: [UInt8]) {
        self.init(signature, of: message, digest: OCI.Digest(of: message))
    }

    init(_ signature: [UInt8], of message: [UInt8]?, digest: OCI.Digest) {
        self.signature = signature
        self.message = message
        self.digest = digest
    }

    /// An envelope of a bundle.
    init(_ bundle: SigstoreBundle, _ envelope: Envelope) {
        self.init(envelope.signature, of: envelope.signedBytes)
        payload = envelope.payload
        take(bundle)
    }

    /// Takes what a bundle brings along.
    mutating func take(_ bundle: SigstoreBundle) {
        signer = bundle.signer
        mayHoldRoot = false
        entries = bundle.entries
        timestamps = bundle.timestamps
    }

    /// Takes what the annotations of the first form bring along.
    mutating func take(_ attachment: SigstoreAttachment) throws(TrustError) {
        if let text = attachment.annotations[SigstoreAttachment.logKey] {
            entries = [try LogEntry(annotation: Array(text.utf8))]
        }
        if let text = attachment.annotations[SigstoreAttachment.certificateKey], !text.isEmpty {
            let leaf = try SignerCertificate.all(pem: Array(text.utf8))
            guard leaf.count == 1 else {
                throw TrustError("unexpected multiple certificates present in signature certificate data")
            }
            var chain = leaf.map(\.der)
            if let text = attachment.annotations[SigstoreAttachment.chainKey], !text.isEmpty {
                chain += try SignerCertificate.all(pem: Array(text.utf8)).map(\.der)
            }
            signer = .certificates(chain)
        }
        if let text = attachment.annotations[Self.timestampKey] {
            let value = try StrictObject.value(Array(text.utf8), limit: SigstoreAttachment.byteLimit)
            timestamps = [
                try StrictObject(value, required: ["SignedRFC3161Timestamp"]).content("SignedRFC3161Timestamp")
            ]
        }
    }

    /// Whether a key has signed.
    func isSigned(by key: SigstoreKey) -> Bool {
        if let message { return key.isValid(signature, of: message) }
        return key.isValid(signature, ofDigest: digest)
    }
}
