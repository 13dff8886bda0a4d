// SPDX-License-Identifier: Apache-2.0

import Console
package import LayerStore
package import OCI
package import Registry

/// What `inspect` found of an image, without its layers.
package struct InspectedImage {
    /// What was named: a manifest or an index, byte for byte.
    package var topBytes: [UInt8]
    /// Its digest.
    package var topDigest: Digest
    /// The repository's name; empty for what is in none.
    package var repository = ""
    /// The repository's tags, where they were asked for.
    package var tags: [String] = []
    /// The image.
    package var image: ImageDescription

    /// An image that is on this machine.
    package init(_ image: ImageDescription) {
        topBytes = image.manifestBytes
        topDigest = image.digest
        self.image = image
    }

    /// An image of a registry: its documents are fetched, nothing else.
    ///
    /// - Parameter place: whose policy must accept it; nil for an image of which only facts are compared.
    package init(
        _ text: String, client: RegistryClient, platform: Platform?, withTags: Bool, admittedBy place: StorePlace?
    ) throws {
        let (reference, document, repository) = try client.document(named: text)
        topBytes = document.bytes
        topDigest = document.digest
        self.repository = "\(reference.registry)/\(reference.repository)"
        let manifest = try repository.manifest(of: document, platform: platform)
        try place?.admit(manifest, reference, in: repository, client: client)
        let source = try repository.source(manifest, platform: platform, name: nil)
        image = try ImageDescription(source)
        if withTags {
            do {
                tags = Self.ordered(try repository.tags())
            } catch let error as RegistryError {
                // Whoever may read an image may not be allowed to list others.
                StandardError.print("cimg: tags: \(error)")
            }
        }
    }

    /// Tags in order; behind them those under which signatures, attestations and bills of images are kept.
    static func ordered(_ tags: [String]) -> [String] {
        let sorted = tags.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        return sorted.filter { !isOfAttachment($0) } + sorted.filter { isOfAttachment($0) }
    }

    /// Whether a tag is a digest with what is said of it: `sha256-0123….sig`, `.att`, `.sbom`, or `sha256-0123…` alone.
    private static func isOfAttachment(_ tag: String) -> Bool {
        let parts = tag.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard tag.hasPrefix("sha256-"), let name = parts.first, Digest(hex: String(name.dropFirst(7))) != nil else {
            return false
        }
        return parts.count == 1 || ["sig", "att", "sbom"].contains(parts[1])
    }
}
