// SPDX-License-Identifier: Apache-2.0

import Cryptography
import OCI

/// A transparency log whose word counts: its key, and when that was in use.
package struct TransparencyLog: Sendable, Hashable {
    /// The key that signs promises and checkpoints.
    package var key: SigstoreKey
    /// What entries call the log.
    package var identifier: [UInt8]
    /// The name in checkpoints of logs of the second kind: the host of its address; nil where it is not known.
    package var name: String?
    /// Since when the key is in use, in seconds since 1970; nil for ever.
    package var start: Int64?
    /// Until when, inclusive; nil for still.
    package var end: Int64?

    /// Makes a log that is known by its key alone.
    package init(key: SigstoreKey) {
        self.key = key
        identifier = key.identifier
    }

    /// Whether the key was in use at a time.
    func isValid(at time: Int64) -> Bool {
        if let start, time < start { return false }
        if let end, time > end { return false }
        return true
    }

    /// The four bytes that checkpoints call the key, given the name that stands there.
    func hints(name: String) -> [[UInt8]] {
        var hints = [Array(identifier.prefix(4))]
        if key.numbers.kind == .ed25519 {
            hints.append(Array(OCI.Digest(of: Array(name.utf8) + [0x0A, 0x01] + key.numbers.bytes).bytes.prefix(4)))
        }
        return hints
    }
}

/// A log's word about its size and root: a signed note.
struct LogCheckpoint {
    private static let byteLimit = 64 << 10

    var origin: String
    var treeSize: Int64
    var rootHash: [UInt8]
    private var text: [UInt8]
    private var signatures: [(name: String, hint: [UInt8], signature: [UInt8])] = []

    /// Reads a note.
    init(_ envelope: String) throws(TrustError) {
        let bytes = Array(envelope.utf8)
        guard bytes.count <= Self.byteLimit else { throw TrustError("checkpoint: is too large") }
        guard let gap = envelope.ranges(of: "\n\n").last else { throw TrustError("checkpoint: has no signature") }
        let body = envelope[..<gap.lowerBound]
        text = Array(body.utf8) + [0x0A]
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 3, let size = Int64(lines[1]), size >= 0, "\(size)" == lines[1],
            let root = base64Bytes(lines[2]), root.count == 32, !lines[0].isEmpty
        else { throw TrustError("checkpoint: has no origin, size and root") }
        (origin, treeSize, rootHash) = (lines[0], size, root)
        for line in envelope[gap.upperBound...].split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard words.count == 3, words[0] == "\u{2014}", let bytes = base64Bytes(words[2]), bytes.count > 4 else {
                throw TrustError("checkpoint: a signature cannot be read")
            }
            guard signatures.count < 64 else { throw TrustError("checkpoint: has more than 64 signatures") }
            signatures.append((words[1], Array(bytes.prefix(4)), Array(bytes.dropFirst(4))))
        }
    }

    /// Whether a log has signed it; signatures of others do not matter.
    func isSigned(by log: TransparencyLog) -> Bool {
        signatures.contains { line in
            // The name that stands before a signature is not signed itself.
            guard line.name == (log.isTiled ? log.name ?? origin : origin) || origin.hasPrefix(line.name + " - ") else {
                return false
            }
            return log.hints(name: line.name).contains(line.hint) && log.key.isValid(line.signature, of: text)
        }
    }
}

extension TransparencyLog {
    /// Whether it is a log of the second kind, whose key is one of Ed25519.
    var isTiled: Bool { key.numbers.kind == .ed25519 }
}

/// That an entry is in a log's tree (RFC 6962).
package struct InclusionProof: Sendable, Hashable {
    /// The most hashes of one.
    static let hashLimit = 64

    /// The entry's place in the tree.
    package var logIndex: Int64
    /// The tree's root.
    package var rootHash: [UInt8]
    /// The tree's size.
    package var treeSize: Int64
    /// The hashes beside the way from the entry to the root.
    package var hashes: [[UInt8]]
    /// The log's word about root and size.
    package var checkpoint: String?

    /// Refuses a proof that does not lead from the entry to a root that a log has signed.
    func check(_ body: [UInt8], by logs: [TransparencyLog]) throws(TrustError) {
        guard logIndex >= 0, treeSize > 0, logIndex < treeSize, rootHash.count == 32, hashes.count <= Self.hashLimit,
            hashes.allSatisfy({ $0.count == 32 })
        else { throw TrustError("inclusion proof: index, size or hashes cannot be") }
        guard root(of: body) == rootHash else { throw TrustError("inclusion proof: does not lead to its root") }
        guard let checkpoint else { throw TrustError("inclusion proof: has no checkpoint") }
        let note = try LogCheckpoint(checkpoint)
        guard note.rootHash == rootHash, note.treeSize == treeSize else {
            throw TrustError("inclusion proof: is of another root or size than its checkpoint")
        }
        guard logs.contains(where: { note.isSigned(by: $0) }) else {
            throw TrustError("checkpoint: is not signed by the log")
        }
    }

    /// The root to which the hashes lead; nil where there are too few or too many of them.
    private func root(of body: [UInt8]) -> [UInt8]? {
        var hash = OCI.Digest(of: [0] + body).bytes
        var (index, last) = (logIndex, treeSize - 1)
        var rest = hashes[...]
        while last > 0 {
            // An entry at the right edge that has nobody beside it moves up by itself.
            if index % 2 == 1 || index < last {
                guard let next = rest.popFirst() else { return nil }
                hash = OCI.Digest(of: [1] + (index % 2 == 1 ? next + hash : hash + next)).bytes
            }
            index /= 2
            last /= 2
        }
        return rest.isEmpty ? hash : nil
    }
}
