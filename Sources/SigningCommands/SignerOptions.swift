// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandOptions
import Console
import OCI
import Signatures
import Sigstore
import SystemPackage
import Trust

/// Whose signatures count: keys, or people and workflows with certificates.
struct SignerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The public key: a file in PEM, or env://NAME.", valueName: "file"), completion: .file())
    var key: [String] = []

    @Option(
        help: ArgumentHelp(
            "Who must have signed, as the certificate says: a mail address, the address of a workflow.",
            valueName: "name"))
    var certificateIdentity: String?

    @Option(help: ArgumentHelp("The same as an expression that the whole name must fit.", valueName: "regex"))
    var certificateIdentityRegexp: String?

    @Option(help: ArgumentHelp("Who must have vouched for the signer.", valueName: "url"))
    var certificateOidcIssuer: String?

    @Option(help: ArgumentHelp("The same as an expression that the whole must fit.", valueName: "regex"))
    var certificateOidcIssuerRegexp: String?

    @Option(
        help: ArgumentHelp(
            "Whose word counts: sigstore's trusted_root.json, with authorities, logs and timestamps.",
            valueName: "file"), completion: .file())
    var trustedRoot: String?

    @Option(
        help: ArgumentHelp(
            "The public key of a transparency log, which must have the signature; checked offline.", valueName: "file"),
        completion: .file())
    var rekorKey: [String] = []

    @Flag(help: "Do not ask whether a transparency log has the signature.")
    var insecureIgnoreTlog = false

    @Flag(help: "Do not ask whether a log of certificates has seen the signer's.")
    var insecureIgnoreSct = false

    /// Makes the options for the parser.
    init() {}

    private func match(_ exact: String?, _ expression: String?, _ option: String) throws -> CertificateIdentity.Match? {
        try refuse(together: [(option, exact != nil), ("\(option)-regexp", expression != nil)])
        if let exact { return .exact(try RawArguments.text(exact, option)) }
        return try expression.map { .expression(try RawArguments.text($0, "\(option)-regexp")) }
    }

    /// What they trust.
    func trust() throws -> SigstoreTrust {
        let subject = try match(certificateIdentity, certificateIdentityRegexp, "--certificate-identity")
        let issuer = try match(certificateOidcIssuer, certificateOidcIssuerRegexp, "--certificate-oidc-issuer")
        let isKeyless = subject != nil || issuer != nil
        try refuse(together: [("--key", !key.isEmpty), ("--certificate-identity", isKeyless)])
        guard isKeyless || !key.isEmpty else {
            throw CommandError("give a key: --key FILE, or --certificate-identity and --certificate-oidc-issuer")
        }
        guard !isKeyless || (subject != nil && issuer != nil) else {
            throw CommandError("--certificate-identity and --certificate-oidc-issuer go together")
        }
        let root = try trustedRoot.map { path in
            let bytes = try KeyFile.read(FilePath(argument: path))
            return try KeyFile.blaming(path) { () throws(TrustError) in try TrustedRoot(json: bytes) }
        }
        var logs = try rekorKey.map { path in
            TransparencyLog(key: try KeyFile.publicKey(named: path))
        }
        logs += root?.logs ?? []
        if insecureIgnoreTlog {
            StandardError.print(
                "WARNING: Skipping tlog verification is an insecure practice that lacks transparency and auditability "
                    + "verification for the signature.")
            logs = []
        }
        let keys = try key.map { try KeyFile.publicKey(named: $0) }
        guard isKeyless else { return SigstoreTrust(keys: keys, logs: logs, needsLog: !logs.isEmpty) }
        guard let root else {
            throw CommandError("--trusted-root: give the file that says which authorities make certificates")
        }
        let certificates = CertificateTrust(
            authorities: root.authorities, identity: CertificateIdentity(subject: subject, issuer: issuer),
            certificateLogs: insecureIgnoreSct ? [] : root.certificateLogs,
            timestampAuthorities: root.timestampAuthorities)
        guard insecureIgnoreSct || !root.certificateLogs.isEmpty else {
            throw CommandError("\(trustedRoot?.printable ?? ""): names no log of certificates")
        }
        return SigstoreTrust(
            keys: [], certificates: certificates, logs: logs, needsLog: !insecureIgnoreTlog)
    }
}
