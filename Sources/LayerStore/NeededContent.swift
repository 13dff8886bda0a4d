// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import OCI

/// What the entries of a store's index need, found by following them.
struct NeededContent {
    /// Indexes, manifests, configurations, layers, and what else is named as a blob.
    var blobs: Set<Digest> = []
    /// Diff IDs.
    var layers: Set<Digest> = []
    /// Chain IDs.
    var trees: Set<Digest> = []
    /// Documents that cannot be read, so that what they need is not known: a line each.
    var obstacles: [String] = []
    /// What else is wrong with an image: a line each.
    var problems: [String] = []
}

extension Store {
    /// Follows every entry of the index: also those without a name, and indexes of indexes as other tools write them.
    ///
    /// Of an index, images that are not in the store are passed over: it may list more platforms than were copied.
    func neededContent() throws -> NeededContent {
        var needed = NeededContent()
        for entry in try readIndex().manifests {
            let image = "image \(entry.referenceName?.printable ?? "\(entry.digest)")"
            var rest = [(descriptor: entry, isEntry: true)]
            var seen: Set<Digest> = []
            while let (descriptor, isEntry) = rest.popLast() {
                guard seen.insert(descriptor.digest).inserted else { continue }
                needed.blobs.insert(descriptor.digest)
                guard MediaType.mayBeDocument(descriptor.mediaType) else { continue }
                if !isEntry, try !blobs.hasEntry(descriptor.digest.hex) { continue }
                do {
                    let bytes = try readBlob(descriptor.digest, limit: DocumentLimit.manifest)
                    let name = "manifest \(descriptor.digest)"
                    switch try ManifestDocument(json: bytes, name: name, mediaType: descriptor.mediaType) {
                    case .index(let index): rest += index.manifests.map { ($0, false) }
                    case .manifest(let manifest): try follow(manifest, image, &needed)
                    }
                } catch {
                    needed.obstacles.append("\(image): \(error)")
                }
            }
        }
        return needed
    }

    private func follow(_ manifest: Manifest, _ image: String, _ needed: inout NeededContent) throws {
        for blob in manifest.layers + [manifest.config] {
            needed.blobs.insert(blob.digest)
            let kind = blob.digest == manifest.config.digest ? "configuration" : "layer"
            do {
                guard let file = try openBlob(blob.digest) else {
                    // A copy leaves it where it can be had.
                    if blob.isForeign { continue }
                    needed.problems.append("\(image): \(kind) \(blob.digest) is missing")
                    continue
                }
                let size = try file.size()
                if size != UInt64(exactly: blob.size) {
                    needed.problems.append(
                        "\(image): \(kind) \(blob.digest) has \(size) bytes, not the \(blob.size) that its manifest says"
                    )
                }
            } catch {
                needed.problems.append("\(image): \(error)")
            }
        }
        // The configuration of something else than an image names no layers.
        guard MediaType.isConfig(manifest.config.mediaType) else { return }
        let bytes = try readBlob(manifest.config.digest, limit: DocumentLimit.configuration)
        do {
            let name = "configuration \(manifest.config.digest)"
            let configuration = try ImageConfiguration(json: bytes, name: name)
            let diffIDs = configuration.rootfs.diffIDs
            needed.layers.formUnion(diffIDs.map(\.digest))
            needed.trees.insert(ChainID(diffIDs).digest)
            try configuration.checkLayerCount(manifest.layers.count, name: name)
        } catch {
            // All its blobs are known, and nothing can have been derived of it.
            needed.problems.append("\(image): \(error)")
        }
    }
}

extension MediaType {
    /// Whether a blob of this type may be a manifest or an index, or nothing is said of it.
    fileprivate static func mayBeDocument(_ type: String) -> Bool {
        isManifest(type) || isIndex(type) || isSchema1(type) || type.isEmpty
    }
}
