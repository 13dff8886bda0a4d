// SPDX-License-Identifier: Apache-2.0

/// A SHA-256 digest: the name of a blob, and the only digest algorithm of the store.
///
/// The text form is the one of the OCI image specification, "Digests" (descriptor.md#digests):
/// `sha256:` and 64 lower-case hexadecimal digits.
package struct Digest: Hashable, Sendable {
    let words: (UInt64, UInt64, UInt64, UInt64)

    /// Makes a digest of four words, most significant first.
    init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// The number of bytes of a digest: 32.
    package static let byteCount = 32

    /// Makes a digest of exactly 32 bytes, or nil for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (position, byte) in bytes.enumerated() {
            words[position / 8] = words[position / 8] << 8 | UInt64(byte)
        }
        self.words = (words[0], words[1], words[2], words[3])
    }

    /// Reads 32 bytes from memory that holds at least as many after `offset`; nil where it does not.
    package init?(_ memory: UnsafeRawBufferPointer, at offset: Int = 0) {
        guard offset >= 0, memory.count >= Self.byteCount, offset <= memory.count - Self.byteCount else { return nil }
        func word(_ index: Int) -> UInt64 {
            UInt64(bigEndian: memory.loadUnaligned(fromByteOffset: offset + index * 8, as: UInt64.self))
        }
        self.words = (word(0), word(1), word(2), word(3))
    }

    /// Parses `sha256:<64 lower-case hexadecimal digits>`.
    ///
    /// - Throws: `DigestError` that names the text and what is wrong with it.
    package init(parsing text: some StringProtocol) throws(DigestError) {
        guard text.hasPrefix("sha256:") else {
            throw DigestError(text: String(text.prefix(200)), reason: "not a sha256 digest")
        }
        guard let digest = Digest(hex: text.dropFirst(7)) else {
            throw DigestError(text: String(text.prefix(200)), reason: "not 64 lower-case hexadecimal digits")
        }
        self = digest
    }

    /// Parses 64 lower-case hexadecimal digits; nil for anything else.
    package init?(hex: some StringProtocol) {
        var bytes: [UInt8] = []
        var high: UInt8?
        guard hex.utf8.count == 2 * Self.byteCount else { return nil }
        for character in hex.utf8 {
            let value: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = character - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        self.init(bytes: bytes)
    }

    /// The digest of bytes in memory.
    package init(of bytes: some Sequence<UInt8>) {
        var hasher = DigestHasher()
        Array(bytes).withUnsafeBytes { hasher.update($0) }
        self = hasher.finish()
    }

    /// The 32 bytes, most significant first.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        append(to: &bytes)
        return bytes
    }

    /// The 64 hexadecimal digits without the algorithm.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    package static func == (left: Digest, right: Digest) -> Bool {
        left.words == right.words
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

extension Digest: CustomStringConvertible {
    /// The digest as the specification writes it: `sha256:…`.
    package var description: String { "sha256:" + hex }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do {
            try self.init(parsing: text)
        } catch {
            // The decoder knows the place in the document, the parser does not.
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(error)"))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A text that is no digest.
package struct DigestError: Error, Equatable, CustomStringConvertible {
    /// The refused text, cut to 200 characters.
    package let text: String
    /// What is wrong with it.
    package let reason: String

    package var description: String { "digest \"\(text.printable)\": \(reason)" }
}

/// The digest of a layer's uncompressed tar: the name of an uncompressed layer (config.md#layer-diffid).
package struct DiffID: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The digest itself.
    package let digest: Digest

    /// Names a layer by the digest of its uncompressed tar.
    package init(_ digest: Digest) { self.digest = digest }

    package init(from decoder: any Decoder) throws { digest = try Digest(from: decoder) }

    package func encode(to encoder: any Encoder) throws { try digest.encode(to: encoder) }

    package var description: String { digest.description }
}

/// The digest of a stack of layers: the name of a flattened tree (config.md#layer-chainid).
package struct ChainID: Hashable, Sendable, CustomStringConvertible {
    /// The digest itself.
    package let digest: Digest

    /// Names a stack of layers by a digest computed before.
    package init(_ digest: Digest) { self.digest = digest }

    /// The chain ID of layers, base layer first; the digest of no bytes for no layers.
    ///
    /// Implements `ChainID(L₀|…|Lₙ) = Digest(ChainID(L₀|…|Lₙ₋₁) + " " + DiffID(Lₙ))`.
    package init(_ layers: [DiffID]) {
        guard let base = layers.first else {
            digest = Digest(of: [])
            return
        }
        digest = layers.dropFirst().reduce(base.digest) { chain, layer in
            Digest(of: "\(chain) \(layer)".utf8)
        }
    }

    package var description: String { digest.description }
}
