// SPDX-License-Identifier: Apache-2.0

import LinuxIO
package import OCI
import SystemPackage

extension Store {
    /// Stores a manifest or an index as it is, so that it can be named; what it lists need not all be in the store.
    ///
    /// - Returns: its digest.
    /// - Throws: `StoreError`, or `FormatError` for bytes that are neither.
    @discardableResult
    package func addDocument(_ bytes: [UInt8]) throws -> Digest {
        let digest = Digest(of: bytes)
        _ = try ManifestDocument(json: bytes, name: "manifest \(digest)")
        let hold = try holdForWriting()
        defer { withExtendedLifetime(hold) {} }
        try addBlob(bytes, TemporaryDirectory(self))
        do throws(Errno) {
            try blobs.synchronizeDirectory()
        } catch {
            throw StoreError(.system, "store \(path)", "\(error)")
        }
        return digest
    }

    /// The images that a stored index leads to and that are in the store, in its order, each once.
    ///
    /// - Throws: `StoreError` or `FormatError`.
    package func images(of index: ImageIndex) throws -> [ContentDescriptor] {
        var found: [ContentDescriptor] = []
        var seen: Set<Digest> = []
        var pending = Array(index.manifests.reversed())
        while let entry = pending.popLast() {
            guard !entry.isAttestation, seen.insert(entry.digest).inserted, try openBlob(entry.digest) != nil else {
                continue
            }
            if MediaType.isManifest(entry.mediaType) {
                found.append(entry)
            } else if MediaType.isIndex(entry.mediaType) {
                let bytes = try readBlob(entry.digest, limit: DocumentLimit.manifest)
                pending += try ImageIndex(json: bytes, name: "index \(entry.digest)").manifests.reversed()
            }
        }
        return found
    }

    /// The manifest of a stored index for a platform: this machine's unless another is asked for.
    ///
    /// - Throws: `StoreError` that tells which platforms there are.
    func choose(_ platform: Platform?, of index: ImageIndex, _ digest: Digest) throws -> Digest {
        let images = try images(of: index)
        let wanted = platform ?? .host
        let distances = images.map { image in image.platform.flatMap { wanted.distance(to: $0) } }
        if let nearest = distances.compactMap({ $0 }).min(), let position = distances.firstIndex(of: nearest) {
            return images[position].digest
        }
        if images.count == 1, platform == nil { return images[0].digest }
        let has = images.prefix(20).map { $0.platform.map { "\($0)" } ?? "unknown platform" }.joined(separator: ", ")
        throw StoreError(
            .notFound, "image \(digest)",
            images.isEmpty
                ? "is an index of images of which none is in the store" : "no image for \(wanted); it has: \(has)")
    }
}
