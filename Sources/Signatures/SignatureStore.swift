// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
package import OCI
import Registry
import Sigstore
package import SystemPackage
package import Trust

/// A place where the signatures of one manifest are, one file each, `signature-1` and so on.
///
/// What is behind the first one that is missing is not there; a file that cannot be had otherwise is trouble.
struct SignatureStore {
    /// Where it lies: an address `file:`, `http:` or `https:` without the number at its end.
    let address: String
    /// Reads from the web.
    let web: WebFiles

    /// The path of the machine that an address of the scheme `file` names; nil for other schemes.
    static func path(_ address: String) -> FilePath? {
        guard address.hasPrefix("file://") else { return nil }
        // What is behind the slashes may begin with a host, which means nothing.
        let rest = address.dropFirst(7)
        guard let slash = rest.firstIndex(of: "/") else { return nil }
        return FilePath(unescaped(rest[slash...]))
    }

    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), code != 0
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads all signatures, in order.
    ///
    /// - Throws: `SignatureError`, `RegistryError` or `TrustError` that names the signature.
    func read() throws -> [SignatureEvidence.Signature] {
        var found: [SignatureEvidence.Signature] = []
        while let bytes = try file(found.count + 1) {
            let name = "signature-\(found.count + 1)"
            guard found.count < SignatureFile.countLimit else {
                throw SignatureError(address.printable, "has more than \(SignatureFile.countLimit) signatures")
            }
            do throws(TrustError) {
                found.append(.init(name, try SignatureFile(bytes)))
            } catch {
                throw SignatureError("\(address.printable)/\(name)", error.description)
            }
        }
        return found
    }

    private func file(_ number: Int) throws -> [UInt8]? {
        if let path = Self.path(address) {
            return try TrustFile.read(path.appending("signature-\(number)"), limit: SignatureFile.byteLimit)
        }
        guard address.hasPrefix("http://") || address.hasPrefix("https://") else {
            throw SignatureError(address.printable, "signatures can be read from file:, http: and https: only")
        }
        return try web.read("\(address)/signature-\(number)", limit: SignatureFile.byteLimit)
    }

    /// Adds signatures behind those that are there; one that is there is not added again.
    ///
    /// - Throws: `SignatureError`: also for a place that cannot be written to.
    func add(_ signatures: [SignatureFile]) throws {
        guard let path = Self.path(address) else {
            let scheme = address.prefix { $0 != ":" }
            throw SignatureError(
                address.printable,
                "Writing directly to a \(scheme) lookaside URL is not supported. Configure a lookaside-staging: location"
            )
        }
        try Self.add(signatures, to: path, existing: read().map(\.file)) { "signature-\($0)" }
    }

    static func add(
        _ signatures: [SignatureFile], to directory: FilePath, existing: [SignatureFile], name: (Int) -> String
    ) throws {
        var existing = existing
        for signature in signatures where !existing.contains(signature) {
            guard existing.count < SignatureFile.countLimit else {
                throw SignatureError(directory.string, "has \(SignatureFile.countLimit) signatures, as many as can be")
            }
            existing.append(signature)
            try TrustFile.replace(directory.appending(name(existing.count)), with: signature.bytes)
        }
    }
}

/// The signatures in a directory that `dir:` names: `signature-1`, or `DIGEST.signature-1` for those of an index.
package enum DirectorySignatures {
    private static func name(_ number: Int, _ instance: Digest?) -> String {
        (instance.map { "\($0.hex)." } ?? "") + "signature-\(number)"
    }

    /// Reads them.
    ///
    /// - Parameter instance: the manifest, where the directory has an index that lists it.
    /// - Throws: `SignatureError`.
    static func read(_ path: FilePath, instance: Digest? = nil) throws -> SignatureEvidence {
        var evidence = SignatureEvidence()
        while true {
            let name = name(evidence.signatures.count + 1, instance)
            guard let bytes = try TrustFile.read(path.appending(name), limit: SignatureFile.byteLimit) else { break }
            guard evidence.signatures.count < SignatureFile.countLimit else {
                throw SignatureError("dir:\(path)", "has more than \(SignatureFile.countLimit) signatures")
            }
            do throws(TrustError) {
                evidence.signatures.append(.init(name, try SignatureFile(bytes)))
            } catch {
                throw SignatureError("dir:\(path): \(name)", error.description)
            }
        }
        let count = evidence.signatures.count
        evidence.places = [LookedPlace("dir:\(path)/\(name(1, instance))", count == 0 ? .absent : .found(count))]
        return evidence
    }

    /// Looks for those of a manifest, which is the directory's own or one that its index lists.
    ///
    /// - Throws: `SignatureError`.
    package static func evidence(in path: FilePath, for digest: Digest) throws -> SignatureEvidence {
        try read(path, instance: instance(path, digest))
    }

    /// A manifest that is not the directory's own; nil for its own.
    private static func instance(_ path: FilePath, _ digest: Digest) throws -> Digest? {
        let own = try TrustFile.read(path.appending("manifest.json"), limit: DocumentLimit.manifest)
        return own.map { Digest(of: $0) } == digest ? nil : digest
    }

    /// Writes signatures of a manifest of the directory behind those that are there.
    ///
    /// - Throws: `SignatureError`.
    package static func add(_ signatures: [SignatureFile], to path: FilePath, for digest: Digest) throws {
        let instance = try instance(path, digest)
        let existing = try read(path, instance: instance).signatures.map(\.file)
        try SignatureStore.add(signatures, to: path, existing: existing) { name($0, instance) }
    }
}
