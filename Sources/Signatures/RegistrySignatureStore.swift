// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Registry
import Sigstore
import Synchronization
package import Trust

/// The signatures of images of a repository: with the registry itself where it keeps them, else in the place that
/// `registries.d` names.
package final class RegistrySignatureStore: Sendable {
    private let repository: RemoteRepository
    private let reference: Reference
    private let settings: TrustSettings
    private let web: WebFiles
    /// What is asked and read once: whether the registry keeps signatures itself, and what `registries.d` says.
    private let known = Mutex<(keepsSignatures: Bool, storage: SignatureStorage)?>(nil)

    /// Makes a store; nothing is asked yet.
    ///
    /// - Parameters:
    ///   - repository: where the image really is, which may be a mirror: its name decides where signatures are.
    ///   - reference: the image, for its tag or digest.
    package init(_ repository: RemoteRepository, of reference: Reference, _ settings: TrustSettings, web: WebFiles) {
        self.repository = repository
        var physical = Reference(registry: repository.registry, repository: repository.name)
        (physical.tag, physical.digest) = (reference.tag, reference.digest)
        self.reference = physical
        self.settings = settings
        self.web = web
    }

    private func facts() throws -> (keepsSignatures: Bool, storage: SignatureStorage) {
        try known.withLock { known in
            if let known { return known }
            let found = (keepsSignatures: try repository.keepsSignatures(), storage: try settings.storage())
            known = found
            return found
        }
    }

    /// Where the signatures of a manifest are.
    private func store(of digest: Digest, writing: Bool) throws -> SignatureStore {
        let base =
            try facts().storage.address(for: reference, writing: writing)?.address ?? settings.builtInStore
        var address = base
        while address.hasSuffix("/") { address.removeLast() }
        let path = SignatureStorage.path(repository: reference.repository, digest: digest)
        return SignatureStore(address: "\(address)/\(path)", web: web)
    }

    /// Looks for the signatures of a manifest.
    ///
    /// - Throws: what went wrong; there is no evidence then.
    package func evidence(for digest: Digest) throws -> SignatureEvidence {
        var evidence = SignatureEvidence()
        if try facts().keepsSignatures {
            let name = "signatures kept by registry \(repository.registry)"
            let json = try repository.signatureList(of: digest, limit: RegistrySignatures.byteLimit)
            for file in try RegistrySignatures.signatures(json: json, name: name) {
                evidence.signatures.append(.init("signature-\(evidence.signatures.count + 1)", file))
            }
            let count = evidence.signatures.count
            evidence.places.append(LookedPlace(name, count == 0 ? .absent : .found(count)))
        } else {
            let store = try store(of: digest, writing: false)
            evidence.signatures = try store.read()
            let count = evidence.signatures.count
            evidence.places.append(LookedPlace(store.address, count == 0 ? .absent : .found(count)))
        }
        let attachments = AttachmentStore(repository)
        if try facts().storage.usesSigstoreAttachments(for: reference) {
            let found = try attachments.signatures(of: digest)
            evidence.places += found.places
            evidence.signatures += found.signatures
        } else {
            let tag = AttachmentStore.tag(.signature, of: digest)
            let place = "docker://\(repository.registry)/\(repository.name):\(tag)"
            evidence.places.append(LookedPlace(place, .notLooked(LookedPlace.attachmentsUnset)))
        }
        return evidence
    }

    /// Adds signatures of a manifest.
    ///
    /// - Returns: where they are.
    package func add(_ signatures: [SignatureFile], to digest: Digest) throws -> String {
        let sigstore = try signatures.compactMap { file in
            if case .sigstore(let json) = file { try SigstoreAttachment(json: json) } else { nil }
        }
        let attachments = "docker://\(repository.registry)/\(repository.name)"
        if !sigstore.isEmpty {
            guard try facts().storage.usesSigstoreAttachments(for: reference) else {
                throw SignatureError(
                    attachments.printable,
                    "writing sigstore attachments is disabled by configuration; set use-sigstore-attachments in "
                        + "registries.d, or leave signatures behind with --remove-signatures")
            }
            let document = try repository.document(.digest(digest))
            try AttachmentStore(repository).add(sigstore, to: ContentDescriptor(document))
        }
        let signatures = signatures.filter { file in
            if case .simpleSigning = file { true } else { false }
        }
        guard !signatures.isEmpty else { return attachments }
        if try facts().keepsSignatures {
            for case .simpleSigning(let bytes) in signatures {
                let suffix = (0..<2).map { _ in Self.hex(UInt64.random(in: 0...UInt64.max)) }.joined()
                try repository.addSignature(RegistrySignatures.json(bytes, digest: digest, suffix: suffix), to: digest)
            }
            return "registry \(repository.registry)"
        }
        let store = try store(of: digest, writing: true)
        try store.add(signatures)
        return store.address
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
