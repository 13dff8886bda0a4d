// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import OCI
import Objects
import Signatures
import Sigstore
import SystemPackage
import Trust

/// `cimg verify-blob`: checks a bundle that is of a file.
package struct VerifyBlobCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify-blob", abstract: "Check a bundle that signs a file.",
        discussion: """
            The bundle (versions 0.1 to 0.3) has the signature, and the certificate, log entries and timestamps where \
            there are some; all of it is checked offline. A bundle with a statement must have the file among its \
            subjects. Instead of the file its digest can be given.

            Examples:

              cimg verify-blob --key me.pub --bundle tool.sigstore.json tool
              cimg verify-blob --trusted-root trusted_root.json \\
                --certificate-identity me@example.com \\
                --certificate-oidc-issuer https://accounts.example.com \\
                --bundle tool.sigstore.json sha256:0123…

            Exit status: 0 signed, 1 not, 2 trouble.
            """)

    @OptionGroup var options: SignerOptions

    @Option(help: ArgumentHelp("The bundle.", valueName: "file"), completion: .file())
    var bundle: String

    @Flag(help: "Print a JSON object.")
    var json = false

    @Argument(help: "The file, or its digest: sha256:HEX.")
    var file: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let trust = try options.trust()
            let bytes = try KeyFile.read(FilePath(argument: bundle))
            // What is no digest is a file.
            let given = try? Digest(parsing: file)
            let content = given == nil ? try KeyFile.content(FilePath(argument: file)) : nil
            guard let digest = given ?? content.map({ Digest(of: $0) }) else { return }
            let finding: SigstoreFinding
            do throws(TrustError) {
                finding = try trust.finding(bundle: bytes, of: content, digest: digest)
            } catch {
                StandardError.print("cimg: \(bundle.printable): \(error)")
                throw ExitCode(1)
            }
            guard json else { return StandardError.print("Verified OK: by \(finding.signer.description)") }
            var text = JSONText()
            text.beginObject()
            text.member("digest", "\(digest)")
            text.member("signer", finding.signer.description)
            text.member("predicateType", finding.predicateType)
            text.key("logIndex")
            if let log = finding.log { text.number(log.index) } else { text.null() }
            text.endObject()
            try StandardOutput.write(text.bytes)
        }
    }
}
