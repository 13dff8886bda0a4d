// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Sigstore
import Synchronization
package import SystemPackage
package import Trust

/// Judges images by the policy that counts, which is read once.
package final class ImageJudge: Sendable {
    /// What the user said.
    package let settings: TrustSettings
    private let loaded = Mutex<(policy: Policy, file: FilePath?)?>(nil)
    private let keyrings = Mutex<[KeySource: Keyring]>([:])
    private let trusts = Mutex<[SigstoreSigned: SigstoreTrust]>([:])

    /// Makes a judge; no file is read yet.
    package init(_ settings: TrustSettings) { self.settings = settings }

    /// The policy, and its file; without a file everything is accepted.
    ///
    /// - Throws: `TrustError` or `SignatureError`.
    package func policy() throws -> (policy: Policy, file: FilePath?) {
        try loaded.withLock { loaded in
            if let loaded { return loaded }
            let read = try settings.policy()
            loaded = read
            return read
        }
    }

    /// The keys of a requirement.
    ///
    /// - Throws: `SignatureError`.
    package func keyring(_ keys: KeySource) throws -> Keyring {
        try keyrings.withLock { keyrings in
            if let keyring = keyrings[keys] { return keyring }
            let made = try Keyring(keys)
            keyrings[keys] = made
            return made
        }
    }

    /// The keys of a requirement of sigstore's signatures.
    ///
    /// - Throws: `SignatureError` that names the file: a key that cannot be read trusts nobody, and refuses nobody.
    package func trust(_ signed: SigstoreSigned) throws -> SigstoreTrust {
        try trusts.withLock { trusts in
            if let trust = trusts[signed] { return trust }
            let made = try SigstoreTrust(signed)
            trusts[signed] = made
            return made
        }
    }

    /// Judges an image.
    ///
    /// - Parameters:
    ///   - manifest: the digest of the manifest that will be used, and no other.
    ///   - evidence: fetches the signatures, if they are needed.
    /// - Throws: where it cannot be said; that is no verdict.
    package func verdict(
        on subject: PolicySubject, manifest: Digest, evidence: () throws -> SignatureEvidence
    ) throws -> Verdict {
        try policy().policy.verdict(
            on: subject, manifest: manifest, evidence: evidence,
            open: { keys, message in try keyring(keys).open(message) }, trust: { try trust($0) })
    }

    /// Refuses an image that the policy does not accept; everything is accepted if the user said so.
    ///
    /// - Throws: `SignatureError` that names the rule, and where signatures were looked for.
    package func admit(
        _ subject: PolicySubject, manifest: Digest, evidence: () throws -> SignatureEvidence
    ) throws {
        guard !settings.isInsecure else { return }
        let verdict = try verdict(on: subject, manifest: manifest, evidence: evidence)
        guard let refusal = verdict.refusal else { return }
        let file = try policy().file?.string.printable ?? "built in"
        var looked = ""
        if let places = verdict.evidence?.places, verdict.evidence?.signatures.isEmpty == true {
            looked = "; looked in " + places.map(\.line).joined(separator: ", ")
        }
        let advice = verdict.advice.map { "; \($0)" } ?? ""
        throw SignatureError(
            subject.name.printable,
            "refused by \(file), \(verdict.rule.description): \(refusal)\(looked)\(advice); see \"cimg trust show\"")
    }
}

extension LookedPlace {
    /// The place and what came of it, in a line.
    package var line: String {
        switch result {
        case .found(let count): "\(name.printable) (\(count) found)"
        case .absent: "\(name.printable) (none)"
        case .notLooked(let reason): "\(name.printable) (not looked: \(reason))"
        }
    }
}
