// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import LayerStore
import OCI
import Objects
import Transports

/// `cimg push`: sends a stored image to a registry.
package struct PushCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Send an image of the store to a registry.",
        discussion: """
            Manifest, configuration and layers go out byte for byte as they came in, so that digests stay. What the \
            registry has is not sent again.

            Proxies are those of http_proxy and its companions: see "cimg help pull".

            Examples:

              cimg push alpine:0.1 localhost:5000/alpine:0.1
              cimg push --sign-by me@example.com alpine:0.1 localhost:5000/alpine:0.1
              cimg push --all --creds me:secret registry.example/app:1

            Exit status: 0 pushed, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var registry: RegistryOptions

    @OptionGroup var signing: SigningOptions

    @OptionGroup var policy: PolicyOptions

    @Argument(help: "An image.")
    var image: String

    @Argument(help: "Where to: [docker://]HOST[:PORT]/REPOSITORY[:TAG]; without it, the image's own name.")
    var destination: String?

    @OptionGroup var transfer: TransferOptions

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let platform = try transfer.chosenPlatform()
            let target = destination ?? image
            let name = RegistryName.explicit(target) ?? target
            let client = try registry.client()
            var copy = ImageCopy(
                place: try policy.place(self.store), client: client, destinationClient: client)
            copy.signer = try signing.signer()
            copy.platform = platform
            copy.takesAll = transfer.all
            if transfer.quiet { copy.telling = .nothing }
            let result = try copy.run(from: image, to: "docker://\(name)")
            try transfer.report(result, of: "\(ImageCopy.target(name))")
        }
    }
}

/// `cimg copy`: copies an image from one place to another.
package struct CopyCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "copy", abstract: "Copy an image from one place to another, byte for byte.",
        discussion: """
            \(ImagePlace.help) A destination without a transport is a name of the store, also where it begins with a host: \
            docker://HOST/NAME goes to the registry. Every digest is checked on the way and stays as it is, but for a docker-archive, whose \
            layers are uncompressed and which has no manifest: of it and of docker-daemon: the digest of the configuration \
            is printed, docker's image ID where containerd does not keep its images. Within a registry, blobs are not sent at all. Signatures go along from and to \
            registries and dir:; other places cannot hold them, which is told.

            Proxies are those of http_proxy and its companions: see "cimg help pull".

            Examples:

              cimg copy docker://localhost:5000/app:1 oci:images/app:1
              cimg copy --all docker://registry.example/app:1 docker://localhost:5000/app:1
              cimg copy --referrers docker://a.example/app:1 docker://localhost:5000/app:1
              cimg copy --sign-by me@example.com dir:app docker://registry.example/app:1
              cimg copy alpine docker-archive:a.tar:alpine:latest && docker load -i a.tar

            Exit status: 0 copied, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var registry: RegistryOptions

    @OptionGroup var signing: SigningOptions

    @Flag(help: "Leave the signatures of the source behind.")
    var removeSignatures = false

    @Flag(help: "Take along what is kept beside the image: signatures, attestations, and all that refers to it.")
    var referrers = false

    @OptionGroup var policy: PolicyOptions

    @Option(help: ArgumentHelp("User and password for the registry of the source alone.", valueName: "user:password"))
    var srcCreds: String?

    @Option(
        help: ArgumentHelp("User and password for the registry of the destination alone.", valueName: "user:password"))
    var destCreds: String?

    @Argument(help: "The image to copy.")
    var source: String

    @Argument(help: "Where to.")
    var destination: String

    @OptionGroup var transfer: TransferOptions

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let platform = try transfer.chosenPlatform()
            try refuse(together: [("--creds", registry.creds != nil), ("--src-creds", srcCreds != nil)])
            try refuse(together: [("--creds", registry.creds != nil), ("--dest-creds", destCreds != nil)])
            var copy = ImageCopy(
                place: try policy.place(self.store), client: try registry.client(creds: srcCreds ?? registry.creds),
                destinationClient: try registry.client(creds: destCreds ?? registry.creds))
            copy.signer = try signing.signer()
            copy.removesSignatures = removeSignatures
            copy.takesReferrers = referrers
            copy.isForOneRegistry = registry.creds != nil
            copy.platform = platform
            copy.takesAll = transfer.all
            if transfer.quiet { copy.telling = .nothing }
            let result = try copy.run(from: source, to: destination)
            // Standard output may be the archive's.
            let isStream = try ImageLocation(destination: destination)?.isStandardStream == true
            try transfer.report(result, of: destination.printable, onErrors: isStream)
        }
    }
}
