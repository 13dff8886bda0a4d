// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
package import OCI

/// An image, or an index with all that it lists, as documents and blobs: what is copied byte for byte.
package struct SourceGraph: Sendable {
    /// A manifest or an index, whole.
    package struct Document: Sendable {
        /// Its descriptor.
        package var descriptor: ContentDescriptor
        /// Its bytes.
        package var bytes: [UInt8]

        /// Makes a document.
        package init(descriptor: ContentDescriptor, bytes: [UInt8]) {
            self.descriptor = descriptor
            self.bytes = bytes
        }
    }

    /// Indexes within each other: 8.
    private static let depthLimit = 8
    /// Documents of a graph.
    private static let documentLimit = 10_000

    /// Manifests and indexes, each behind those that it names; the last is the one that is meant.
    package private(set) var documents: [Document] = []
    /// What the manifests name, each once: configurations and layers.
    package private(set) var blobs: [ContentDescriptor] = []
    /// Layers that are not copied: they stay at the addresses that their descriptors give.
    package private(set) var foreign: [ContentDescriptor] = []
    /// Whether it is one manifest of something else than an image.
    package private(set) var isArtifact = false
    /// Opens a blob; its bytes are not checked yet.
    package let open: @Sendable (ContentDescriptor) throws -> any ByteStream

    /// The document that is meant.
    package var top: Document? { documents.last }

    /// Collects what a document leads to.
    ///
    /// - Parameters:
    ///   - bytes: the document, checked against the digest that named it.
    ///   - mediaType: what its source says it is; empty if it says nothing.
    ///   - fetch: gives a manifest or index that another names, checked against its digest.
    ///   - open: opens a blob.
    /// - Throws: `FormatError`, `StoreError` for a graph that is too large, and what `fetch` throws.
    package init(
        _ bytes: [UInt8], mediaType: String, fetch: (ContentDescriptor) throws -> [UInt8],
        open: @escaping @Sendable (ContentDescriptor) throws -> any ByteStream
    ) throws {
        self.open = { blob in try blob.embedded.map { BytesStream($0) } ?? open(blob) }
        let top = ContentDescriptor(mediaType: mediaType, digest: Digest(of: bytes), size: Int64(bytes.count))
        var seen: Set<Digest> = [top.digest]
        var seenBlobs: Set<Digest> = []
        // From above to below; what names others comes first and is turned round at the end.
        var pending = [(Document(descriptor: top, bytes: bytes), 1)]
        while let (document, depth) = pending.popLast() {
            var document = document
            let name = "manifest \(document.descriptor.digest)"
            let claimed = document.descriptor.mediaType
            let isKnown = MediaType.isManifest(claimed) || MediaType.isIndex(claimed) || MediaType.isSchema1(claimed)
            switch try ManifestDocument(json: document.bytes, name: name, mediaType: isKnown ? claimed : nil) {
            case .manifest(let manifest):
                if documents.isEmpty, depth == 1 { isArtifact = manifest.isArtifact }
                if !isKnown { document.descriptor.mediaType = manifest.mediaType ?? MediaType.manifest }
                for blob in [manifest.config] + manifest.layers where seenBlobs.insert(blob.digest).inserted {
                    if blob.isForeign { foreign.append(blob) } else { blobs.append(blob) }
                }
            case .index(let index):
                if !isKnown { document.descriptor.mediaType = index.mediaType ?? MediaType.index }
                guard depth <= Self.depthLimit else {
                    throw StoreError(.tooLarge, name, "is the \(depth)th index within another")
                }
                for entry in index.manifests.reversed() where seen.insert(entry.digest).inserted {
                    guard seen.count <= Self.documentLimit else {
                        throw StoreError(.tooLarge, name, "leads to more than \(Self.documentLimit) manifests")
                    }
                    pending.append((Document(descriptor: entry, bytes: try fetch(entry)), depth + 1))
                }
            }
            documents.append(document)
        }
        documents.reverse()
    }
}

/// A place that an image is copied to, byte for byte.
package protocol ImageDestination: Sendable {
    /// Whether blobs must come one after the other.
    var isSequential: Bool { get }

    /// Brings a blob in, unless it is there; its size and digest are checked.
    ///
    /// - Returns: whether bytes had to be copied.
    func take(_ blob: ContentDescriptor, open: @escaping @Sendable () throws -> any ByteStream) throws -> Bool

    /// Brings a manifest or an index in; what it names is there.
    func take(_ document: SourceGraph.Document) throws

    /// Ends the copy: the document that is meant gets its name.
    func finish(_ top: SourceGraph.Document) throws
}

/// Reading a blob to its end while its size and digest are checked.
package enum VerifiedBlob {
    private static let chunkByteCount = 512 << 10

    /// Passes a blob's bytes on, piece by piece.
    ///
    /// - Throws: `StoreError` if it is not what its descriptor says, when all bytes have been passed on; nothing beyond
    ///   its size is.
    package static func copy(
        _ descriptor: ContentDescriptor, from stream: any ByteStream,
        to write: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let name = "blob \(descriptor.digest)"
        var hasher = DigestHasher()
        var count: Int64 = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkByteCount, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let read = try stream.read(into: buffer)
            if read == 0 { break }
            count += Int64(read)
            guard count <= descriptor.size else {
                throw StoreError(.damaged, name, "is longer than the \(descriptor.size) bytes that its manifest says")
            }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<read])
            hasher.update(bytes)
            try write(bytes)
        }
        guard count == descriptor.size else {
            throw StoreError(.damaged, name, "has \(count) bytes, not the \(descriptor.size) that its manifest says")
        }
        let digest = hasher.finish()
        guard digest == descriptor.digest else { throw StoreError(.damaged, name, "its content has digest \(digest)") }
    }
}
