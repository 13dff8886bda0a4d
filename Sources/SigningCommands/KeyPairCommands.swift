// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import Glibc
import LinuxIO
import OCI
import Signatures
import Sigstore
import SystemPackage
import Trust

/// Where a new pair of keys goes.
struct KeyPairOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("What the files are called: PREFIX.key and PREFIX.pub.", valueName: "prefix"))
    var outputKeyPrefix: String?

    @Flag(name: .shortAndLong, help: "Replace files that are there without asking.")
    var yes = false

    @Flag(help: "Print a JSON object.")
    var json = false

    /// Makes the options for the parser.
    init() {}

    /// Writes a pair, under a passphrase that is asked for.
    func write(_ key: SigstorePrivateKey, prefix: String) throws {
        let prefix = outputKeyPrefix ?? prefix
        let (path, publicPath) = (FilePath(argument: "\(prefix).key"), FilePath(argument: "\(prefix).pub"))
        for path in [path, publicPath] where fileExists(path) && !yes { try Self.confirm(path) }
        let passphrase = try Passphrase.read(isNew: true)
        let encrypted = try EncryptedKey(key, passphrase: passphrase)
        try KeyFile.write(encrypted, to: path, publicKey: key.publicKey, to: publicPath)
        StandardError.print("Private key written to \(path.string.printable)")
        StandardError.print("Public key written to \(publicPath.string.printable)")
        if passphrase.isEmpty {
            StandardError.print(
                "cimg: \(path.string.printable): its passphrase is empty; whoever has the file can sign")
        }
        guard json else { return }
        var text = JSONText()
        text.beginObject()
        text.member("privateKey", path.string)
        text.member("publicKey", publicPath.string)
        text.member("algorithm", key.publicKey.algorithm)
        text.member("fingerprint", key.publicKey.fingerprint)
        text.endObject()
        try StandardOutput.write(text.bytes)
    }

    private static func confirm(_ path: FilePath) throws {
        let name = path.string.printable
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandError("\(name): is there already; give --yes to replace it")
        }
        let answer = try SecretInput.line(
            "File \(name) already exists. Overwrite (y/N)? ", isSecret: false, mayBeEmpty: true)
        guard ["y", "yes"].contains(answer.lowercased()) else { throw CommandError("\(name): is left as it is") }
    }
}

/// `cimg generate-key-pair`: makes keys that sign images.
package struct GenerateKeyPairCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "generate-key-pair", abstract: "Make a pair of keys that sign images.",
        discussion: """
            The files are those of cosign, and cosign's can be used here: PREFIX.key, ECDSA P-256 under a passphrase, \
            which only its owner can read, and PREFIX.pub. The passphrase is $COSIGN_PASSWORD, which may be empty, else \
            the terminal asks twice, else it is all of standard input.

            Examples:

              cimg generate-key-pair
              COSIGN_PASSWORD=secret cimg generate-key-pair --output-key-prefix me

            Exit status: 0 made, 2 trouble.
            """)

    @OptionGroup var options: KeyPairOptions

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble { try options.write(SigstorePrivateKey(), prefix: "cosign") }
    }
}

/// `cimg import-key-pair`: puts a key of another tool under a passphrase.
package struct ImportKeyPairCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "import-key-pair",
        abstract: "Put a private key of another tool under a passphrase, to sign with it.",
        discussion: """
            Reads a key in PEM that is not encrypted: RSA of 2048 bits or more, ECDSA P-256, P-384 or P-521, Ed25519; \
            blocks PRIVATE KEY, EC PRIVATE KEY and RSA PRIVATE KEY. Writes the files that "cimg generate-key-pair" does.

            Example:

              cimg import-key-pair --key openssl.pem --output-key-prefix me

            Exit status: 0 done, 2 trouble.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The key.", valueName: "file"), completion: .file())
    var key: String

    @OptionGroup var options: KeyPairOptions

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let bytes = try KeyFile.read(named: key)
            let found = try KeyFile.blaming(key) { () throws(TrustError) in try SigstorePrivateKey(pem: bytes) }
            try options.write(found, prefix: "import-cosign")
        }
    }
}

/// `cimg public-key`: the public half of a private key.
package struct PublicKeyCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "public-key", abstract: "Print the public key of a private one.",
        discussion: """
            Example:

              cimg public-key --key me.key >me.pub

            Exit status: 0 printed, 2 trouble.
            """)

    @OptionGroup var signing: SigningKeyOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            guard let key = try signing.privateKey()?.publicKey else { throw CommandError("--key: give a private key") }
            guard json else { return try StandardOutput.write(key.pem) }
            var text = JSONText()
            text.beginObject()
            text.member("publicKey", key.pem)
            text.member("algorithm", key.algorithm)
            text.member("fingerprint", key.fingerprint)
            text.endObject()
            try StandardOutput.write(text.bytes)
        }
    }
}
