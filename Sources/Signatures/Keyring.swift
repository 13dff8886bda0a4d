// SPDX-License-Identifier: Apache-2.0

import OCI
import Sigstore
import SystemPackage
package import Trust

/// The public keys that a requirement trusts, in a home of their own.
package final class Keyring: Sendable {
    private let home: GPGHome
    /// The fingerprints of the keys.
    package let fingerprints: [String]
    /// What gpg said about keys it could not read.
    private let words: String

    /// Imports the keys of a requirement.
    ///
    /// - Throws: `SignatureError`: a file that is not there or cannot be read, or gpg cannot be run. Files without a key
    ///   give a keyring without keys.
    package init(_ keys: KeySource) throws {
        let home = try GPGHome()
        var names: [String] = []
        switch keys {
        case .paths(let paths):
            for path in paths {
                guard let bytes = try TrustFile.read(FilePath(path), limit: TrustFile.keyByteLimit) else {
                    throw SignatureError(path.printable, "is not there, and would hold the keys that the policy trusts")
                }
                names.append("keys-\(names.count)")
                try home.write(bytes, as: names[names.count - 1])
            }
        case .data(let runs):
            for bytes in runs {
                names.append("keys-\(names.count)")
                try home.write(bytes, as: names[names.count - 1])
            }
        }
        let (_, status, words) = try home.run(["--import", "--"] + names.map(GPGHome.inner))
        self.home = home
        fingerprints = status.importedKeys
        self.words = words
    }

    /// Checks a message, and takes the payload out of it.
    ///
    /// - Throws: `SignatureError`: gpg cannot be run.
    package func open(_ message: [UInt8]) throws -> SignatureOpening {
        guard !fingerprints.isEmpty else {
            return .refused("No public keys imported" + (words.isEmpty ? "" : " (gpg: \(words))"))
        }
        try home.write(message, as: "signature")
        try home.remove("payload")
        let limit = SimpleSigningPayload.byteLimit
        let (code, status, words) = try home.run([
            "--max-output", "\(limit + 1)", "--output", GPGHome.inner("payload"), "--verify", "--",
            GPGHome.inner("signature"),
        ])
        do throws(TrustError) {
            let signature = try status.signature()
            // A subkey is as good as the key it belongs to.
            guard fingerprints.contains(signature.fingerprint) || fingerprints.contains(signature.primaryFingerprint)
            else { return .refused("signature by key \(signature.fingerprint) is not accepted") }
            guard code == 0 else { return .refused("cryptographic signature verification failed: \(words)") }
            guard let payload = try payload(limit) else {
                return .refused("cryptographic signature verification failed: the payload is not in it")
            }
            return .signed(payload: payload, by: signature)
        } catch {
            return .refused(error.description)
        }
    }

    private func payload(_ limit: Int) throws(TrustError) -> [UInt8]? {
        do throws(SignatureError) {
            return try home.read("payload", limit: limit)
        } catch {
            throw TrustError("cryptographic signature verification failed: \(error)")
        }
    }

    /// What the keys say of themselves.
    package func facts() throws -> [KeyFacts] {
        guard !fingerprints.isEmpty else { return [] }
        return try home.listKeys()
    }
}

/// What a key says of itself.
package struct KeyFacts: Sendable, Hashable {
    /// Its fingerprint.
    package var fingerprint: String
    /// The users it says it belongs to.
    package var users: [String] = []
    /// When it expires, in seconds since 1970; nil for never.
    package var expires: Int64?

    /// The mail addresses of its users; a user without one whole.
    package var mails: [String] {
        users.map { user in
            guard let start = user.lastIndex(of: "<"), let end = user.lastIndex(of: ">"), start < end else {
                return user
            }
            return String(user[user.index(after: start)..<end])
        }
    }
}

extension GPGHome {
    /// The keys that are in it.
    func listKeys() throws -> [KeyFacts] {
        let text = try output(["--with-colons", "--list-keys"])
        var keys: [KeyFacts] = []
        var isPrimary = false
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            guard fields.count > 9 else { continue }
            switch fields[0] {
            case "pub":
                keys.append(KeyFacts(fingerprint: "", expires: Int64(fields[6])))
                isPrimary = true
            case "sub": isPrimary = false
            case "fpr" where isPrimary && !keys.isEmpty && keys[keys.count - 1].fingerprint.isEmpty:
                keys[keys.count - 1].fingerprint = fields[9]
            case "uid" where !keys.isEmpty: keys[keys.count - 1].users.append(Self.text(fields[9]))
            default: break
            }
        }
        return keys
    }

    /// A field whose colons and other bytes are written as `\x3a`.
    private static func text(_ field: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"), rest.count >= 3,
                let code = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func output(_ arguments: [String]) throws -> [UInt8] {
        let (code, _, words) = try run(arguments, output: "list")
        guard code == 0 else { throw SignatureError("gpg", "cannot list keys: \(words)") }
        return try read("list", limit: 16 << 20) ?? []
    }
}
