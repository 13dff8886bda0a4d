// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandOptions
import Console
import OCI
import Objects
import Registry
import Signatures
import Sigstore
import SystemPackage
import Trust

/// Whose signatures count, and what they must say.
struct VerificationOptions: ParsableArguments {
    @OptionGroup var signer: SignerOptions

    @Option(help: ArgumentHelp("Whether what was signed must be this image.", valueName: "true|false"))
    var checkClaims = true

    @OptionGroup var registry: RegistryOptions

    /// Makes the options for the parser.
    init() {}

    /// What they trust.
    func trust() throws -> SigstoreTrust { try signer.trust() }

    /// Finds an image.
    ///
    /// - Throws: exit code 11 where there is none.
    func image(_ text: String, _ client: RegistryClient) throws -> SigstoreImage {
        do {
            return try SigstoreImage(text, client: client, elsewhere: SigningKeyOptions.repository)
        } catch let error as RegistryError where error.code == .notFound {
            StandardError.print("cimg: image tag not found: \(error)")
            throw ExitCode(11)
        }
    }
}

/// What became of the signatures or attestations of an image.
struct SigstoreVerification {
    /// Those that count.
    var findings: [SigstoreFinding] = []
    /// Why the others do not.
    var refusals: [String] = []
    /// Whether there was anything.
    var isEmpty: Bool { findings.isEmpty && refusals.isEmpty }

    /// Checks what was found beside an image.
    ///
    /// - Parameters:
    ///   - digest: what must have been signed; nil for anything.
    ///   - isWanted: whether something that a trusted key signed is of the kind that is asked for.
    init(
        _ evidence: [SignatureEvidence.Signature], _ trust: SigstoreTrust, digest: Digest?,
        annotations: [String: String] = [:], isWanted: (SigstoreFinding) -> Bool
    ) {
        for signature in evidence {
            guard case .sigstore(let json) = signature.file else { continue }
            do throws(TrustError) {
                let attachment = try SigstoreAttachment(json: json)
                // Of other kinds of things nobody asked.
                guard attachment.isSignature || attachment.mediaType == SigstoreAttachment.envelopeType else {
                    continue
                }
                let finding = try trust.finding(attachment)
                guard isWanted(finding) else { continue }
                if let digest, finding.subject(digest) == nil {
                    let claimed = finding.subjects.first?.digest.printable ?? "none"
                    throw TrustError(
                        finding.form == .signature
                            ? "invalid or missing digest in claim: \(claimed)" : "no matching subject digest found")
                }
                for (name, value) in annotations where finding.annotations[name] != .string(value) {
                    throw TrustError("missing or incorrect annotation")
                }
                findings.append(finding)
            } catch {
                refusals.append("\(signature.name): \(error)")
            }
        }
    }

    /// Tells what was checked, as cosign does.
    func tell(_ name: String, _ options: VerificationOptions, hasAnnotations: Bool, _ trust: SigstoreTrust) {
        var lines = ["", "Verification for \(name.printable) --"]
        lines.append("The following checks were performed on each of these signatures:")
        if hasAnnotations { lines.append("  - The specified annotations were verified.") }
        if options.checkClaims { lines.append("  - The cosign claims were validated") }
        if trust.needsLog {
            lines.append("  - Existence of the claims in the transparency log was verified offline")
        }
        lines.append(
            trust.certificates == nil
                ? "  - The signatures were verified against the specified public key"
                : "  - The code-signing certificate was verified using trusted certificate authority certificates")
        for line in lines { StandardError.print(line) }
        let unchecked = findings.contains(where: \.hasUncheckedLog)
        if unchecked, !options.signer.insecureIgnoreTlog {
            StandardError.print(
                "cimg: an entry of a transparency log was not checked: give the log's key by --rekor-key")
        }
    }
}

extension SigstoreFinding {
    /// What a signature says, as cosign prints it: what was signed, and nothing else.
    func json(_ digest: Digest) -> JSONValue {
        let subject = subject(digest) ?? subjects.first
        var optional = annotations
        if let log {
            var members: [String: JSONValue] = ["logIndex": .integer(log.index)]
            if let time = log.time { members["integratedTime"] = .integer(time) }
            optional["Bundle"] = .object(["Payload": .object(members)])
        }
        if case .certificate(let name, let issuer) = signer {
            optional["Subject"] = .string(name)
            if let issuer { optional["Issuer"] = .string(issuer) }
        }
        return .object([
            "critical": .object([
                "identity": .object(["docker-reference": .string(subject?.name ?? "")]),
                "image": .object(["docker-manifest-digest": .string(subject?.digest ?? "")]),
                "type": .string(predicateType ?? "cosign container image signature"),
            ]),
            "optional": optional.isEmpty ? .null : .object(optional),
        ])
    }
}
