// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
package import OCI
import SystemPackage

extension Store {
    /// Stores a blob as it comes, checked against its descriptor; one that is there is not read.
    ///
    /// Keep a hold on the store (`holdForWriting`) until the blob has a name.
    /// - Returns: whether it had to be read.
    package func addBlob(
        _ descriptor: ContentDescriptor, open: () throws -> any ByteStream
    ) throws -> Bool {
        if let stored = try openBlob(descriptor.digest), try stored.size() == UInt64(clamping: descriptor.size) {
            return false
        }
        let writer = try TemporaryDirectory(self)
        let name = "blob-\(descriptor.digest.hex)"
        do {
            let file = try writer.create(name)
            try VerifiedBlob.copy(descriptor, from: try open()) { try file.write($0) }
            try file.synchronize()
            try writer.publish(name, in: blobs, as: descriptor.digest.hex, replacing: true)
            try blobs.synchronizeDirectory()
        } catch let error as Errno {
            throw StoreError(
                .system, "store \(path)", "cannot write blob \(descriptor.digest): \(error)\(error.advice)")
        }
        return true
    }

    /// Takes all of a graph in, as it is; nothing is derived of it, and nothing gets a name.
    ///
    /// Keep a hold on the store (`holdForWriting`) until it has one.
    package func add(_ graph: SourceGraph) throws {
        for blob in graph.blobs { _ = try addBlob(blob) { try graph.open(blob) } }
        for document in graph.documents { try addDocument(document.bytes) }
    }

    /// A stored image, or an index with all that it lists, as it is to be copied.
    ///
    /// - Throws: `StoreError` if something of it is not in the store.
    package func graph(_ digest: Digest) throws -> SourceGraph {
        let bytes = try readBlob(digest, limit: DocumentLimit.manifest)
        return try SourceGraph(
            bytes, mediaType: "",
            fetch: { entry in
                do {
                    return try self.readBlob(entry.digest, limit: DocumentLimit.manifest)
                } catch let error as StoreError where error.code == .notFound {
                    let platform = entry.platform.map { " for \($0)" } ?? ""
                    throw StoreError(
                        .notFound, "image \(digest)",
                        "manifest \(entry.digest)\(platform) is not in the store; \"cimg pull --all\" takes all")
                }
            },
            open: { [self] blob in
                guard let file = try openBlob(blob.digest) else {
                    throw StoreError(.notFound, "blob \(blob.digest)", "is not in the store")
                }
                return FileStream(file)
            })
    }
}
