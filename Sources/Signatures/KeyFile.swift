// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OCI
package import Sigstore
package import SystemPackage
import Trust

/// Files of keys.
package enum KeyFile {
    /// Reads a file whole.
    ///
    /// - Throws: `SignatureError`: also where there is none.
    package static func read(_ path: FilePath) throws(SignatureError) -> [UInt8] {
        guard let bytes = try TrustFile.read(path, limit: TrustFile.keyByteLimit) else {
            throw SignatureError(path.string.printable, "is not there")
        }
        return bytes
    }

    /// The most bytes of a file whose signature is checked: 1 GiB.
    private static let contentByteLimit = 1 << 30

    /// Reads a file whose signature is to be checked.
    ///
    /// - Throws: `SignatureError`: also where there is none.
    package static func content(_ path: FilePath) throws(SignatureError) -> [UInt8] {
        guard let bytes = try TrustFile.read(path, limit: contentByteLimit) else {
            throw SignatureError(path.string.printable, "is not there")
        }
        return bytes
    }

    /// Reads a key that a user named: a file, or `env://NAME` for a variable of the environment.
    ///
    /// - Parameter text: the argument, text that stands for its bytes.
    /// - Throws: `SignatureError`: also for keys that are kept by services.
    package static func read(named text: String) throws(SignatureError) -> [UInt8] {
        guard let range = text.firstRange(of: "://") else { return try read(FilePath(ArgumentText.bytes(of: text))) }
        let (scheme, name) = (text[..<range.lowerBound], String(text[range.upperBound...]))
        guard scheme == "env" else {
            throw SignatureError(text.printable, "keys are read from files and env://NAME, not from services")
        }
        guard let value = getenv(name) else { throw SignatureError("$\(name.printable)", "is not set") }
        return Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
    }

    /// Reads a public key that a user named.
    ///
    /// - Throws: `SignatureError`: also where a certificate or a private key is in the file.
    package static func publicKey(named text: String) throws(SignatureError) -> SigstoreKey {
        let bytes = try read(named: text)
        return try blaming(text) { () throws(TrustError) in try SigstoreKey(pem: bytes) }
    }

    /// Says of which file something is that was found wrong.
    package static func blaming<Value>(
        _ name: String, _ body: () throws(TrustError) -> Value
    ) throws(SignatureError) -> Value {
        do throws(TrustError) {
            return try body()
        } catch {
            throw SignatureError(name.printable, error.description)
        }
    }

    /// The bytes of keys or certificates that a policy names, each with what it is called in messages.
    static func contents(_ source: KeySource) throws(SignatureError) -> [(name: String, bytes: [UInt8])] {
        switch source {
        case .data(let runs): return runs.map { ("key in the policy", $0) }
        case .paths(let paths):
            var contents: [(name: String, bytes: [UInt8])] = []
            for path in paths {
                guard let bytes = try TrustFile.read(FilePath(path), limit: TrustFile.keyByteLimit) else {
                    throw SignatureError(path.printable, "is not there, and would hold the keys that the policy trusts")
                }
                contents.append((path, bytes))
            }
            return contents
        }
    }

    /// The public keys that a policy names.
    static func publicKeys(_ source: KeySource) throws(SignatureError) -> [SigstoreKey] {
        var keys: [SigstoreKey] = []
        for (name, bytes) in try contents(source) {
            keys.append(try blaming(name) { () throws(TrustError) in try SigstoreKey(pem: bytes) })
        }
        return keys
    }

    // MARK: - Pairs

    /// Writes a pair of keys: the private one for its owner alone.
    ///
    /// What is there is replaced; whoever calls has asked.
    package static func write(_ key: EncryptedKey, to path: FilePath, publicKey: SigstoreKey, to publicPath: FilePath)
        throws(SignatureError)
    {
        if fileExists(path) { try TrustFile.remove(path) }
        try TrustFile.replace(path, with: Array(key.pem.utf8), mode: 0o600)
        try TrustFile.replace(publicPath, with: Array(publicKey.pem.utf8), mode: 0o644)
    }
}

extension SigstoreTrust {
    /// Reads the keys of a requirement of a policy.
    init(_ signed: SigstoreSigned) throws(SignatureError) {
        var logs: [TransparencyLog] = []
        if let source = signed.rekorKeys {
            for key in try KeyFile.publicKeys(source) { logs.append(TransparencyLog(key: key)) }
        }
        switch signed.signers {
        case .keys(let source):
            self.init(keys: try KeyFile.publicKeys(source), logs: logs, needsLog: signed.rekorKeys != nil)
        case .fulcio(let fulcio):
            let identity = CertificateIdentity(issuer: .exact(fulcio.oidcIssuer), email: fulcio.subjectEmail)
            let authority = try Self.authority(fulcio.authority, nil)
            self.init(
                keys: [], certificates: CertificateTrust(authorities: authority, identity: identity), logs: logs,
                needsLog: true)
        case .pki(let pki):
            let identity = CertificateIdentity(email: pki.subjectEmail, hostname: pki.subjectHostname)
            let authority = try Self.authority(pki.roots, pki.intermediates)
            // Nothing says when it was signed, so the certificates must hold still.
            self.init(
                keys: [],
                certificates: CertificateTrust(authorities: authority, identity: identity, now: SignatureClock.now))
        }
    }

    /// The authority whose certificates a policy names.
    private static func authority(
        _ anchors: KeySource, _ others: KeySource?
    ) throws(SignatureError) -> [CertificateAuthority] {
        var between: [UInt8] = []
        if let others { for (_, bytes) in try KeyFile.contents(others) { between += bytes + [0x0A] } }
        var authorities: [CertificateAuthority] = []
        for (name, bytes) in try KeyFile.contents(anchors) {
            authorities.append(
                try KeyFile.blaming(name) { () throws(TrustError) in
                    try CertificateAuthority(anchors: bytes, others: between.isEmpty ? nil : between)
                })
        }
        return authorities
    }
}
