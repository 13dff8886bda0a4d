// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import OCI
import Objects
import Registry
import Signatures
import Trust

/// `cimg trust show`: the policy as a table, or the rule for one image.
package struct TrustShowCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the policy, or the rule for one image.",
        discussion: """
            A row for each requirement: of which transport and scope it is, what it asks for, whose keys it trusts and \
            where signatures are read. With an image: the scopes it is looked up by, the one that decides, the keys \
            with fingerprints and expiry, and where its signatures are sought. No registry is asked.

            Examples:

              cimg trust show
              cimg trust show registry.example/team/app:1
              cimg trust show --raw --policy strict.json

            Exit status: 0 shown, 2 trouble.
            """)

    @OptionGroup var options: PolicyOptions

    @Argument(help: "An image whose rule is to be shown.")
    var image: String?

    @Flag(name: [.customShort("n"), .long], help: "Leave the headings out.")
    var noheading = false

    @Flag(name: .shortAndLong, help: "Print JSON: podman's fields, and file and identity.")
    var json = false

    @Flag(help: "Do not shorten what is too wide for the terminal.")
    var noTrunc = false

    @Flag(help: "Print the policy's file as it is.")
    var raw = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            try refuse(together: [("--json", json), ("--raw", raw)])
            let judge = ImageJudge(options.settings)
            if raw { return try StandardOutput.write(PolicyFile(options.settings).bytes()) }
            let listing = try PolicyListing(judge)
            if let image {
                let client = RegistryClient(try .ofThisMachine())
                let subject = try TrustCheck.subject(of: image, client: client)
                let rows = listing.rows(for: subject)
                if json { return try StandardOutput.write(listing.json(rows)) }
                return try StandardOutput.write(listing.text(for: subject))
            }
            let rows = listing.rows()
            if json { return try StandardOutput.write(listing.json(rows)) }
            try StandardOutput.write(
                listing.table(rows, heading: !noheading, columns: noTrunc ? nil : StandardOutput.columns))
            for problem in listing.problems { StandardError.print("cimg: \(problem)") }
        }
    }
}
