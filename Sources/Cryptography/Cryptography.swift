// SPDX-License-Identifier: Apache-2.0

// Cryptography: what the system's libcrypto does for signatures.
//
// Comes in: bytes to be hashed; public keys by their numbers, which whoever reads keys has taken out of their files; the
// user's own private keys; signatures.
// Goes out: digests, new keys and signatures, whether a signature is good, and that the library is not there.
// Must not be in it: files, formats of foreign keys and certificates, and what a signature means (`Sigstore`). SHA-256
// of the store's bytes is `OCI`'s, which needs no library.

import CCrypto

/// Why libcrypto could not do something.
package struct CryptographyError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    package let description: String

    /// An error by its text.
    init(_ description: String) { self.description = description }

    /// Loads the library where that was not done before.
    ///
    /// - Throws: `CryptographyError` where it is not there.
    static func checkLibrary() throws(CryptographyError) {
        guard let missing = ccrypto_load() else { return }
        throw CryptographyError("libcrypto: \(String(cString: missing)); install it: apt-get install libssl3")
    }
}

/// A hash.
package enum HashAlgorithm: Sendable {
    case md5
    case sha1
    case sha256
    case sha384
    case sha512

    var number: ccrypto_hash {
        switch self {
        case .md5: ccrypto_md5
        case .sha1: ccrypto_sha1
        case .sha256: ccrypto_sha256
        case .sha384: ccrypto_sha384
        case .sha512: ccrypto_sha512
        }
    }

    /// The digest of bytes.
    ///
    /// - Throws: `CryptographyError` where the library is not there or refuses this hash.
    package func digest(of bytes: [UInt8]) throws(CryptographyError) -> [UInt8] {
        try CryptographyError.checkLibrary()
        var digest = [UInt8](repeating: 0, count: Int(ccrypto_digest_limit))
        let count = ccrypto_hash_bytes(number, bytes, bytes.count, &digest)
        guard count > 0 else { throw CryptographyError("libcrypto refuses \(self)") }
        return Array(digest.prefix(count))
    }
}

/// A digest of bytes that come in pieces.
package final class RunningHash {
    private let running: OpaquePointer

    /// Starts a digest over no bytes.
    ///
    /// - Throws: `CryptographyError` where the library is not there or refuses this hash.
    package init(_ algorithm: HashAlgorithm) throws(CryptographyError) {
        try CryptographyError.checkLibrary()
        guard let running = ccrypto_hash_begin(algorithm.number) else {
            throw CryptographyError("libcrypto refuses \(algorithm)")
        }
        self.running = running
    }

    deinit { ccrypto_hash_free(running) }

    /// Takes in bytes.
    ///
    /// - Throws: `CryptographyError`.
    package func update(_ bytes: [UInt8]) throws(CryptographyError) {
        guard ccrypto_hash_add(running, bytes, bytes.count) == 1 else {
            throw CryptographyError("libcrypto cannot go on with a digest")
        }
    }

    /// The digest's bytes; nothing can be added after it.
    ///
    /// - Throws: `CryptographyError`.
    package func finish() throws(CryptographyError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(ccrypto_digest_limit))
        let count = ccrypto_hash_end(running, &digest)
        guard count > 0 else { throw CryptographyError("libcrypto cannot finish a digest") }
        return Array(digest.prefix(count))
    }
}
