// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import OCI
import Objects
import Signatures
import SystemPackage
import Trust

/// `cimg trust check`: judges images as pulling them would, and tells the evidence.
package struct TrustCheckCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Judge images by the policy, and tell the evidence.",
        discussion: """
            Fetches manifests and signatures, no layer, and changes nothing. Tells the rule that decides, every \
            signature with its key and why it does not count, and every place: where signatures were found, where \
            there are none, where nobody looked and why. A look-up that fails is trouble, never "not signed". \
            (Whether a newer version is in the registry is another question: "cimg images verify".)

            Examples:

              cimg trust check localhost:5000/mystery
              cimg trust check --policy strict.json --all registry.example/app:1
              cimg trust check --json dir:image | jq -r '.[].accepted'

            Exit status: 0 all accepted, 1 one is refused, 2 trouble.
            """)

    @OptionGroup var options: PolicyOptions

    @OptionGroup var registry: RegistryOptions

    @Argument(help: "Images: [docker://]NAME of a registry, or oci:, oci-archive:, docker-archive:, dir: and a path.")
    var images: [String]

    @Option(help: ArgumentHelp("The platform to take of several.", valueName: "os/arch[/variant]"))
    var platform: String?

    @Flag(help: "Judge every platform, and the index that lists them.")
    var all = false

    @Flag(help: "Refuse an image that a rule without signatures accepts.")
    var requireSigned = false

    @Flag(help: "Shorten and break nothing that is too wide for the terminal.")
    var noTrunc = false

    @Flag(help: "Print a JSON array.")
    var json = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        var isRefused = false
        try reportingTrouble {
            try refuse(together: [("--all", all), ("--platform", platform != nil)])
            try options.refuseContradictions()
            let judge = ImageJudge(options.settings)
            let client = try registry.client()
            var check = TrustCheck(judge: judge, client: client)
            check.platform = try platform.map { try Platform(parsing: $0) }
            check.takesAll = all
            var verdicts: [Verdict] = []
            for image in images { verdicts += try check.verdicts(on: image) }
            let file = try judge.policy().file
            let report = VerdictReport(
                file: file?.string, requiresSigned: requireSigned, columns: noTrunc ? nil : StandardOutput.columns)
            isRefused = verdicts.contains { report.refusal($0) != nil }
            try StandardOutput.write(json ? report.json(verdicts) : Array(report.text(verdicts).utf8))
        }
        if isRefused { throw ExitCode(1) }
    }
}
