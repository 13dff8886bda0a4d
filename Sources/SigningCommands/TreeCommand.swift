// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import OCI
import Objects
import Registry
import Signatures

/// `cimg tree`: what is kept beside an image.
package struct TreeCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "tree", abstract: "Show the signatures, attestations and lists that are kept beside an image.",
        discussion: """
            Looks under the tags that cosign 1 and 2 use and among the referrers, and shows both, as cosign does; of an \
            index also the attestations that it lists itself. Nothing is checked: "cimg verify" and "cimg \
            verify-attestation" do that.

            The tree of an image's files is "cimg du --all"; "cimg tree --sort size OBJECT" and "--layer N" are that.

            Examples:

              cimg tree localhost:5000/app:1
              cimg tree -r --json localhost:5000/app:1 | jq -r '.[].attached[].digest'

            Exit status: 0 shown, also where there is nothing, 2 trouble.
            """)

    @OptionGroup var registry: RegistryOptions

    @Flag(name: .shortAndLong, help: "Of an index, show what is beside every image that it lists too.")
    var recursive = false

    @Flag(help: "Print a JSON array.")
    var json = false

    @Argument(help: "An image: [docker://]NAME of a registry.")
    var image: String

    /// Makes the command for the parser.
    package init() {}

    /// Something that is kept beside an image, and where.
    private struct Attached {
        var kind: String
        var place: String
        var heading: String
        var entries: [ContentDescriptor]
    }

    package mutating func run() throws {
        try reportingTrouble {
            let found = try SigstoreImage(image, client: registry.client(), elsewhere: SigningKeyOptions.repository)
            var trees: [(name: String, digest: Digest, attached: [Attached])] = []
            for manifest in try found.manifests(all: recursive) {
                let isTop = manifest.digest == found.document.digest
                var attached = try Self.attached(to: manifest.digest, found)
                let listed = isTop ? try found.listedAttestations() : []
                if !listed.isEmpty {
                    attached.append(
                        Attached(
                            kind: "index", place: found.pinned,
                            heading: "📜 Attestations that the index lists", entries: listed))
                }
                let name = isTop ? "\(found.reference)" : "\(found.repositoryName)@\(manifest.digest)"
                trees.append((name, manifest.digest, attached))
            }
            guard !json else { return try StandardOutput.write(Self.json(trees)) }
            for (name, _, attached) in trees { try StandardOutput.write(Self.text(name, attached)) }
        }
    }

    private static func attached(to digest: Digest, _ image: SigstoreImage) throws -> [Attached] {
        var attached: [Attached] = []
        let headings: [(kind: AttachmentStore.Kind, heading: String)] = [
            (.attestation, "💾 Attestations"), (.signature, "🔐 Signatures"), (.sbom, "📦 SBOMs"),
        ]
        for (kind, heading) in headings {
            guard let layers = try image.store.layers(kind, of: digest) else { continue }
            let place = "\(image.store.name):\(AttachmentStore.tag(kind, of: digest))"
            attached.append(
                Attached(
                    kind: kind.word, place: place, heading: "\(heading) for an image tag: \(place)", entries: layers))
        }
        for referrer in try image.store.repository.referrers(of: digest) {
            let (type, layers) = try image.store.contents(of: referrer)
            let place = "\(image.store.name)@\(referrer.digest)"
            attached.append(
                Attached(
                    kind: "referrer", place: place,
                    heading: "🔗 \(type.printable) artifacts via OCI referrer: \(place)", entries: layers))
        }
        return attached
    }

    private static func text(_ name: String, _ attached: [Attached]) -> String {
        guard !attached.isEmpty else {
            return "No Supply Chain Security Related artifacts found for image \(name.printable)\n"
        }
        var text = "📦 Supply Chain Security Related artifacts for an image: \(name.printable)\n"
        for group in attached {
            text += "└── \(group.heading)\n"
            for (position, entry) in group.entries.enumerated() {
                text += "   \(position == group.entries.count - 1 ? "└" : "├")── 🍒 \(entry.digest)\n"
            }
        }
        return text
    }

    private static func json(_ trees: [(name: String, digest: Digest, attached: [Attached])]) -> [UInt8] {
        var text = JSONText()
        text.beginArray()
        for (name, digest, attached) in trees {
            text.beginObject()
            text.member("name", name)
            text.member("digest", "\(digest)")
            text.key("attached")
            text.beginArray()
            for group in attached {
                for entry in group.entries {
                    text.beginObject()
                    text.member("kind", group.kind)
                    text.member("place", group.place)
                    text.member("mediaType", entry.mediaType)
                    text.member("digest", "\(entry.digest)")
                    text.key("size")
                    text.number(entry.size)
                    text.endObject()
                }
            }
            text.endArray()
            text.endObject()
        }
        text.endArray()
        return text.bytes
    }
}

extension AttachmentStore.Kind {
    fileprivate var word: String {
        switch self {
        case .signature: "signature"
        case .attestation: "attestation"
        case .sbom: "sbom"
        }
    }
}
