// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Sigstore

/// A place where signatures were looked for, or could have been.
package struct LookedPlace: Sendable, Hashable {
    /// What came of it.
    package enum Result: Sendable, Hashable {
        /// So many signatures.
        case found(Int)
        /// Somebody answered that there are none.
        case absent
        /// Nobody was asked, for this reason.
        case notLooked(String)
    }

    /// The place: `file:///var/lib/containers/sigstore/app@sha256=…`.
    package var name: String
    /// What came of it.
    package var result: Result

    /// Why signatures beside an image are not looked for where nobody asked for it.
    package static let attachmentsUnset = "use-sigstore-attachments is not set"

    /// Makes a place.
    package init(_ name: String, _ result: Result) {
        self.name = name
        self.result = result
    }
}

/// The signatures of an image, and where they were looked for.
///
/// There is no such value for a look-up that failed.
package struct SignatureEvidence: Sendable, Hashable {
    /// A signature, with its name for messages: `signature-1`.
    package struct Signature: Sendable, Hashable {
        /// What it is called.
        package var name: String
        /// What it is.
        package var file: SignatureFile

        /// Makes a signature.
        package init(_ name: String, _ file: SignatureFile) {
            self.name = name
            self.file = file
        }
    }

    /// Every place.
    package var places: [LookedPlace]
    /// What was found, in order.
    package var signatures: [Signature]

    /// Makes evidence.
    package init(places: [LookedPlace] = [], signatures: [Signature] = []) {
        self.places = places
        self.signatures = signatures
    }
}

/// What an OpenPGP message is worth, given some keys.
package enum SignatureOpening: Sendable, Hashable {
    /// Signed by one of the keys.
    case signed(payload: [UInt8], by: GPGStatus.GoodSignature)
    /// Of no worth, for this reason.
    case refused(String)
}

/// Whether an image may be used, and why.
package struct Verdict: Sendable, Equatable {
    /// What came of one signature for one requirement.
    package struct SignatureOutcome: Sendable, Equatable {
        /// The signature's name.
        package var name: String
        /// What the signature says, where it is signed by a trusted key; nil where nothing it says may be believed.
        package var payload: SimpleSigningPayload?
        /// Who signed it, where that is known.
        package var signer: GPGStatus.GoodSignature?
        /// What a signature of sigstore says, where a trusted key made it.
        package var finding: SigstoreFinding?
        /// Why it does not count; nil if it does.
        package var refusal: String?
    }

    /// What came of one requirement.
    package struct RequirementOutcome: Sendable, Equatable {
        /// The requirement.
        package var requirement: PolicyRequirement
        /// Why it is not fulfilled; nil if it is.
        package var refusal: String?
        /// The signatures that were looked at for it.
        package var signatures: [SignatureOutcome] = []
    }

    /// The image.
    package var subject: PolicySubject
    /// The digest of the manifest that was judged: what may be used is this and nothing else.
    package var digest: Digest
    /// The rule that decided.
    package var rule: Policy.Rule
    /// What came of its requirements, up to the first that is not fulfilled.
    package var requirements: [RequirementOutcome]
    /// The evidence; nil where the rule asked for none.
    package var evidence: SignatureEvidence?

    /// Why the image is refused; nil if it may be used.
    package var refusal: String? { requirements.lazy.compactMap(\.refusal).first }

    /// Whether the image may be used.
    package var isAccepted: Bool { refusal == nil }

    /// What would let an image in that is refused because another tag of it is signed, or because nobody looked where
    /// its signatures may be; nil for other reasons.
    package var advice: String? {
        guard let outcome = requirements.first(where: { $0.refusal != nil }) else { return nil }
        if case .sigstoreSigned = outcome.requirement, outcome.signatures.isEmpty,
            evidence?.places.contains(where: { $0.result == .notLooked(LookedPlace.attachmentsUnset) }) == true
        {
            return "signatures beside the image are looked for after \"cimg trust add --attachments\", or with "
                + "use-sigstore-attachments: true in registries.d"
        }
        guard let wanted = subject.reference else { return nil }
        let identity: SignedIdentity
        switch outcome.requirement {
        case .signedBy(let signed): identity = signed.identity
        case .sigstoreSigned(let signed): identity = signed.identity
        case .insecureAcceptAnything, .reject, .signedBaseLayer: return nil
        }
        guard identity == .matchExact || identity == .matchRepoDigestOrExact else { return nil }
        let isNamedOtherwise = outcome.signatures.contains { signature in
            let payload = signature.payload.flatMap { $0.manifestDigest == "\(digest)" ? $0.dockerReference : nil }
            let name = payload ?? signature.finding?.subject(digest)?.name
            return name.map { SignedIdentity.matchRepository.matches(signed: $0, wanted: wanted) } ?? false
        }
        guard isNamedOtherwise else { return nil }
        return "\"cimg trust add --identity matchRepository\" accepts every tag of the repository, \"cimg sign "
            + "--sign-identity \(wanted)\" signs this name"
    }
}
