// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandOptions
import Console
import Glibc
import LinuxIO
import OCI
import Objects
import Registry
import Signatures
import Sigstore
import SystemPackage
import Trust

/// The passphrase of a private key: `$COSIGN_PASSWORD`, a file, the terminal, else all of standard input.
enum Passphrase {
    /// Reads it.
    ///
    /// - Parameters:
    ///   - file: the file whose first line it is; nil for none.
    ///   - isNew: whether the terminal asks twice.
    static func read(file: String? = nil, isNew: Bool = false) throws -> [UInt8] {
        if let file {
            let bytes = try KeyFile.read(FilePath(argument: file))
            return Array(bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
        }
        if let value = getenv("COSIGN_PASSWORD") {
            return Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
        }
        guard isatty(STDIN_FILENO) == 1 else {
            let bytes = try SecretInput.allBytes()
            // As cosign has it; who pipes a word from echo(1) means another passphrase than the word.
            if bytes.last == UInt8(ascii: "\n") {
                StandardError.print(
                    "cimg: the passphrase from standard input ends with the end of a line, which is part of it; printf "
                        + "gives none")
            }
            return bytes
        }
        let first = try typed("Enter password for private key: ")
        guard isNew else { return first }
        guard try typed("Enter password for private key again: ") == first else {
            throw CommandError("the passwords do not match")
        }
        return first
    }

    private static func typed(_ prompt: String) throws -> [UInt8] {
        Array(try SecretInput.line(prompt, isSecret: true, mayBeEmpty: true).utf8)
    }
}

/// The private key that something is signed with.
struct SigningKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The private key: a file that cosign or cimg made, or env://NAME for a variable with its content.",
            valueName: "file"), completion: .file())
    var key: String?

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the key's passphrase. Without it: $COSIGN_PASSWORD, else the terminal, else "
                + "all of standard input.", valueName: "file"), completion: .file())
    var signPassphraseFile: String?

    /// Makes the options for the parser.
    init() {}

    /// The key, decrypted; nil where none is given.
    func privateKey() throws -> SigstorePrivateKey? {
        guard let key else { return nil }
        let bytes = try KeyFile.read(named: key)
        let encrypted = try KeyFile.blaming(key) { () throws(TrustError) in try EncryptedKey(pem: bytes) }
        let passphrase = try Passphrase.read(file: signPassphraseFile)
        return try KeyFile.blaming(key) { () throws(TrustError) in try encrypted.key(passphrase: passphrase) }
    }

    /// The repository that has what is kept beside images, where `$COSIGN_REPOSITORY` names another one.
    static var repository: String? {
        getenv("COSIGN_REPOSITORY").flatMap { $0.pointee == 0 ? nil : String(cString: $0) }
    }
}

extension KeySigner.Form: ExpressibleByArgument {}

/// Words of the form `NAME=VALUE`.
enum NamedValues {
    /// Takes them apart.
    static func parsed(_ words: [String], _ option: String) throws -> [String: String] {
        var values: [String: String] = [:]
        for word in words {
            let text = try RawArguments.text(word, option)
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw CommandError("\(option) \"\(text.printable)\": give NAME=VALUE")
            }
            let name = String(text[..<equals])
            guard values.updateValue(String(text[text.index(after: equals)...]), forKey: name) == nil else {
                throw CommandError("\(option): \"\(name.printable)\" is given twice")
            }
        }
        return values
    }
}
