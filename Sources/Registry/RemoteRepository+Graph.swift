// SPDX-License-Identifier: Apache-2.0

package import LayerStore
package import LinuxIO
package import OCI

extension RemoteRepository {
    /// An image, or an index with all that it lists, as it is to be copied.
    package func graph(_ document: RemoteDocument) throws -> SourceGraph {
        // The registry's word for what it sent counts, as in `decoded`.
        _ = try decoded(document)
        return try SourceGraph(
            document.bytes, mediaType: document.mediaType, fetch: { try self.document(.digest($0.digest)).bytes },
            open: { self.blob($0) })
    }
}

/// A tag of a repository as a place to copy to: only what the registry lacks is sent.
package struct RegistryDestination: ImageDestination {
    package let isSequential = false
    private let repository: RemoteRepository
    private let tag: String
    private let source: String?

    /// Makes a destination.
    ///
    /// - Parameters:
    ///   - repository: where it is copied to.
    ///   - tag: what it is called there.
    ///   - source: the repository of the same registry that is copied from: its blobs need not be sent.
    package init(repository: RemoteRepository, tag: String, source: String? = nil) {
        self.repository = repository
        self.tag = tag
        self.source = source
    }

    package func take(
        _ blob: ContentDescriptor, open: @escaping @Sendable () throws -> any ByteStream
    ) throws -> Bool {
        try repository.upload(blob, from: source, open: open) == .sent
    }

    package func take(_ document: SourceGraph.Document) throws {
        try repository.put(RemoteDocument(document), as: .digest(document.descriptor.digest))
    }

    package func finish(_ top: SourceGraph.Document) throws {
        try repository.put(RemoteDocument(top), as: .tag(tag))
    }
}

extension RemoteDocument {
    fileprivate init(_ document: SourceGraph.Document) {
        self.init(
            bytes: document.bytes, digest: document.descriptor.digest, mediaType: document.descriptor.mediaType)
    }
}
