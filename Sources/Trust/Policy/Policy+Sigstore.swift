// SPDX-License-Identifier: Apache-2.0

import OCI
import Sigstore

extension Policy {
    /// Judges the signatures of sigstore for a requirement.
    static func outcome(
        of requirement: SigstoreSigned, _ subject: PolicySubject, _ manifest: OCI.Digest,
        _ evidence: SignatureEvidence, _ trust: SigstoreTrust
    ) -> (signatures: [Verdict.SignatureOutcome], refusal: String?) {
        var outcomes: [Verdict.SignatureOutcome] = []
        var (strangers, others) = (0, 0)
        for signature in evidence.signatures {
            guard case .sigstore(let json) = signature.file else {
                strangers += 1
                continue
            }
            var outcome = Verdict.SignatureOutcome(name: signature.name)
            do throws(TrustError) {
                let attachment = try SigstoreAttachment(json: json)
                guard attachment.isSignature else {
                    others += 1
                    continue
                }
                let finding = try trust.finding(attachment)
                guard finding.isImageSignature else {
                    others += 1
                    continue
                }
                outcome.finding = finding
                outcome.refusal = Self.refusal(of: finding, requirement.identity, subject, manifest)
            } catch {
                outcome.refusal = error.description
            }
            outcomes.append(outcome)
            // One signature that counts is enough.
            if outcome.refusal == nil { return (outcomes, nil) }
        }
        let refusals = outcomes.compactMap(\.refusal)
        switch refusals.count {
        case 0:
            let found =
                strangers + others > 0
                ? " (\(strangers) non-sigstore signatures, \(others) sigstore non-signature attachments)" : ""
            return (outcomes, "A signature was required, but no signature exists\(found)")
        case 1: return (outcomes, refusals[0])
        default: return (outcomes, "None of the signatures were accepted, reasons: \(refusals.joined(separator: "; "))")
        }
    }

    /// Why a good signature does not count for an image; nil if it does.
    private static func refusal(
        of finding: SigstoreFinding, _ identity: SignedIdentity, _ subject: PolicySubject, _ manifest: OCI.Digest
    ) -> String? {
        guard let signed = finding.subject(manifest) else {
            let digest = finding.subjects.first?.digest.printable ?? "nothing"
            return "Signature for digest \(digest) does not match"
        }
        guard let name = signed.name else {
            // Whoever asks for the repository only takes it from where the signature lies; others want it signed.
            return identity == .matchRepository
                ? nil : "Signature names no image, and only signedIdentity matchRepository accepts that"
        }
        return identity.matches(signed: name, wanted: subject.reference)
            ? nil : "Signature for identity \(quoted(name)) is not accepted"
    }
}
