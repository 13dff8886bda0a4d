// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinuxIO
package import OCI

/// Manifests that are kept beside others: signatures, attestations, lists of what is in them.
extension RemoteRepository {
    /// How often an index that others may be writing too is written anew.
    private static let attempts = 5

    /// Fetches a manifest; nil where the registry says that there is none.
    ///
    /// - Throws: `RegistryError` where it does not say.
    package func documentIfPresent(_ name: Name) throws -> RemoteDocument? {
        do {
            return try document(name)
        } catch let error as RegistryError where error.code == .notFound {
            return nil
        }
    }

    /// Brings small bytes into the repository, unless they are there.
    ///
    /// - Returns: what they are called.
    package func upload(_ bytes: [UInt8], mediaType: String) throws -> ContentDescriptor {
        let descriptor = ContentDescriptor(
            mediaType: mediaType, digest: Digest(of: bytes), size: Int64(bytes.count))
        _ = try upload(descriptor) { BytesStream(bytes) }
        return descriptor
    }

    /// Stores a manifest that says of itself that it refers to another one, so that it is found there.
    ///
    /// A registry without a list of referrers gets an index under the tag `sha256-HEX` (distribution-spec, "Referrers
    /// Tag Schema").
    /// - Parameters:
    ///   - document: the manifest; everything it names must be in the repository.
    ///   - entry: how the list has it.
    ///   - subject: what it refers to.
    package func attach(_ document: RemoteDocument, listedAs entry: ContentDescriptor, to subject: Digest) throws {
        guard try !put(document, as: .digest(document.digest)) else { return }
        let tag = Name.tag("sha256-\(subject.hex)")
        for _ in 0..<Self.attempts {
            var index = ImageIndex(manifests: [])
            if let found = try documentIfPresent(tag) {
                guard case .index(let listed) = try decoded(found) else {
                    throw RegistryError(.invalid, "\(object):sha256-\(subject.hex)", "is no list of referrers")
                }
                index = listed
            }
            // Somebody who writes at the same time may have taken our entry out again.
            if index.manifests.contains(where: { $0.digest == entry.digest }) { return }
            index.manifests.append(entry)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let bytes = Array(try encoder.encode(index))
            try put(RemoteDocument(bytes: bytes, digest: Digest(of: bytes), mediaType: MediaType.index), as: tag)
        }
        guard try documentIfPresent(tag).map({ try decoded($0) }).map({ Self.lists($0, entry.digest) }) == true else {
            throw RegistryError(.failed, object, "others write the list of referrers at the same time; try again")
        }
    }

    private static func lists(_ document: ManifestDocument, _ digest: Digest) -> Bool {
        guard case .index(let index) = document else { return false }
        return index.manifests.contains { $0.digest == digest }
    }
}
