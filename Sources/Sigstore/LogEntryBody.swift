// SPDX-License-Identifier: Apache-2.0

import Cryptography
import OCI

/// What a log has of a signature: the digest of what was signed, the signature, who made it.
struct LogEntryBody {
    private let spec: StrictObject
    private let kind: String
    private let version: String

    /// Reads the body of an entry.
    ///
    /// - Parameters:
    ///   - kind: what the entry says it is; empty for nothing.
    init(_ json: [UInt8], kind: String, version: String) throws(TrustError) {
        let value = try StrictObject.value(json, limit: SigstoreAttachment.byteLimit)
        let object = try StrictObject(value, required: ["apiVersion", "kind", "spec"])
        self.kind = try object.text("kind")
        self.version = try object.text("apiVersion")
        guard kind.isEmpty || (kind == self.kind && version == self.version) else {
            throw TrustError("the log's entry: is of another kind than it says")
        }
        spec = try object.inner("spec", optional: nil)
    }

    /// Refuses what describes another signature.
    func check(_ signed: LoggedSignature) throws(TrustError) {
        switch (kind, version) {
        case ("hashedrekord", "0.0.1"):
            let hash = try spec.inner("data", optional: nil).inner("hash", optional: nil)
            let signature = try spec.inner("signature", optional: nil)
            try match(hash.text("algorithm"), hexBytes(hash.text("value")), signed)
            try match(signature.content("content"), signed.signature, "signature")
            try match(Self.verifier(signature.inner("publicKey", optional: nil).content("content")), signed.verifier)
        case ("dsse", "0.0.1"):
            let hash = try spec.inner("payloadHash", optional: nil)
            try match(payload: hash, signed)
            let signature = try only("signatures", of: spec)
            try match(signature.content("signature"), signed.signature, "signature")
            try match(Self.verifier(signature.content("verifier")), signed.verifier)
        case ("intoto", "0.0.2"):
            let content = try spec.inner("content", optional: nil)
            try match(payload: content.inner("payloadHash", optional: nil), signed)
            let signature = try only("signatures", of: content.inner("envelope", optional: nil))
            // Encoded twice.
            guard let inner = base64Bytes(String(decoding: try signature.content("sig"), as: UTF8.self)) else {
                throw TrustError("the log's entry: sig is not base64")
            }
            try match(inner, signed.signature, "signature")
            try match(Self.verifier(signature.content("publicKey")), signed.verifier)
        case ("hashedrekord", "0.0.2"):
            let record = try spec.inner("hashedRekordV002", optional: nil)
            let data = try record.inner("data", optional: nil)
            let signature = try record.inner("signature", optional: nil)
            try match(data.text("algorithm"), data.content("digest"), signed)
            try match(signature.content("content"), signed.signature, "signature")
            try match(Self.rawVerifier(signature), signed.verifier)
        case ("dsse", "0.0.2"):
            let record = try spec.inner("dsseV002", optional: nil)
            let hash = try record.inner("payloadHash", optional: nil)
            guard let payload = signed.payload else { throw TrustError("the log's entry: is of an envelope") }
            try match(hash.text("algorithm"), hash.content("digest"), of: payload)
            let signature = try only("signatures", of: record)
            try match(signature.content("content"), signed.signature, "signature")
            try match(Self.rawVerifier(signature), signed.verifier)
        default: throw TrustError("the log's entry: unsupported kind \(quoted("\(kind) \(version)"))")
        }
    }

    private func only(_ key: String, of object: StrictObject) throws(TrustError) -> StrictObject {
        let values = try object.array(key, limit: 1)
        guard let first = values.first else { throw TrustError("the log's entry: has no signature") }
        return try StrictObject(first, optional: nil)
    }

    // MARK: - Digests

    private func match(payload hash: StrictObject, _ signed: LoggedSignature) throws(TrustError) {
        guard let payload = signed.payload else { throw TrustError("the log's entry: is of an envelope") }
        try match(hash.text("algorithm"), hexBytes(hash.text("value")), of: payload)
    }

    private func match(_ algorithm: String, _ digest: [UInt8]?, of message: [UInt8]) throws(TrustError) {
        let hash: HashAlgorithm? =
            switch algorithm {
            case "sha256", "SHA2_256": .sha256
            case "sha384", "SHA2_384": .sha384
            case "sha512", "SHA2_512": .sha512
            default: nil
            }
        let expected = try TrustError.ofLibrary { () throws(CryptographyError) in try hash?.digest(of: message) }
        guard let digest, digest == expected else { throw TrustError("the log's entry: is of another digest") }
    }

    private func match(_ algorithm: String, _ digest: [UInt8]?, _ signed: LoggedSignature) throws(TrustError) {
        if let message = signed.message {
            try match(algorithm, digest, of: message)
        } else {
            guard ["sha256", "SHA2_256"].contains(algorithm), digest == signed.messageDigest.bytes else {
                throw TrustError("the log's entry: is of another digest")
            }
        }
    }

    // MARK: - Signatures and keys

    private func match(_ found: [UInt8], _ expected: [UInt8], _ what: String = "key") throws(TrustError) {
        guard found == expected else { throw TrustError("the log's entry: is of another \(what)") }
    }

    /// The key or certificate in a block of PEM, in DER.
    private static func verifier(_ pem: [UInt8]) throws(TrustError) -> [UInt8] {
        let block = try PEMBlock.only(pem)
        return block.label == "CERTIFICATE" ? block.bytes : try SigstoreKey(pem: pem).der
    }

    private static func rawVerifier(_ signature: StrictObject) throws(TrustError) -> [UInt8] {
        let verifier = try signature.inner("verifier", optional: nil)
        if verifier.object("x509Certificate") != nil {
            return try verifier.inner("x509Certificate", optional: nil).content("rawBytes")
        }
        return try SigstoreKey(der: verifier.inner("publicKey", optional: nil).content("rawBytes")).der
    }
}
