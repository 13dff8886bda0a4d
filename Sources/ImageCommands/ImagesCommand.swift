// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser

/// `cimg images`: the images of the store, and what registries know of them.
package struct ImagesCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "images", abstract: "List images, and ask registries about them.",
        discussion: """
            Alone, it lists the images of the store; "cimg help images list" tells the options.

            Examples:

              cimg images
              cimg images --json | jq -r '.[].name'
              cimg images verify

            Exit status: 0 done, 1 a newer image is there, 2 trouble.
            """,
        subcommands: [
            ImagesListCommand.self, ImagesVersionCommand.self, ImagesInfoCommand.self, ImagesVerifyCommand.self,
            ImagesDeleteCommand.self, PruneCommand.self,
        ],
        defaultSubcommand: ImagesListCommand.self)

    /// Makes the command for the parser.
    package init() {}
}
