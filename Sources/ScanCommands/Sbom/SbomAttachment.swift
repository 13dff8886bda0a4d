// SPDX-License-Identifier: Apache-2.0

import Console
import LayerStore
import OCI
import Objects
import Registry
import Signatures

/// Documents that are kept beside an image in its registry.
struct SbomAttachment {
    /// Bytes of a document.
    private static let byteLimit = 256 << 20
    /// Documents that are looked at.
    private static let countLimit = 100

    /// What the user called the image.
    let object: String
    let platform: Platform?
    /// The media type of the documents.
    let type: String

    /// An image that a document is attached to.
    struct Subject {
        fileprivate let image: SigstoreImage
        fileprivate let descriptor: ContentDescriptor
        fileprivate let type: String

        /// The image by the digest of its manifest for the platform, as objects are named.
        var pinned: String { "docker://\(repository)@\(descriptor.digest)" }

        /// `HOST/NAME`.
        var repository: String { image.repositoryName }

        /// Stores a document.
        ///
        /// - Returns: the digest of the manifest that refers to the image.
        func attach(_ bytes: [UInt8]) throws -> Digest {
            try image.store.attach(bytes, type: type, to: descriptor)
        }
    }

    /// The image in its registry.
    func subject(client: RegistryClient) throws -> Subject {
        let image = try SigstoreImage(object, client: client, isWritten: true)
        return Subject(image: image, descriptor: try image.manifest(platform), type: type)
    }

    /// The first document that the policy demands signatures of and has them; and why others do not count.
    func find(by judge: ImageJudge, client: RegistryClient) throws -> (bytes: [UInt8]?, refusals: [String]) {
        let image = try SigstoreImage(object, client: client)
        var refusals: [String] = []
        let subject = try image.manifest(platform).digest
        let found = try image.store.attached(type: type, to: subject)
        for digest in found.prefix(Self.countLimit) {
            // Nothing of what is not trusted is read.
            if let refusal = try image.refusal(of: digest, by: judge, client: client) {
                refusals.append("\(image.repositoryName)@\(digest): \(refusal)")
                continue
            }
            if let bytes = try image.store.attachedDocument(digest, type: type, to: subject, limit: Self.byteLimit) {
                return (bytes, refusals)
            }
            refusals.append("\(image.repositoryName)@\(digest): is no \(type) of this image")
        }
        return (nil, refusals)
    }
}
