// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Sigstore

extension Policy {
    /// Judges an image.
    ///
    /// - Parameters:
    ///   - subject: the image.
    ///   - manifest: the digest of its manifest's bytes, which whoever asks has computed.
    ///   - evidence: fetches the signatures; asked at most once, and only if a requirement needs them. What it throws is
    ///     thrown on: a look-up that failed is no answer.
    ///   - open: checks an OpenPGP message against the keys of a requirement.
    ///   - trust: reads the keys of a requirement of sigstore's signatures.
    /// - Throws: what the closures throw.
    package func verdict(
        on subject: PolicySubject, manifest: Digest, evidence: () throws -> SignatureEvidence,
        open: (KeySource, [UInt8]) throws -> SignatureOpening, trust: (SigstoreSigned) throws -> SigstoreTrust
    ) throws -> Verdict {
        let rule = rule(for: subject)
        var verdict = Verdict(subject: subject, digest: manifest, rule: rule, requirements: [], evidence: nil)
        for requirement in rule.requirements {
            if requirement.needsSignatures, verdict.evidence == nil { verdict.evidence = try evidence() }
            let found = verdict.evidence ?? SignatureEvidence()
            let outcome = try Self.outcome(of: requirement, subject, manifest, found, open, trust)
            verdict.requirements.append(outcome)
            if outcome.refusal != nil { break }
        }
        if rule.requirements.isEmpty {
            let reason = "List of verification policy requirements must not be empty"
            verdict.requirements.append(Verdict.RequirementOutcome(requirement: .reject, refusal: reason))
        }
        return verdict
    }

    private static func outcome(
        of requirement: PolicyRequirement, _ subject: PolicySubject, _ manifest: Digest, _ evidence: SignatureEvidence,
        _ open: (KeySource, [UInt8]) throws -> SignatureOpening, _ trust: (SigstoreSigned) throws -> SigstoreTrust
    ) throws -> Verdict.RequirementOutcome {
        var outcome = Verdict.RequirementOutcome(requirement: requirement, refusal: nil)
        switch requirement {
        case .insecureAcceptAnything: break
        case .reject: outcome.refusal = "Running image \(subject.name) is rejected by policy."
        case .signedBaseLayer:
            outcome.refusal = "signedBaseLayer is not implemented; no image fulfils it"
        case .sigstoreSigned(let signed):
            let keys = try trust(signed)
            (outcome.signatures, outcome.refusal) = Self.outcome(of: signed, subject, manifest, evidence, keys)
        case .signedBy(let signedBy):
            for signature in evidence.signatures {
                guard case .simpleSigning(let message) = signature.file else { continue }
                let result = try Self.outcome(of: message, signature.name, signedBy, subject, manifest, open)
                outcome.signatures.append(result)
                // One signature that counts is enough.
                if result.refusal == nil { return outcome }
            }
            outcome.refusal = Self.summary(outcome.signatures.compactMap(\.refusal), evidence)
        }
        return outcome
    }

    /// Why no signature counts.
    private static func summary(_ refusals: [String], _ evidence: SignatureEvidence) -> String {
        switch refusals.count {
        case 0:
            let others = evidence.signatures.count
            return "A signature was required, but no signature exists"
                + (others > 0 ? " (\(others) sigstore signature\(others == 1 ? "" : "s"))" : "")
        case 1: return refusals[0]
        default: return "None of the signatures were accepted, reasons: \(refusals.joined(separator: "; "))"
        }
    }

    private static func outcome(
        of message: [UInt8], _ name: String, _ signedBy: SignedBy, _ subject: PolicySubject, _ manifest: Digest,
        _ open: (KeySource, [UInt8]) throws -> SignatureOpening
    ) throws -> Verdict.SignatureOutcome {
        var outcome = Verdict.SignatureOutcome(name: name)
        guard signedBy.keyType == "GPGKeys" else {
            outcome.refusal = "Unimplemented \"keyType\" value \(quoted(signedBy.keyType))"
            return outcome
        }
        switch try open(signedBy.keys, message) {
        case .refused(let reason): outcome.refusal = reason
        case .signed(let bytes, let signer):
            outcome.signer = signer
            do throws(TrustError) {
                let payload = try SimpleSigningPayload(json: bytes)
                outcome.payload = payload
                if payload.manifestDigest != "\(manifest)" {
                    outcome.refusal = "Signature for digest \(payload.manifestDigest) does not match"
                } else if !signedBy.identity.matches(signed: payload.dockerReference, wanted: subject.reference) {
                    outcome.refusal = "Signature for identity \(quoted(payload.dockerReference)) is not accepted"
                }
            } catch {
                outcome.refusal = error.description
            }
        }
        return outcome
    }
}

extension PolicyRequirement {
    /// Whether the image's signatures must be fetched to judge it.
    var needsSignatures: Bool {
        switch self {
        case .signedBy, .sigstoreSigned: true
        case .insecureAcceptAnything, .reject, .signedBaseLayer: false
        }
    }
}
