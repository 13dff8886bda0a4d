// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import OCI
import Objects
import Registry
import Signatures
import Sigstore
import SystemPackage
import Trust

/// `cimg attest`: says something of an image, signed.
package struct AttestCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "attest", abstract: "Say something of an image of a registry, signed.",
        discussion: """
            What is said, the predicate, is a file: a list of what is in the image, how it was built, which weaknesses \
            do not matter. It is put into a statement about the image's digest (in-toto), signed (DSSE), and kept beside \
            the image as "cimg sign" keeps signatures: "legacy" under the tag sha256-….att, "bundle" as a referrer.

            Examples:

              cimg attest --key me.key --type spdxjson --predicate app.spdx.json a.example/b
              cimg attest --key me.key --type https://a.example --predicate r a.example/b

            Exit status: 0 signed, 2 trouble.
            """)

    @OptionGroup var signing: SigningKeyOptions

    @Option(help: ArgumentHelp("What is said.", valueName: "file"), completion: .file())
    var predicate: String

    @Option(help: ArgumentHelp("What kind of thing that is: a URI, or \(PredicateType.words).", valueName: "type"))
    var type = "custom"

    @Option(help: ArgumentHelp("In which form: legacy, bundle or both.", valueName: "form"))
    var format = KeySigner.Form.legacy

    @OptionGroup var registry: RegistryOptions

    @Flag(help: "Print a JSON array.")
    var json = false

    @Argument(help: "An image: [docker://]HOST[:PORT]/REPOSITORY[:TAG] or @DIGEST.")
    var image: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let type = try PredicateType(type)
            let bytes = try KeyFile.read(FilePath(argument: predicate))
            let said = try type.predicate(bytes, name: predicate.printable, now: KeySigner.now)
            guard let key = try signing.privateKey() else { throw CommandError("give a key: --key FILE") }
            let signer = try KeySigner(key, form: format)
            let found = try SigstoreImage(
                image, client: registry.client(), isWritten: true, elsewhere: SigningKeyOptions.repository)
            StandardError.print("Pushing attestation to: \(found.repositoryName)")
            try found.attest(by: signer, predicateType: type.uri, predicate: said)
            guard json else { return try StandardOutput.write("\(found.pinned)\n") }
            var text = JSONText()
            text.beginArray()
            text.string(found.pinned)
            text.endArray()
            try StandardOutput.write(text.bytes)
        }
    }
}

/// `cimg verify-attestation`: checks what is said of an image.
package struct VerifyAttestationCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify-attestation", abstract: "Check what is said of an image of a registry, and print it.",
        discussion: """
            Looks for attestations in both their forms, and prints the envelopes of those that a trusted signer made of \
            this very image, one a line. Without --type, those of every kind but signatures. --output statement prints what \
            was signed, --output predicate what is said in it.

            Examples:

              cimg verify-attestation --key me.pub localhost:5000/app:1
              cimg verify-attestation --key me.pub -o predicate localhost:5000/app:1

            Exit status: 0 found, 1 none that counts, 11 no such image, 2 trouble.
            """)

    @OptionGroup var options: VerificationOptions

    @Option(help: ArgumentHelp("What kind: a URI, or \(PredicateType.words).", valueName: "type"))
    var type: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("What is printed: json, the envelope; statement; or predicate.", valueName: "form"))
    var output = AttestationOutput.json

    @Flag(help: "Print a JSON array.")
    var json = false

    @Argument(help: "An image: [docker://]NAME of a registry.")
    var image: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let trust = try options.trust()
            let wanted = try type.map { try PredicateType($0) }?.uri
            let found = try options.image(image, options.registry.client())
            let digest = found.document.digest
            let evidence = try found.store.attestations(of: digest)
            let result = SigstoreVerification(
                evidence.signatures, trust, digest: options.checkClaims ? digest : nil,
                isWanted: { finding in
                    wanted.map { $0 == finding.predicateType }
                        ?? (finding.predicateType != nil && !finding.isImageSignature)
                })
            guard !result.findings.isEmpty else {
                let looked = evidence.places.map(\.line).joined(separator: ", ")
                let reasons = result.refusals.isEmpty ? "looked in \(looked)" : result.refusals.joined(separator: "; ")
                StandardError.print("cimg: \(found.reference): no matching attestations: \(reasons)")
                throw ExitCode(1)
            }
            result.tell(image, options, hasAnnotations: false, trust)
            let values = try result.findings.compactMap(\.envelope).map { try output.value(of: $0) }
            if json {
                try StandardOutput.write(JSONValue.array(values).compactJSON() + [0x0A])
            } else {
                for value in values { try StandardOutput.write(value.compactJSON() + [0x0A]) }
            }
        }
    }
}
