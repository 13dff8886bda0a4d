// SPDX-License-Identifier: Apache-2.0

import OCI

/// What an image must fulfil to be used.
package enum PolicyRequirement: Sendable, Hashable {
    /// Nothing.
    case insecureAcceptAnything
    /// What no image can.
    case reject
    /// A simple signature (OpenPGP).
    case signedBy(SignedBy)
    /// A signature of sigstore.
    case sigstoreSigned(SigstoreSigned)
    /// A base image that was signed: known, and never fulfilled.
    case signedBaseLayer(SignedIdentity)

    /// The requirement's name in policy.json.
    package var type: String {
        switch self {
        case .insecureAcceptAnything: "insecureAcceptAnything"
        case .reject: "reject"
        case .signedBy: "signedBy"
        case .sigstoreSigned: "sigstoreSigned"
        case .signedBaseLayer: "signedBaseLayer"
        }
    }
}

/// Where the keys of a requirement are.
package enum KeySource: Sendable, Hashable {
    /// In files.
    case paths([String])
    /// In the policy itself.
    case data([[UInt8]])

    /// The keys for messages.
    package var description: String {
        switch self {
        case .paths(let paths): paths.map(\.printable).joined(separator: ", ")
        case .data(let runs): runs.count == 1 ? "key in the policy" : "\(runs.count) keys in the policy"
        }
    }
}

/// A requirement of a simple signature.
package struct SignedBy: Sendable, Hashable {
    /// What the keys are: `GPGKeys`; three other values are known to policies, and reject.
    package var keyType: String
    /// The keys, any of which may have signed.
    package var keys: KeySource
    /// What the signature must say the image is called.
    package var identity: SignedIdentity

    /// The values of `keyType` that a policy may have.
    static let keyTypes = ["GPGKeys", "signedByGPGKeys", "X509Certificates", "signedByX509CAs"]

    /// Makes a requirement.
    package init(keyType: String = "GPGKeys", keys: KeySource, identity: SignedIdentity = .matchRepoDigestOrExact) {
        self.keyType = keyType
        self.keys = keys
        self.identity = identity
    }
}

/// A requirement of a signature of sigstore.
package struct SigstoreSigned: Sendable, Hashable {
    /// Whose signatures count.
    package enum Signers: Sendable, Hashable {
        /// Those of some public keys.
        case keys(KeySource)
        /// Those with short-lived certificates.
        case fulcio(Fulcio)
        /// Those with certificates of an authority.
        case pki(PKI)
    }

    /// Short-lived certificates: the authority, and for whom it made them.
    package struct Fulcio: Sendable, Hashable {
        /// The authority's certificates.
        package var authority: KeySource
        /// Who vouched for the signer.
        package var oidcIssuer: String
        /// The signer.
        package var subjectEmail: String
    }

    /// Certificates of an authority, and for whom it made them.
    package struct PKI: Sendable, Hashable {
        /// The authority's certificates.
        package var roots: KeySource
        /// Certificates between those and the signers'.
        package var intermediates: KeySource?
        /// The signer's mail address; nil for any.
        package var subjectEmail: String?
        /// The signer's host; nil for any.
        package var subjectHostname: String?
    }

    /// Whose signatures count.
    package var signers: Signers
    /// Keys of the transparency log that must have the signature; nil for none.
    package var rekorKeys: KeySource?
    /// What the signature must say the image is called.
    package var identity: SignedIdentity
}
