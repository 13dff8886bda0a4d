// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Registry
package import Sigstore
package import Trust

/// What is kept beside the images of a repository: signatures and attestations of sigstore, in both their forms.
///
/// Nobody's word counts here: what is read is for `Trust` to check.
package struct AttachmentStore: Sendable {
    /// The annotation of a bundle's manifest that says what kind of statement it is.
    package static let predicateKey = "dev.sigstore.bundle.predicateType"
    /// What stands in the place of a configuration where there is none (image-spec, "empty descriptor").
    static let emptyType = "application/vnd.oci.empty.v1+json"

    /// The repository.
    package let repository: RemoteRepository

    /// Names a store.
    package init(_ repository: RemoteRepository) { self.repository = repository }

    /// A kind of what is kept under a tag.
    package enum Kind: String, Sendable, CaseIterable {
        /// Signatures.
        case signature = "sig"
        /// Attestations.
        case attestation = "att"
        /// Lists of what is in the image.
        case sbom
    }

    /// The tag of what is kept beside a manifest.
    package static func tag(_ kind: Kind, of digest: Digest) -> String { "sha256-\(digest.hex).\(kind.rawValue)" }

    /// The repository's name: `HOST/NAME`.
    package var name: String { "\(repository.registry)/\(repository.name)" }

    private var place: String { "docker://\(repository.registry)/\(repository.name)" }

    // MARK: - Reading

    /// Looks for what is kept under a tag.
    ///
    /// - Throws: what went wrong; that there is nothing is an answer.
    package func tagged(_ kind: Kind, of digest: Digest) throws -> SignatureEvidence {
        let tag = Self.tag(kind, of: digest)
        let place = "\(self.place):\(tag)"
        guard let document = try repository.documentIfPresent(.tag(tag)) else {
            return SignatureEvidence(places: [LookedPlace(place, .absent)])
        }
        guard case .manifest(let manifest) = try repository.decoded(document) else {
            throw SignatureError(place.printable, "is an index, not a manifest with signatures")
        }
        guard manifest.layers.count <= SignatureFile.countLimit else {
            throw SignatureError(place.printable, "has more than \(SignatureFile.countLimit) signatures")
        }
        var evidence = SignatureEvidence()
        for (position, layer) in manifest.layers.enumerated() {
            let attachment = SigstoreAttachment(
                mediaType: layer.mediaType, payload: try content(layer, limit: SigstoreAttachment.byteLimit),
                annotations: layer.annotations ?? [:])
            evidence.signatures.append(.init("\(tag) layer \(position + 1)", .sigstore(attachment.json)))
        }
        let count = evidence.signatures.count
        evidence.places = [LookedPlace(place, count == 0 ? .absent : .found(count))]
        return evidence
    }

    /// What is kept under a tag, unread; nil where there is no such tag.
    package func layers(_ kind: Kind, of digest: Digest) throws -> [ContentDescriptor]? {
        guard let document = try repository.documentIfPresent(.tag(Self.tag(kind, of: digest))) else { return nil }
        guard case .manifest(let manifest) = try repository.decoded(document) else { return nil }
        return manifest.layers
    }

    /// What a manifest that refers to another one has, unread, and of what type it is.
    package func contents(of referrer: ContentDescriptor) throws -> (type: String, layers: [ContentDescriptor]) {
        guard case .manifest(let manifest) = try repository.decoded(repository.document(.digest(referrer.digest)))
        else {
            return (referrer.artifactType ?? referrer.mediaType, [referrer])
        }
        let type = [referrer.artifactType, manifest.artifactType].compactMap { $0 }.first { !$0.isEmpty }
        return (type ?? manifest.config.mediaType, manifest.layers)
    }

    private func content(_ descriptor: ContentDescriptor, limit: Int) throws -> [UInt8] {
        if let embedded = descriptor.embedded, embedded.count <= limit { return embedded }
        return try repository.bytes(descriptor, limit: limit)
    }

    /// Looks for bundles that refer to a manifest.
    ///
    /// - Throws: what went wrong; that there are none is an answer.
    package func bundles(of digest: Digest) throws -> SignatureEvidence {
        let place = "\(self.place)@\(digest): referrers"
        var evidence = SignatureEvidence()
        for entry in try repository.referrers(of: digest) {
            // Lists that cosign writes may lack the type: then the manifest tells it.
            let type = entry.artifactType ?? ""
            guard type.isEmpty || SigstoreBundle.version(of: type) != nil, !MediaType.isIndex(entry.mediaType) else {
                continue
            }
            guard evidence.signatures.count < SignatureFile.countLimit else {
                throw SignatureError(place.printable, "has more than \(SignatureFile.countLimit) bundles")
            }
            guard let attachment = try bundle(entry.digest) else { continue }
            evidence.signatures.append(.init("bundle \(entry.digest)", .sigstore(attachment.json)))
        }
        let count = evidence.signatures.count
        evidence.places = [LookedPlace(place, count == 0 ? .absent : .found(count))]
        return evidence
    }

    /// The bundle of a manifest; nil for a manifest of something else.
    private func bundle(_ digest: Digest) throws -> SigstoreAttachment? {
        let document = try repository.document(.digest(digest))
        guard case .manifest(let manifest) = try repository.decoded(document), manifest.layers.count == 1,
            let layer = manifest.layers.first, SigstoreBundle.version(of: layer.mediaType) != nil
        else { return nil }
        return SigstoreAttachment(
            mediaType: layer.mediaType, payload: try content(layer, limit: SigstoreBundle.byteLimit),
            annotations: manifest.annotations ?? [:])
    }

    /// Looks for signatures in both their forms.
    ///
    /// - Throws: what went wrong.
    package func signatures(of digest: Digest) throws -> SignatureEvidence {
        var evidence = try tagged(.signature, of: digest)
        let bundles = try bundles(of: digest)
        evidence.places += bundles.places
        evidence.signatures += bundles.signatures
        return evidence
    }

    /// Looks for attestations in both their forms; among the bundles are signatures too.
    ///
    /// - Throws: what went wrong.
    package func attestations(of digest: Digest) throws -> SignatureEvidence {
        var evidence = try tagged(.attestation, of: digest)
        let bundles = try bundles(of: digest)
        evidence.places += bundles.places
        evidence.signatures += bundles.signatures
        return evidence
    }

    // MARK: - Writing

    /// Adds attachments of a manifest, each in its form; what is there is not added again.
    ///
    /// - Parameter subject: the manifest's descriptor.
    package func add(_ attachments: [SigstoreAttachment], to subject: ContentDescriptor) throws {
        let bundles = attachments.filter { SigstoreBundle.version(of: $0.mediaType) != nil }
        for bundle in bundles { try attach(bundle, to: subject) }
        let rest = attachments.filter { SigstoreBundle.version(of: $0.mediaType) == nil }
        try append(rest.filter { $0.mediaType == SigstoreAttachment.envelopeType }, .attestation, to: subject.digest)
        try append(rest.filter { $0.mediaType != SigstoreAttachment.envelopeType }, .signature, to: subject.digest)
    }

    /// Adds the signatures and attestations under tags to those of the same manifest elsewhere.
    ///
    /// - Returns: how many there are.
    package func copyTagged(of subject: ContentDescriptor, to other: AttachmentStore) throws -> Int {
        var attachments: [SigstoreAttachment] = []
        for kind in [Kind.signature, .attestation] {
            for signature in try tagged(kind, of: subject.digest).signatures {
                guard case .sigstore(let json) = signature.file else { continue }
                attachments.append(try SigstoreAttachment(json: json))
            }
        }
        try other.add(attachments, to: subject)
        return attachments.count
    }

    /// Appends to what is under a tag; others may do so at the same time, so it is looked at again afterwards.
    private func append(_ attachments: [SigstoreAttachment], _ kind: Kind, to digest: Digest) throws {
        guard !attachments.isEmpty else { return }
        let tag = Self.tag(kind, of: digest)
        var wanted: [ContentDescriptor] = []
        for attachment in attachments {
            var layer = try repository.upload(attachment.payload, mediaType: attachment.mediaType)
            layer.annotations = attachment.annotations
            wanted.append(layer)
        }
        for _ in 0..<5 {
            var layers: [ContentDescriptor] = []
            if let document = try repository.documentIfPresent(.tag(tag)) {
                guard case .manifest(let manifest) = try repository.decoded(document) else {
                    throw SignatureError(
                        "\(self.place):\(tag)".printable, "is an index, not a manifest with signatures")
                }
                layers = manifest.layers
            }
            let missing = wanted.filter { new in !layers.contains { Self.isSame($0, new) } }
            guard !missing.isEmpty else { return }
            guard layers.count + missing.count <= SignatureFile.countLimit else {
                throw SignatureError(
                    "\(self.place):\(tag)".printable,
                    "has \(layers.count) signatures; \(SignatureFile.countLimit) can be")
            }
            try put(layers + missing, as: tag)
        }
        throw SignatureError("\(self.place):\(tag)".printable, "others write it at the same time; try again")
    }

    private static func isSame(_ left: ContentDescriptor, _ right: ContentDescriptor) -> Bool {
        left.digest == right.digest && left.mediaType == right.mediaType && left.annotations == right.annotations
    }

    /// Stores a manifest whose layers are signatures; its configuration is that of an image, which registries expect.
    private func put(_ layers: [ContentDescriptor], as tag: String) throws {
        let configuration = JSONValue.object([
            "architecture": .string(""), "config": .object([:]), "created": .string("0001-01-01T00:00:00Z"),
            "history": .array(layers.map { _ in .object(["created": .string("0001-01-01T00:00:00Z")]) }),
            "os": .string(""),
            "rootfs": .object([
                "type": .string("layers"), "diff_ids": .array(layers.map { .string("\($0.digest)") }),
            ]),
        ])
        let config = try repository.upload(configuration.compactJSON(), mediaType: MediaType.config)
        let manifest = JSONValue.object([
            "schemaVersion": .integer(2), "mediaType": .string(MediaType.manifest), "config": config.json,
            "layers": .array(layers.map(\.json)),
        ])
        try repository.put(Self.document(manifest), as: .tag(tag))
    }

    /// Stores a bundle as a manifest that refers to another one.
    private func attach(_ attachment: SigstoreAttachment, to subject: ContentDescriptor) throws {
        let known = try bundles(of: subject.digest).signatures
        let isThere = known.contains { signature in
            // One that cannot be read is another.
            guard case .sigstore(let json) = signature.file, let other = try? SigstoreAttachment(json: json) else {
                return false
            }
            return other.payload == attachment.payload
        }
        guard !isThere else { return }
        var annotations = ["dev.sigstore.bundle.content": "dsse-envelope"]
        annotations[Self.predicateKey] = attachment.annotations[Self.predicateKey]
        annotations["org.opencontainers.image.created"] =
            attachment.annotations["org.opencontainers.image.created"] ?? SignatureClock.text
        let config = try repository.upload(Array("{}".utf8), mediaType: Self.emptyType)
        let layer = try repository.upload(attachment.payload, mediaType: attachment.mediaType)
        let manifest = JSONValue.object([
            "schemaVersion": .integer(2), "mediaType": .string(MediaType.manifest),
            "artifactType": .string(attachment.mediaType), "config": config.json, "layers": .array([layer.json]),
            "subject": ContentDescriptor(mediaType: subject.mediaType, digest: subject.digest, size: subject.size).json,
            "annotations": .object(annotations.mapValues { .string($0) }),
        ])
        let document = Self.document(manifest)
        let entry = ContentDescriptor(
            mediaType: MediaType.manifest, digest: document.digest, size: Int64(document.bytes.count),
            artifactType: attachment.mediaType, annotations: annotations)
        try repository.attach(document, listedAs: entry, to: subject.digest)
    }

    /// Keeps a document beside a manifest, as a manifest of one layer that refers to it; one that is there stays.
    ///
    /// - Parameter type: the document's media type, which is that of the artifact too.
    /// - Returns: the digest of the manifest that refers.
    package func attach(_ bytes: [UInt8], type: String, to subject: ContentDescriptor) throws -> Digest {
        let config = try repository.upload(Array("{}".utf8), mediaType: Self.emptyType)
        let layer = try repository.upload(bytes, mediaType: type)
        let manifest = JSONValue.object([
            "schemaVersion": .integer(2), "mediaType": .string(MediaType.manifest), "artifactType": .string(type),
            "config": config.json, "layers": .array([layer.json]),
            "subject": ContentDescriptor(mediaType: subject.mediaType, digest: subject.digest, size: subject.size).json,
        ])
        let document = Self.document(manifest)
        // The same document gives the same manifest.
        guard try repository.documentIfPresent(.digest(document.digest)) == nil else { return document.digest }
        let entry = ContentDescriptor(
            mediaType: MediaType.manifest, digest: document.digest, size: Int64(document.bytes.count),
            artifactType: type)
        try repository.attach(document, listedAs: entry, to: subject.digest)
        return document.digest
    }

    /// The documents of a type that are kept beside a manifest: the digests of the manifests that refer to it.
    package func attached(type: String, to subject: Digest) throws -> [Digest] {
        try repository.referrers(of: subject).filter { entry in
            let told = entry.artifactType ?? ""
            // Lists that others write may lack the type: then the manifest tells it.
            return told == type || told.isEmpty && !MediaType.isIndex(entry.mediaType)
        }.map(\.digest)
    }

    /// The document that a manifest has as its only layer; nil for one of another type or of another image.
    ///
    /// A list of referrers is the registry's word alone; what the document is of is what its own manifest says.
    package func attachedDocument(_ digest: Digest, type: String, to subject: Digest, limit: Int) throws -> [UInt8]? {
        let document = try repository.document(.digest(digest))
        guard case .manifest(let manifest) = try repository.decoded(document), manifest.layers.count == 1,
            let layer = manifest.layers.first, layer.mediaType == type,
            case .object(let members) = try StrictObject.value(document.bytes, limit: DocumentLimit.manifest),
            case .object(let named) = members["subject"], named["digest"] == .string("\(subject)")
        else { return nil }
        return try content(layer, limit: limit)
    }

    private static func document(_ manifest: JSONValue) -> RemoteDocument {
        let bytes = manifest.compactJSON()
        return RemoteDocument(bytes: bytes, digest: Digest(of: bytes), mediaType: MediaType.manifest)
    }
}

extension ContentDescriptor {
    /// The descriptor as JSON.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "mediaType": .string(mediaType), "digest": .string("\(digest)"), "size": .integer(size),
        ]
        if let artifactType { members["artifactType"] = .string(artifactType) }
        if let annotations { members["annotations"] = .object(annotations.mapValues { .string($0) }) }
        return .object(members)
    }

    /// The descriptor of a document of a registry.
    package init(_ document: RemoteDocument) {
        self.init(mediaType: document.mediaType, digest: document.digest, size: Int64(document.bytes.count))
    }
}
