// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import LinuxIO
import OCI
import Signatures
import Sigstore
import SystemPackage
import Trust

/// `cimg trust add`: says what images of a scope must fulfil.
package struct TrustAddCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Say what images of a registry, namespace or repository must fulfil.",
        discussion: """
            What was said of the scope before is replaced; everything else in the file stays. Keys are read first: a \
            file without a key is refused. Several keys are one requirement each, all of which must be fulfilled, \
            unless --any is given. Signatures that lie beside an image in its registry, as cosign and cimg sign leave \
            them, are only looked for with --attachments.

            Examples:

              cimg trust add registry.example/team -f /etc/pki/team.gpg
              cimg trust add localhost:5000 --pubkeys alice.pub --sigstore file:///srv/sigs
              cimg trust add -t sigstoreSigned -f me.pub --attachments registry.example/app
              cimg trust add -t reject registry.example/old
              cimg trust add --transport dir /images -t accept --dry-run

            Exit status: 0 done, 2 trouble.
            """, aliases: ["set"])

    @OptionGroup var options: TrustChangeOptions

    @Argument(help: "HOST[:PORT][/NAMESPACE][/REPOSITORY[:TAG]], a path where the transport has paths, or \"default\".")
    var scope: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("signedBy, sigstoreSigned, accept, insecureAcceptAnything or reject.", valueName: "type"))
    var type: String?

    @Option(
        name: [.customShort("f"), .customLong("pubkeysfile")],
        help: ArgumentHelp("A file of public keys, which stays where it is.", valueName: "file"), completion: .file())
    var keyFiles: [String] = []

    @Option(
        name: [.customShort("k"), .customLong("pubkeys")],
        help: ArgumentHelp("A file of public keys that is copied into the policy.", valueName: "file"),
        completion: .file())
    var keyData: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file with the key of a transparency log that must have signatures of sigstore.", valueName: "file"),
        completion: .file())
    var rekorKey: [String] = []

    @Flag(help: "One of the keys is enough.")
    var any = false

    @Option(
        help: ArgumentHelp(
            "What a signature must say the image is called: matchExact, matchRepoDigestOrExact, matchRepository, "
                + "exactReference=NAME, exactRepository=NAME, remapIdentity=PREFIX,SIGNED-PREFIX.", valueName: "rule"))
    var identity: String?

    @Option(help: ArgumentHelp("The transport; without it the one that has the scope, else docker.", valueName: "name"))
    var transport: String?

    @Option(
        name: [.customShort("s"), .customLong("sigstore"), .customLong("lookaside")],
        help: ArgumentHelp("Where signatures are read: file:, http: or https:.", valueName: "url"))
    var lookaside: String?

    @Option(help: ArgumentHelp("Where signatures are written: file:.", valueName: "url"))
    var lookasideStaging: String?

    @Flag(help: "Look for signatures of sigstore beside the image.")
    var attachments = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let files = try options.files()
            let requirements = try self.requirements()
            var document = try files.document()
            var changes: [PolicyFile.Change] = []
            var isOfRegistries = true
            if scope == "default" {
                if lookaside != nil || lookasideStaging != nil || attachments {
                    throw CommandError(
                        "\"default\": where signatures are is said of a registry, not of all; write it below "
                            + "default-docker in registries.d")
                }
                document.setDefault(requirements)
            } else {
                let scope = try RawArguments.text(self.scope, "the scope")
                let transport =
                    self.transport ?? document.transport(of: scope) ?? (scope.hasPrefix("/") ? "dir" : "docker")
                isOfRegistries = transport == "docker"
                document.set(scope, of: transport, requirements)
                if lookaside != nil || lookasideStaging != nil || attachments {
                    guard transport == "docker" else {
                        throw CommandError("--lookaside: only images of registries have their signatures elsewhere")
                    }
                    changes.append(
                        try files.storageChange(
                            scope, lookaside: lookaside, staging: lookasideStaging, attachments: attachments))
                }
            }
            try options.make([try files.change(to: document)] + changes)
            if isOfRegistries, type == "sigstoreSigned", !attachments { try tellUnlooked(files) }
        }
    }

    /// Tells that no signature will be found where the images have theirs beside them.
    private func tellUnlooked(_ files: PolicyFile) throws {
        let scope = try RawArguments.text(self.scope, "the scope")
        guard try !files.looksForAttachments(scope) else { return }
        let remedy =
            scope == "default"
            ? "write use-sigstore-attachments: true below default-docker in registries.d" : "add --attachments"
        StandardError.print(
            "cimg: \(scope.printable): signatures beside images, as cosign and \"cimg sign\" leave them, are not looked for; "
                + remedy)
    }

    private func requirements() throws -> [JSONValue] {
        let type = type ?? "signedBy"
        let count = keyFiles.count + keyData.count
        switch type {
        case "accept", "insecureAcceptAnything", "reject":
            guard count == 0 else {
                throw CommandError("\(counted(count, "public key")) unexpectedly provided for trust type \(type)")
            }
            return [PolicyDocument.simple(type == "reject" ? "reject" : "insecureAcceptAnything")]
        case "signedBy", "sigstoreSigned": break
        default:
            throw CommandError(
                "invalid choice: \(type.printable) (choose from 'accept', 'reject', 'signedBy', 'sigstoreSigned')")
        }
        guard count > 0 else { throw CommandError("at least one public key must be defined for type '\(type)'") }
        let identity = try self.identity.map { try Self.identity($0) }
        let paths = try keyFiles.map { try Self.absolute($0) }
        let data = try keyData.map { try KeyFile.read(FilePath(RawArguments.bytes(of: $0))) }
        if type == "signedBy" {
            for path in paths { try Self.check(.paths([path]), path) }
            for (file, bytes) in zip(keyData, data) { try Self.check(.data([bytes]), file) }
            guard rekorKey.isEmpty else { throw CommandError("--rekor-key: is of use with -t sigstoreSigned") }
        } else {
            for file in keyFiles + keyData { _ = try KeyFile.publicKey(named: file) }
        }
        let logs = try rekorKey.map { file in
            _ = try KeyFile.publicKey(named: file)
            return try Self.absolute(file)
        }
        guard !any else {
            guard data.isEmpty else { throw CommandError("--any: give the keys by -f") }
            let requirement = PolicyDocument.signed(type, paths: paths, identity: identity)
            return [PolicyDocument.logged(requirement, by: logs)]
        }
        let requirements =
            paths.map { PolicyDocument.signed(type, paths: [$0], identity: identity) }
            + data.map { PolicyDocument.signed(type, keyData: $0, identity: identity) }
        return requirements.map { PolicyDocument.logged($0, by: logs) }
    }

    /// Refuses a file in which gpg finds no key.
    private static func check(_ keys: KeySource, _ name: String) throws {
        guard try !Keyring(keys).fingerprints.isEmpty else {
            throw CommandError(
                "\(name.printable): no public key of gpg is in it; export one with gpg --export, and for a key of cosign "
                    + "or cimg (PEM) give -t sigstoreSigned")
        }
    }

    private static func absolute(_ file: String) throws -> String {
        let path = FilePath(RawArguments.bytes(of: file))
        let absolute = path.isAbsolute ? path : try FilePath.currentDirectory().pushing(path)
        guard fileExists(absolute) else { throw CommandError("\(file.printable): no such file") }
        return absolute.lexicallyNormalized().string
    }

    /// The identity that an argument names, as a policy has it.
    private static func identity(_ text: String) throws -> JSONValue {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        let type = parts.first ?? ""
        let value = parts.count > 1 ? parts[1] : ""
        switch type {
        case "matchExact", "matchRepoDigestOrExact", "matchRepository": return .object(["type": .string(type)])
        case "exactReference": return .object(["type": .string(type), "dockerReference": .string(value)])
        case "exactRepository": return .object(["type": .string(type), "dockerRepository": .string(value)])
        case "remapIdentity":
            let prefixes = value.split(separator: ",", maxSplits: 1).map(String.init)
            return .object([
                "type": .string(type), "prefix": .string(prefixes.first ?? ""),
                "signedPrefix": .string(prefixes.count > 1 ? prefixes[1] : ""),
            ])
        default: throw CommandError("--identity: no rule \"\(type.printable)\"; see \"cimg help trust add\"")
        }
    }
}
