// SPDX-License-Identifier: Apache-2.0

package import OCI

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
        /// Somebody with a certificate, and who vouched for him.
        case certificate(subject: String, issuer: String?)

        /// The signer for messages.
        package var description: String {
            switch self {
            case .key(let key): "key \(key.fingerprint)"
            case .certificate(let subject, let issuer):
                subject.printable + (issuer.map { " (\($0.printable))" } ?? "")
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
    /// The envelope that the statement was in; nil for a payload.
    package var envelope: Envelope?

    /// Whether it is the signature of an image, and not something said of one.
    package var isImageSignature: Bool { predicateType == nil || predicateType == Statement.signaturePredicate }

    /// The subject of a digest.
    package func subject(_ digest: OCI.Digest) -> Subject? { subjects.first { $0.digest == "\(digest)" } }
}
