// SPDX-License-Identifier: Apache-2.0

import LayerStore
import OCI
import Registry
import Signatures
import Transports

extension ImageCopy {
    /// Copies what is kept beside the images of a registry to another one: signatures and attestations under tags, and
    /// all that refers to them.
    ///
    /// - Returns: how many there were.
    func copyAttachments(
        of graph: SourceGraph, from origin: RemoteRepository, to name: String
    ) throws -> Int {
        let destination = try destinationClient.repository(Self.target(name))
        let (source, target) = (AttachmentStore(origin), AttachmentStore(destination))
        var count = 0
        for document in graph.documents {
            let digest = document.descriptor.digest
            count += try source.copyTagged(of: document.descriptor, to: target)
            for entry in try origin.referrers(of: digest) {
                try copyReferrer(entry, of: digest, from: origin, to: destination)
                count += 1
            }
        }
        return count
    }

    private func copyReferrer(
        _ entry: ContentDescriptor, of subject: Digest, from origin: RemoteRepository, to destination: RemoteRepository
    ) throws {
        let document = try origin.document(.digest(entry.digest))
        let graph = try origin.graph(document)
        for blob in graph.blobs {
            _ = try destination.upload(blob) { try graph.open(blob) }
        }
        for inner in graph.documents.dropLast() {
            try destination.put(
                RemoteDocument(
                    bytes: inner.bytes, digest: inner.descriptor.digest, mediaType: inner.descriptor.mediaType),
                as: .digest(inner.descriptor.digest))
        }
        var described = document
        if described.mediaType.isEmpty, let top = graph.top { described.mediaType = top.descriptor.mediaType }
        try destination.attach(described, listedAs: entry, to: subject)
    }
}
