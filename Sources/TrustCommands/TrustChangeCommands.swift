// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import OCI
import Signatures
import SystemPackage
import Trust

/// `cimg trust default`: says what becomes of images of which nothing else is said.
package struct TrustDefaultCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "default", abstract: "Accept or reject images of which nothing else is said.",
        discussion: """
            Examples:

              cimg trust default reject
              cimg trust default --user accept

            Exit status: 0 done, 2 trouble.
            """)

    @OptionGroup var options: TrustChangeOptions

    @Argument(help: "accept or reject.")
    var choice: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            guard ["accept", "reject"].contains(choice) else {
                throw CommandError("invalid choice: \(choice.printable) (choose from 'accept', 'reject')")
            }
            let files = try options.files()
            var document = try files.document()
            document.setDefault([PolicyDocument.simple(choice == "reject" ? "reject" : "insecureAcceptAnything")])
            try options.make([files.change(to: document)])
        }
    }
}

/// `cimg trust delete`: takes away what is said of a scope.
package struct TrustDeleteCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Take away what is said of a registry, namespace or repository.",
        discussion: """
            What is said of a wider scope, or of all images, counts from then on.

            Examples:

              cimg trust delete registry.example/old
              cimg trust delete --save-sigstore localhost:5000

            Exit status: 0 done, 2 trouble.
            """)

    @OptionGroup var options: TrustChangeOptions

    @Argument(help: "The scope as \"cimg trust show\" tells it.")
    var scope: String

    @Option(help: ArgumentHelp("The transport; without it the one that has the scope.", valueName: "name"))
    var transport: String?

    @Flag(help: "Leave where its signatures are.")
    var saveSigstore = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let files = try options.files()
            let scope = try RawArguments.text(self.scope, "the scope")
            var document = try files.document()
            guard let transport = transport ?? document.transport(of: scope), document.remove(scope, of: transport)
            else { throw CommandError("\(files.path.string.printable): says nothing of \"\(scope.printable)\"") }
            var changes = [try files.change(to: document)]
            if !saveSigstore, transport == "docker", let removal = try files.storageRemoval(scope) {
                changes.append(removal)
            }
            try options.make(changes)
        }
    }
}

/// `cimg trust reset`: the policy that accepts everything.
package struct TrustResetCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Accept everything again, and forget where signatures are.",
        discussion: """
            The policy becomes the one that accepts every image; the files of registries.d are removed, but for \
            default.yaml.

            Examples:

              cimg trust reset --dry-run
              cimg trust reset -y

            Exit status: 0 done, 2 trouble.
            """)

    @OptionGroup var options: TrustChangeOptions

    @Flag(name: [.customShort("y"), .long], help: "Do not ask.")
    var yes = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let files = try options.files()
            if !yes, !options.dryRun {
                try TrustChangeOptions.confirm("Reset \(files.path.string.printable) to accept everything?")
            }
            try options.make([try files.change(to: PolicyDocument())] + files.storageReset())
        }
    }
}
