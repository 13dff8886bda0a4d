// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI

@testable import Sigstore
@testable import Trust

/// Signatures and keys that other tools made: `fixtures/sigstore`, each with its origin in the list there.
enum SigstoreFixture {
    static func bytes(_ path: String, file: String = #filePath) throws -> [UInt8] {
        let root = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return Array(try Data(contentsOf: root.appendingPathComponent("fixtures/sigstore/" + path)))
    }

    static func key(_ name: String) throws -> SigstoreKey { try SigstoreKey(pem: bytes(name)) }

    static func file(_ path: String) throws -> SignatureFile { try SignatureFile(bytes(path)) }

    static func attachment(_ path: String) throws -> SigstoreAttachment {
        guard case .sigstore(let json) = try file(path) else {
            throw TrustError("\(path): is no signature of sigstore")
        }
        return try SigstoreAttachment(json: json)
    }
}

/// A transparency log of a test: it signs promises and checkpoints, and has a tree of a few entries.
struct TestLog {
    let key: SigstorePrivateKey

    init() throws { key = try SigstorePrivateKey() }

    var log: TransparencyLog { TransparencyLog(key: key.publicKey) }

    /// The body of an entry of the kind `hashedrekord` 0.0.1.
    static func record(_ signature: [UInt8], of message: [UInt8], by signer: SigstoreKey) -> [UInt8] {
        JSONValue.object([
            "apiVersion": .string("0.0.1"), "kind": .string("hashedrekord"),
            "spec": .object([
                "data": .object([
                    "hash": .object(["algorithm": .string("sha256"), "value": .string(Digest(of: message).hex)])
                ]),
                "signature": .object([
                    "content": .string(base64Encoded(signature)),
                    "publicKey": .object(["content": .string(base64Encoded(Array(signer.pem.utf8)))]),
                ]),
            ]),
        ]).compactJSON()
    }

    /// The body of an entry of the kind `dsse` 0.0.1.
    static func envelopeRecord(_ envelope: Envelope, by signer: SigstoreKey) -> [UInt8] {
        JSONValue.object([
            "apiVersion": .string("0.0.1"), "kind": .string("dsse"),
            "spec": .object([
                "payloadHash": .object([
                    "algorithm": .string("sha256"), "value": .string(Digest(of: envelope.payload).hex),
                ]),
                "signatures": .array([
                    .object([
                        "signature": .string(base64Encoded(envelope.signature)),
                        "verifier": .string(base64Encoded(Array(signer.pem.utf8))),
                    ])
                ]),
            ]),
        ]).compactJSON()
    }

    /// Takes a body in, among others: an entry with promise, proof and checkpoint.
    func entry(
        _ body: [UInt8], kind: String, index: Int = 4, size: Int = 11, time: Int64 = 1_767_225_600
    ) throws -> LogEntry {
        let json =
            #"{"SignedEntryTimestamp":"AAAA","Payload":{"body":"\#(base64Encoded(body))","integratedTime":\#(time),"logIndex":\#(index + 1000),"logID":"\#(Digest(of: key.publicKey.der).hex)"}}"#
        var entry = try LogEntry(annotation: Array(json.utf8))
        entry.kind = kind
        entry.version = "0.0.1"
        let promised =
            #"{"body":"\#(base64Encoded(body))","integratedTime":\#(time),"logID":"\#(Digest(of: key.publicKey.der).hex)","logIndex":\#(index + 1000)}"#
        entry.promise = try key.sign(Array(promised.utf8))
        var leaves = (0..<size).map { Digest(of: [0] + Array("entry \($0)".utf8)).bytes }
        leaves[index] = Digest(of: [0] + body).bytes
        let (root, path) = Self.tree(leaves, index)
        let note = "log.test - 17\n\(size)\n\(base64Encoded(root))\n"
        let signature = Array(entry.logID.prefix(4)) + (try key.sign(Array(note.utf8)))
        entry.proof = InclusionProof(
            logIndex: Int64(index), rootHash: root, treeSize: Int64(size), hashes: path,
            checkpoint: note + "\n\u{2014} log.test \(base64Encoded(signature))\n")
        return entry
    }

    /// The root of some leaves, and what stands beside the way to one of them (RFC 6962, section 2.1).
    static func tree(_ leaves: [[UInt8]], _ index: Int?) -> (root: [UInt8], path: [[UInt8]]) {
        guard leaves.count > 1 else { return (leaves.first ?? [], []) }
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        let isLeft = index.map { $0 < split } ?? true
        let left = tree(Array(leaves[..<split]), isLeft ? index : nil)
        let right = tree(Array(leaves[split...]), isLeft ? nil : index.map { $0 - split })
        let root = Digest(of: [1] + left.root + right.root).bytes
        guard index != nil else { return (root, []) }
        return isLeft ? (root, left.path + [right.root]) : (root, right.path + [left.root])
    }
}
