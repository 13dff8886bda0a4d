// SPDX-License-Identifier: Apache-2.0

import Console
import LayerStore
package import OCI
package import Registry
package import Signatures
import Trust

/// An image of a registry, and what of sigstore is kept beside it.
package struct SigstoreImage {
    /// What the user calls it.
    package let reference: Reference
    /// Its manifest or index.
    package let document: RemoteDocument
    /// What is kept beside it.
    package let store: AttachmentStore
    private let repository: RemoteRepository

    /// Finds an image; its tag is looked up once.
    ///
    /// - Parameters:
    ///   - isWritten: whether something is to be kept beside it: not in a mirror then.
    ///   - elsewhere: the repository that has what is kept beside images, where that is another one.
    /// - Throws: `RegistryError`, also where there is no such image.
    package init(
        _ text: String, client: RegistryClient, isWritten: Bool = false, elsewhere: String? = nil
    ) throws {
        let name = RegistryName.explicit(text) ?? text
        if isWritten {
            guard !RegistriesConfiguration.isShort(name) else {
                throw CommandError(
                    "\"\(text.printable)\": names no registry; give HOST[:PORT]/REPOSITORY[:TAG] or @DIGEST")
            }
            reference = Self.normal(try Reference(parsing: name))
            repository = try client.repository(reference)
            document = try repository.document(
                reference.digest.map { .digest($0) } ?? .tag(reference.tag ?? "latest"))
        } else {
            let found = try client.document(named: name)
            (reference, document, repository) = (Self.normal(found.reference), found.document, found.repository)
        }
        store = AttachmentStore(
            try elsewhere.map { try client.repository(Reference(parsing: $0)) } ?? repository)
    }

    private static func normal(_ reference: Reference) -> Reference {
        var reference = reference.withDefaultTag
        if reference.digest != nil { reference.tag = nil }
        return reference
    }

    /// The name of the repository: `HOST/NAME`.
    package var repositoryName: String { "\(reference.registry)/\(reference.repository)" }

    /// The image by its digest, which nobody can change.
    package var pinned: String { "\(repositoryName)@\(document.digest)" }

    /// The image's manifest, and where it is an index and all is asked for, every manifest that it lists.
    package func manifests(all: Bool) throws -> [ContentDescriptor] {
        guard all, case .index = try repository.decoded(document) else { return [ContentDescriptor(document)] }
        return try repository.graph(document).documents.map(\.descriptor)
    }

    /// Attestations that the index itself lists, as BuildKit makes them.
    package func listedAttestations() throws -> [ContentDescriptor] {
        guard MediaType.isIndex(document.mediaType), case .index(let index) = try repository.decoded(document) else {
            return []
        }
        return index.manifests.filter(\.isAttestation)
    }

    /// The manifest of the image for a platform.
    package func manifest(_ platform: Platform?) throws -> ContentDescriptor {
        ContentDescriptor(try repository.manifest(of: document, platform: platform))
    }

    /// Whether a policy demands signatures of a manifest in the image's repository, and has them.
    ///
    /// The manifest goes by its digest, as it is signed; the image's tag is not its name.
    ///
    /// - Returns: why not; nil where it does.
    package func refusal(of digest: Digest, by judge: ImageJudge, client: RegistryClient) throws -> String? {
        let pinned = Reference(registry: reference.registry, repository: reference.repository, digest: digest)
        let image = JudgedImage(pinned, in: repository, judge.settings, client: client)
        let verdict = try judge.verdict(on: image.subject, manifest: digest) { try image.evidence(for: digest) }
        if let refusal = verdict.refusal { return refusal }
        let isSigned = verdict.requirements.contains { $0.requirement != .insecureAcceptAnything }
        return isSigned ? nil : "the policy demands no signature of it"
    }

    /// Signs the image.
    ///
    /// - Parameter all: whether what an index lists is signed too.
    /// - Returns: the digests of what was signed.
    package func sign(by signer: KeySigner, all: Bool) throws -> [Digest] {
        let manifests = try manifests(all: all)
        for manifest in manifests {
            try store.add(signer.signatures(of: manifest.digest, as: reference), to: manifest)
        }
        return manifests.map(\.digest)
    }

    /// Signs the image with a key of gpg.
    package func sign(by signer: Signer, all: Bool, _ settings: TrustSettings, web: WebFiles) throws -> [Digest] {
        let manifests = try manifests(all: all)
        let signatures = RegistrySignatureStore(repository, of: reference, settings, web: web)
        for manifest in manifests {
            _ = try signatures.add([signer.sign(manifest.digest, as: reference)], to: manifest.digest)
        }
        return manifests.map(\.digest)
    }

    /// Says something of the image.
    package func attest(by signer: KeySigner, predicateType: String, predicate: JSONValue) throws {
        let attestations = try signer.attestations(
            of: document.digest, as: reference, predicateType: predicateType, predicate: predicate)
        try store.add(attestations, to: ContentDescriptor(document))
    }
}
