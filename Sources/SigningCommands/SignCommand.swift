// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import LinuxIO
import OCI
import Objects
import Registry
import Signatures
import SystemPackage
import Trust

/// `cimg sign`: signs images that are in a registry.
package struct SignCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Sign images in a registry.",
        discussion: """
            The tag is looked up once; what is signed is the digest, which is printed. The signature says the image's \
            name, so that policies can ask for it, and goes beside the image: "legacy" is the form that cosign 1 and 2, \
            podman and skopeo read (the tag sha256-….sig), "bundle" that of cosign 3 (a referrer, or an entry of the tag \
            sha256-… where the registry knows no referrers). Nothing is sent to a transparency log. With --sign-by, gpg \
            signs, and the signature goes where registries.d says.

            Examples:

              cimg sign --key me.key localhost:5000/alpine:0.4
              cimg sign --key me.key --format both -r -a git=0d1c2e localhost:5000/app:1
              cimg sign --sign-by me@example.com localhost:5000/app:1

            Exit status: 0 signed, 2 trouble.
            """)

    @OptionGroup var signing: SigningKeyOptions

    @Option(
        help: ArgumentHelp("Sign with this key of yours, by gpg: a fingerprint, or a mail address.", valueName: "key"))
    var signBy: String?

    @Option(help: ArgumentHelp("In which form: legacy, bundle or both.", valueName: "form"))
    var format = KeySigner.Form.legacy

    @Option(
        name: [.customShort("a"), .customLong("annotations")],
        help: ArgumentHelp("Something else that is signed.", valueName: "name=value"))
    var annotations: [String] = []

    @Flag(name: .shortAndLong, help: "Of an index, sign every image that it lists too.")
    var recursive = false

    @Option(
        name: [.customLong("sign-identity"), .customLong("sign-container-identity")],
        help: ArgumentHelp(
            "What the signature says the image is called; without it, as it is given.", valueName: "name"))
    var signIdentity: String?

    @Option(
        name: [.customLong("registries.d")],
        help: ArgumentHelp("The directory that says where signatures of gpg go.", valueName: "dir"),
        completion: .directory)
    var registriesDirectory: String?

    @Flag(name: .shortAndLong, help: .hidden)
    var yes = false

    @Option(help: .hidden)
    var tlogUpload = false

    @OptionGroup var registry: RegistryOptions

    @Flag(help: "Print a JSON array.")
    var json = false

    @Argument(help: "Images: [docker://]HOST[:PORT]/REPOSITORY[:TAG] or @DIGEST.")
    var images: [String]

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            try refuse(together: [("--key", signing.key != nil), ("--sign-by", signBy != nil)])
            guard !tlogUpload else {
                throw CommandError("--tlog-upload: signatures are not sent to a transparency log; give false")
            }
            let client = try registry.client()
            let identity = try signIdentity.map { try RawArguments.text($0, "--sign-identity") }
            let annotations = try NamedValues.parsed(self.annotations, "--annotations")
            var signed: [(image: SigstoreImage, digests: [Digest])] = []
            if let signBy {
                guard annotations.isEmpty else { throw CommandError("--annotations: are of no use with --sign-by") }
                let signer = try Signer(
                    key: RawArguments.text(signBy, "--sign-by"),
                    passphraseFile: signing.signPassphraseFile.map { FilePath(argument: $0) }, identity: identity,
                    creator: "cimg \(Version.current)")
                var settings = TrustSettings()
                settings.registriesDirectory = registriesDirectory.map { FilePath(argument: $0) }
                for text in images {
                    let image = try SigstoreImage(text, client: client, isWritten: true)
                    let web = WebFiles(client.settings)
                    signed.append((image, try image.sign(by: signer, all: recursive, settings, web: web)))
                }
            } else {
                guard let key = try signing.privateKey() else {
                    throw CommandError("give a key: --key FILE, or --sign-by for one of gpg")
                }
                let signer = try KeySigner(key, form: format, identity: identity, annotations: annotations)
                for text in images {
                    let image = try SigstoreImage(
                        text, client: client, isWritten: true, elsewhere: SigningKeyOptions.repository)
                    StandardError.print("Pushing signature to: \(image.repositoryName)")
                    signed.append((image, try image.sign(by: signer, all: recursive)))
                }
            }
            try report(signed)
        }
    }

    private func report(_ signed: [(image: SigstoreImage, digests: [Digest])]) throws {
        let lines = signed.flatMap { image, digests in digests.map { "\(image.repositoryName)@\($0)" } }
        guard json else { return try StandardOutput.write(lines.map { "\($0)\n" }.joined()) }
        var text = JSONText()
        text.beginArray()
        for line in lines { text.string(line) }
        text.endArray()
        try StandardOutput.write(text.bytes)
    }
}
