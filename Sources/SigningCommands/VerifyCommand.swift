// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import OCI
import Objects
import Registry
import Signatures
import Sigstore
import Trust

/// `cimg verify`: checks signatures of images by a key.
package struct VerifyCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check the signatures of images of a registry.",
        discussion: """
            Looks for signatures in both their forms, beside the image and as referrers, and checks them offline. One \
            that is good is enough. What was checked goes to standard error, what was signed to standard output, both as \
            cosign has them; of names only what was signed is shown. A signature's entry of a transparency log is \
            checked where the log's key or sigstore's trusted root is given; then there must be one. Short-lived \
            certificates (Fulcio) are checked with a trusted root: chain, logs, timestamps, and who they are for. (Whether the registry has something newer than \
            the store is another question: "cimg images verify". Whether a policy accepts an image: "cimg trust check".)

            Examples:

              cimg verify --key me.pub localhost:5000/alpine:0.4
              cimg verify --key me.pub -a git=0d1c2e a.example/b | jq '.[].critical.image'
              cimg verify --key me.pub --rekor-key rekor.pub registry.example/app:1
              cimg verify --trusted-root trusted_root.json \\
                --certificate-identity me@example.com \\
                --certificate-oidc-issuer https://accounts.example.com a.example/b

            Exit status: 0 signed, 10 no signatures, 11 no such image, 12 no signature that counts, 2 trouble.
            """)

    @OptionGroup var options: VerificationOptions

    @Option(
        name: [.customShort("a"), .customLong("annotations")],
        help: ArgumentHelp("Something else that must be signed.", valueName: "name=value"))
    var annotations: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("What is printed: json or text.", valueName: "form"))
    var output = SigstoreOutput.json

    @Flag(help: "Print a JSON array, which is the default.")
    var json = false

    @Argument(help: "Images: [docker://]NAME of a registry.")
    var images: [String]

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let trust = try options.trust()
            let annotations = try NamedValues.parsed(self.annotations, "--annotations")
            let client = try options.registry.client()
            for text in images {
                let image = try options.image(text, client)
                let digest = image.document.digest
                let evidence = try image.store.signatures(of: digest)
                let result = SigstoreVerification(
                    evidence.signatures, trust, digest: options.checkClaims ? digest : nil, annotations: annotations,
                    isWanted: \.isImageSignature)
                guard !result.isEmpty else {
                    let looked = evidence.places.map(\.line).joined(separator: ", ")
                    StandardError.print("cimg: \(image.reference): no signatures found; looked in \(looked)")
                    throw ExitCode(10)
                }
                guard !result.findings.isEmpty else {
                    StandardError.print("cimg: no matching signatures: \(result.refusals.joined(separator: "; "))")
                    throw ExitCode(12)
                }
                result.tell(text, options, hasAnnotations: !annotations.isEmpty, trust)
                try report(result.findings, digest)
            }
        }
    }

    private func report(_ findings: [SigstoreFinding], _ digest: Digest) throws {
        switch output {
        case .json:
            let values = JSONValue.array(findings.map { $0.json(digest) })
            try StandardOutput.write([0x0A] + values.compactJSON(escapesHTML: true) + [0x0A])
        case .text:
            for finding in findings { try StandardOutput.write(finding.payload + [0x0A]) }
        }
    }
}

/// How verified signatures are printed.
enum SigstoreOutput: String, CaseIterable, ExpressibleByArgument {
    case json
    case text
}
