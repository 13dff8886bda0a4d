// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import OCI
import Objects

/// `cimg pull`: takes an image from a registry into the store.
package struct PullCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Take an image from a registry into the store.",
        discussion: """
            Layers are verified, inflated and indexed while they arrive; the image can be mounted when the last byte is \
            in. What the store has is not fetched again, and a pull that was interrupted goes on with the layers that \
            are missing. Short names, mirrors and blocked registries are those of registries.conf.

            Proxies are those of http_proxy, https_proxy, all_proxy and no_proxy; this machine itself (localhost, 127.0.0.0/8, \
            ::1) is asked without one.

            Examples:

              cimg pull docker.io/library/alpine:3.20
              cimg pull --platform linux/arm64 localhost:5000/app:1
              cimg pull --all --creds me:secret registry.example/app

            Exit status: 0 pulled, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var registry: RegistryOptions

    @OptionGroup var policy: PolicyOptions

    @Argument(help: "The image: [docker://][HOST[:PORT]/]REPOSITORY[:TAG|@DIGEST].")
    var image: String

    @Argument(help: "What to call it in the store; without it, its whole name.")
    var name: String?

    @OptionGroup var transfer: TransferOptions

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let platform = try transfer.chosenPlatform()
            if let name { try ImageName.check(name) }
            let store = try self.store.openStore()
            var pull = ImagePull(place: try policy.place(self.store), client: try registry.client())
            pull.platform = platform
            pull.takesAll = transfer.all
            if transfer.quiet { pull.telling = .nothing }
            let pulled = try pull.run(RegistryName.explicit(image) ?? image, into: store, name: name)
            try ImportCommand.settleBehind(store)
            try transfer.report(ImageCopy.Result(digest: pulled.digest), of: pulled.name)
        }
    }
}
