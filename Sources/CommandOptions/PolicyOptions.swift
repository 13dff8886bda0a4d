// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import LinuxIO
package import Objects
package import Signatures
import SystemPackage

/// Which policy images of other places must fulfil, and where their signatures are.
package struct PolicyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The policy. Without it: ~/.config/containers/policy.json if it is there, else "
                + "/etc/containers/policy.json; without either everything is accepted.", valueName: "file"),
        completion: .file())
    var policy: String?

    @Flag(help: "Accept every image, whatever the policy says.")
    var insecurePolicy = false

    @Option(
        name: .customLong("registries.d"),
        help: ArgumentHelp(
            "The directory that says where signatures are. Without it: ~/.config/containers/registries.d if it is "
                + "there, else /etc/containers/registries.d.", valueName: "dir"), completion: .directory)
    var registriesDirectory: String?

    /// Makes the options for the parser.
    package init() {}

    /// What they mean.
    package var settings: TrustSettings {
        var settings = TrustSettings()
        settings.policyFile = policy.map { FilePath(RawArguments.bytes(of: $0)) }
        settings.registriesDirectory = registriesDirectory.map { FilePath(RawArguments.bytes(of: $0)) }
        settings.isInsecure = insecurePolicy
        return settings
    }

    /// Refuses to be asked for a policy and for none.
    package func refuseContradictions() throws {
        try refuse(together: [("--policy", policy != nil), ("--insecure-policy", insecurePolicy)])
    }

    /// A store whose images come in by them.
    ///
    /// - Throws: where both a policy and none are asked for.
    package func place(_ store: StoreOptions) throws -> StorePlace {
        try refuseContradictions()
        var place = store.place
        place.judge = ImageJudge(settings)
        return place
    }
}

/// Who signs what is sent, and what becomes of signatures that are there.
package struct SigningOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Sign with this key of yours, by gpg: a fingerprint, or a mail address.", valueName: "key"))
    var signBy: String?

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the key's passphrase; without it the agent is asked.",
            valueName: "file"), completion: .file())
    var signPassphraseFile: String?

    @Option(
        help: ArgumentHelp(
            "What the signature says the image is called; without it, where it is put.",
            valueName: "name"))
    var signIdentity: String?

    /// Makes the options for the parser.
    package init() {}

    /// Who signs; nil for nobody.
    package func signer() throws -> Signer? {
        guard let signBy else {
            for (name, value) in [("--sign-passphrase-file", signPassphraseFile), ("--sign-identity", signIdentity)]
            where value != nil {
                throw CommandError("\(name): is of no use without --sign-by")
            }
            return nil
        }
        return try Signer(
            key: RawArguments.text(signBy, "--sign-by"),
            passphraseFile: signPassphraseFile.map { FilePath(RawArguments.bytes(of: $0)) },
            identity: signIdentity.map { try RawArguments.text($0, "--sign-identity") },
            creator: "cimg \(Version.current)")
    }
}
