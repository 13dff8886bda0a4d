// SPDX-License-Identifier: Apache-2.0

import OCI
package import Sigstore

/// What `gpg --status-fd` says, as far as keys and signatures are concerned (doc/DETAILS of GnuPG).
///
/// Only lines that begin with `[GNUPG:] ` count; what stands in them is escaped by gpg.
package struct GPGStatus: Sendable, Hashable {
    /// The most bytes that are read: 4 MiB.
    package static let byteLimit = 4 << 20

    /// The keywords with their arguments, in order.
    private let lines: [(keyword: String, arguments: [String])]

    package static func == (left: GPGStatus, right: GPGStatus) -> Bool {
        left.lines.elementsEqual(right.lines) { $0.keyword == $1.keyword && $0.arguments == $1.arguments }
    }

    package func hash(into hasher: inout Hasher) {
        for line in lines { hasher.combine(line.keyword) }
    }

    /// Reads what was said.
    package init(_ text: [UInt8]) {
        lines = text.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
            guard words.count > 1, words[0] == "[GNUPG:]" else { return nil }
            return (words[1], Array(words[2...]))
        }
    }

    private func arguments(_ keyword: String) -> [[String]] {
        lines.filter { $0.keyword == keyword }.map(\.arguments)
    }

    /// The fingerprints of keys that were imported, or were there.
    package var importedKeys: [String] {
        var found: [String] = []
        for arguments in arguments("IMPORT_OK") where arguments.count == 2 && !found.contains(arguments[1]) {
            found.append(arguments[1])
        }
        return found
    }

    /// Whether there is no key to sign with.
    package var lacksSigner: Bool { !arguments("INV_SGNR").isEmpty || !arguments("NO_SECKEY").isEmpty }

    /// A signature that is good.
    package struct GoodSignature: Sendable, Hashable {
        /// The key that made it, which may be a subkey.
        package var fingerprint: String
        /// The key that this one belongs to.
        package var primaryFingerprint: String
        /// Who the key says it belongs to; empty where it does not say.
        package var user: String
        /// When it was made, in seconds since 1970; nil where gpg tells it otherwise.
        package var time: Int64?
    }

    /// The one signature of a message.
    ///
    /// Expired signatures, expired and revoked keys, unknown keys, several signatures and several messages are refused.
    /// - Throws: `TrustError` that says why in words.
    package func signature() throws(TrustError) -> GoodSignature {
        if let reason = refusal { throw TrustError(reason) }
        let (good, valid) = (arguments("GOODSIG"), arguments("VALIDSIG"))
        let made = arguments("NEWSIG").count
        guard good.count <= 1, valid.count <= 1, made <= 1 else {
            throw TrustError("cryptographic signature verification failed: \(max(made, good.count)) signatures in one")
        }
        guard let user = good.first, let facts = valid.first, let fingerprint = facts.first,
            let primary = facts.last, facts.count >= 9, Self.isHex(fingerprint), Self.isHex(primary)
        else { throw TrustError("cryptographic signature verification failed: gpg finds no good signature") }
        guard arguments("PLAINTEXT").count == 1 else {
            throw TrustError("cryptographic signature verification failed: the payload is not in it once")
        }
        return GoodSignature(
            fingerprint: fingerprint, primaryFingerprint: primary,
            user: Self.unescaped(user.dropFirst().joined(separator: " ")), time: Int64(facts[2]))
    }

    /// Why the message cannot be good, by what must not be said of one.
    private var refusal: String? {
        let failed = "cryptographic signature verification failed: "
        let bad: [(keyword: String, reason: String)] = [
            ("BADSIG", "the signature is not of this payload"), ("EXPSIG", "the signature has expired"),
            ("EXPKEYSIG", "the key has expired"), ("REVKEYSIG", "the key was revoked"),
        ]
        for (keyword, reason) in bad {
            guard let arguments = arguments(keyword).first else { continue }
            let user = Self.unescaped(arguments.dropFirst().joined(separator: " ")).printable
            return "\(failed)\(reason): key \((arguments.first ?? "").printable)" + (user.isEmpty ? "" : " (\(user))")
        }
        if let key = arguments("NO_PUBKEY").first?.first {
            return "\(failed)made by key \(key.printable), which is not among them"
        }
        if let arguments = arguments("ERRSIG").first {
            return "\(failed)the signature by key \((arguments.first ?? "").printable) cannot be checked"
        }
        for keyword in ["KEYEXPIRED", "KEYREVOKED", "SIGEXPIRED"]
        where !arguments(keyword).isEmpty && arguments("GOODSIG").isEmpty {
            return "\(failed)\(keyword)"
        }
        for keyword in [
            "BEGIN_DECRYPTION", "ENC_TO", "DECRYPTION_OKAY", "DECRYPTION_FAILED", "NODATA", "UNEXPECTED", "BADARMOR",
        ]
        where !arguments(keyword).isEmpty {
            return "\(failed)it is no signed message (\(keyword))"
        }
        return nil
    }

    private static func isHex(_ text: String) -> Bool {
        (32...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { Character(UnicodeScalar($0)).isHexDigit && $0 < 0x80 }
    }

    /// A text whose percent escapes are those of gpg.
    private static func unescaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                rest.count >= 2
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
