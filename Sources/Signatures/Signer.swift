// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
package import OCI
package import SystemPackage
package import Trust

/// Signs with a key of the user, by the user's own gpg and agent.
package struct Signer: Sendable {
    /// Which key: a fingerprint, or what gpg takes for one.
    package let key: String
    /// A file whose first line is the passphrase; nil for asking the agent.
    package let passphraseFile: FilePath?
    /// What the signature says the image is called; nil for where it is put.
    package let identity: String?
    /// The program's name in signatures.
    private let creator: String

    /// Describes a signer.
    ///
    /// - Throws: `SignatureError`: an identity that is no whole name.
    package init(
        key: String, passphraseFile: FilePath? = nil, identity: String? = nil, creator: String
    ) throws(SignatureError) {
        self.key = key
        self.passphraseFile = passphraseFile
        self.identity = identity
        self.creator = creator
        guard let identity else { return }
        // Said below.
        guard let reference = try? Reference(parsing: identity), reference.tag != nil || reference.digest != nil,
            identity.contains("/")
        else {
            throw SignatureError(identity.printable, "Sign identity must be a fully specified reference")
        }
    }

    /// Signs a manifest.
    ///
    /// - Parameter reference: where the image is put.
    /// - Throws: `SignatureError` with gpg's words.
    package func sign(_ manifest: Digest, as reference: Reference) throws -> SignatureFile {
        let payload = SimpleSigningPayload(
            manifestDigest: "\(manifest)", dockerReference: identity ?? "\(reference)", creator: creator,
            timestamp: SignatureClock.now)
        var arguments = ["gpg", "--batch", "--status-fd", "3", "--local-user", key]
        var descriptors: [Descriptor] = []
        if let passphraseFile {
            guard let bytes = try TrustFile.read(passphraseFile, limit: 64 << 10) else {
                throw SignatureError(passphraseFile.string.printable, "is not there, and would hold the passphrase")
            }
            let line = Array(bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
            descriptors.append(try Self.memory(line))
            arguments += ["--pinentry-mode", "loopback", "--passphrase-fd", "4"]
        }
        arguments += ["--sign", "--output", "-"]
        return try SignatureFile(try run(arguments, payload.json, descriptors))
    }

    private func run(_ arguments: [String], _ input: [UInt8], _ more: [Descriptor]) throws -> [UInt8] {
        let home = try GPGHome()
        do {
            let status = try home.create("status")
            var spawn = Spawn(
                program: "gpg", arguments: arguments.map { Array($0.utf8) }, errorOutput: try home.create("words"))
            spawn.descriptors = [status] + more
            spawn.standardInput = try Self.memory(input)
            spawn.standardOutput = try home.create("signature")
            let ending = try spawn.start().wait()
            let words = GPGHome.lastLine(try home.read("words", limit: GPGStatus.byteLimit) ?? [])
            let said = GPGStatus(try home.read("status", limit: GPGStatus.byteLimit) ?? [])
            if said.lacksSigner {
                throw SignatureError("creating signature", "key \"\(key.printable)\" not found (gpg: \(words))")
            }
            guard ending == .exit(0), let bytes = try home.read("signature", limit: SignatureFile.byteLimit),
                !bytes.isEmpty
            else { throw SignatureError("creating signature", "key \"\(key.printable)\": gpg: \(words)") }
            return bytes
        } catch Errno.noSuchFileOrDirectory {
            throw SignatureError("gpg", "is not in PATH; install it: apt-get install gpg gpg-agent")
        }
    }

    private static func memory(_ bytes: [UInt8]) throws -> Descriptor {
        let pipe = try Pipe()
        // So much fits into a pipe before anybody reads it.
        guard bytes.count <= 32 << 10 else { throw SignatureError("gpg", "cannot be told so much") }
        try pipe.writeEnd.write(bytes)
        return pipe.readEnd
    }
}
