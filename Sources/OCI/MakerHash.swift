// SPDX-License-Identifier: Apache-2.0

import Crypto

/// MD5 or SHA-1 of bytes that come in pieces: what makers of packages promised of files before SHA-256.
///
/// Tells edits and damage from what was shipped; it proves nothing against an attacker.
package struct MakerHash {
    /// Which of the two.
    package enum Algorithm: Sendable {
        case md5
        case sha1
    }

    private var md5: Insecure.MD5?
    private var sha1: Insecure.SHA1?

    /// Starts a digest.
    package init(_ algorithm: Algorithm) {
        switch algorithm {
        case .md5: md5 = Insecure.MD5()
        case .sha1: sha1 = Insecure.SHA1()
        }
    }

    /// Takes in bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        md5?.update(bufferPointer: bytes)
        sha1?.update(bufferPointer: bytes)
    }

    /// The digest's bytes.
    package func finish() -> [UInt8] { md5.map { Array($0.finalize()) } ?? sha1.map { Array($0.finalize()) } ?? [] }
}
