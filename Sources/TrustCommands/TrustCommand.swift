// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser

/// `cimg trust`: which images may be used, and why.
package struct TrustCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Say which images may be used, and see why.",
        discussion: """
            A policy (containers-policy.json(5)) says what images of other places must fulfil: nothing, a signature by \
            one of some keys, or what none can. cimg enforces it where an image comes from another place, by whatever \
            command: pull, import, copy, mount, diff, ls, scan, explore and all others. What the store has was judged \
            when it came. The files are those of podman and skopeo.

            Examples:

              cimg trust show
              cimg trust default reject
              cimg trust add registry.example/team -f /etc/pki/team.gpg
              cimg trust check registry.example/team/app:1

            Exit status: 0 done or accepted, 1 refused, 2 trouble.
            """,
        subcommands: [
            TrustShowCommand.self, TrustCheckCommand.self, TrustDefaultCommand.self, TrustAddCommand.self,
            TrustDeleteCommand.self, TrustResetCommand.self,
        ],
        defaultSubcommand: TrustShowCommand.self)

    /// Makes the command for the parser.
    package init() {}
}
