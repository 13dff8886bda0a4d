// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import OCI
import Objects
import Registry
import Signatures

/// `cimg triangulate`: where what belongs to an image is kept.
package struct TriangulateCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "triangulate", abstract: "Print the name under which signatures of an image are kept.",
        discussion: """
            The name has the digest of the image's manifest in it. That there is something under it is not said: "cimg \
            tree" tells that, and bundles, which have no such name.

            Examples:

              cimg triangulate localhost:5000/alpine:0.4
              cimg triangulate --type digest localhost:5000/alpine:0.4

            Exit status: 0 printed, 2 trouble.
            """)

    /// What is looked for.
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case signature
        case attestation
        case sbom
        case digest
    }

    @Option(help: ArgumentHelp("What: signature, attestation, sbom or digest.", valueName: "kind"))
    var type = Kind.signature

    @Flag(help: "Print a JSON object.")
    var json = false

    @OptionGroup var registry: RegistryOptions

    @Argument(help: "An image: [docker://]NAME of a registry.")
    var image: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let found = try SigstoreImage(image, client: registry.client())
            let digest = found.document.digest
            let repository = SigningKeyOptions.repository ?? found.repositoryName
            let name =
                switch type {
                case .signature: "\(repository):\(AttachmentStore.tag(.signature, of: digest))"
                case .attestation: "\(repository):\(AttachmentStore.tag(.attestation, of: digest))"
                case .sbom: "\(repository):\(AttachmentStore.tag(.sbom, of: digest))"
                case .digest: found.pinned
                }
            guard json else { return try StandardOutput.write("\(name.printable)\n") }
            var text = JSONText()
            text.beginObject()
            text.member("type", type.rawValue)
            text.member("name", name)
            text.endObject()
            try StandardOutput.write(text.bytes)
        }
    }
}
