// SPDX-License-Identifier: Apache-2.0

import OCI

/// A signature with everything that is needed to check it: the form of cosign 3 (sigstore's bundle, 0.1 to 0.3).
package struct SigstoreBundle: Sendable, Hashable {
    /// The media type of what is written.
    package static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
    /// The most bytes of one: 32 MiB.
    package static let byteLimit = 32 << 20

    /// Who signed.
    package enum Signer: Sendable, Hashable {
        /// A key that whoever checks must know, by the name that it has.
        case key(hint: String)
        /// Certificates in DER, the signer's own first.
        case certificates([[UInt8]])
    }

    /// What was signed.
    package enum Content: Sendable, Hashable {
        /// An envelope.
        case envelope(Envelope)
        /// Bytes that are not in the bundle, by their SHA-256 where it is told.
        case message(digest: [UInt8]?, signature: [UInt8])
    }

    /// The version of the form: 1, 2 or 3.
    package var version: Int
    /// Who signed.
    package var signer: Signer
    /// The entries of transparency logs.
    package var entries: [LogEntry]
    /// The timestamps (RFC 3161).
    package var timestamps: [[UInt8]]
    /// What was signed.
    package var content: Content

    /// Makes a bundle of version 0.3.
    package init(signer: Signer, content: Content, entries: [LogEntry] = [], timestamps: [[UInt8]] = []) {
        version = 3
        self.signer = signer
        self.content = content
        self.entries = entries
        self.timestamps = timestamps
    }

    /// The version that a media type names; nil for what is no bundle that can be read.
    package static func version(of mediaType: String) -> Int? {
        switch mediaType {
        case "application/vnd.dev.sigstore.bundle+json;version=0.1": 1
        case "application/vnd.dev.sigstore.bundle+json;version=0.2": 2
        case "application/vnd.dev.sigstore.bundle+json;version=0.3", Self.mediaType: 3
        default: nil
        }
    }

    /// Reads a bundle.
    ///
    /// - Throws: `TrustError`.
    package init(json: [UInt8]) throws(TrustError) {
        let object = try StrictObject(
            StrictObject.value(json, limit: Self.byteLimit), optional: ["dsseEnvelope", "messageSignature"],
            required: ["mediaType", "verificationMaterial"])
        let type = try object.text("mediaType")
        guard let version = Self.version(of: type) else { throw TrustError("unsupported bundle \(quoted(type))") }
        self.version = version
        let material = try object.inner(
            "verificationMaterial",
            optional: ["publicKey", "certificate", "x509CertificateChain", "tlogEntries", "timestampVerificationData"])
        signer = try Self.signer(material, version)
        entries = []
        for value in try material.array("tlogEntries", limit: 32) { entries.append(try LogEntry(value)) }
        timestamps = []
        if let given = material.object("timestampVerificationData") {
            let data = try StrictObject(given, optional: ["rfc3161Timestamps"])
            for value in try data.array("rfc3161Timestamps", limit: 32) {
                timestamps.append(try StrictObject(value, required: ["signedTimestamp"]).content("signedTimestamp"))
            }
        }
        switch (object.object("dsseEnvelope"), object.object("messageSignature")) {
        case (let envelope?, nil): content = .envelope(try Envelope(envelope))
        case (nil, let message?): content = try Self.message(message)
        default: throw TrustError("a bundle must have an envelope or a signature, and not both")
        }
        try checkEntries()
    }

    private static func signer(_ material: StrictObject, _ version: Int) throws(TrustError) -> Signer {
        let names = ["publicKey", "certificate", "x509CertificateChain"].filter { material.object($0) != nil }
        guard names.count == 1 else { throw TrustError("a bundle must have one key, certificate or chain") }
        switch names[0] {
        case "publicKey":
            return .key(hint: try material.inner("publicKey", optional: ["hint"]).string("hint") ?? "")
        case "certificate":
            return .certificates([try material.inner("certificate", required: ["rawBytes"]).content("rawBytes")])
        default:
            guard version < 3 else { throw TrustError("a bundle of version 0.3 must not have a chain") }
            var chain: [[UInt8]] = []
            let object = try material.inner("x509CertificateChain", required: ["certificates"])
            for value in try object.array("certificates", limit: 16) {
                chain.append(try StrictObject(value, required: ["rawBytes"]).content("rawBytes"))
            }
            guard !chain.isEmpty else { throw TrustError("an empty chain of certificates") }
            return .certificates(chain)
        }
    }

    private static func message(_ value: JSONValue) throws(TrustError) -> Content {
        let object = try StrictObject(value, optional: ["messageDigest"], required: ["signature"])
        var digest: [UInt8]?
        if object.object("messageDigest") != nil {
            let inner = try object.inner("messageDigest", required: ["algorithm", "digest"])
            if try inner.text("algorithm") == "SHA2_256" { digest = try inner.content("digest") }
        }
        return .message(digest: digest, signature: try object.content("signature"))
    }

    /// Refuses entries that lack what their version asks for, and the same entry twice.
    private func checkEntries() throws(TrustError) {
        var seen: Set<[UInt8]> = []
        for entry in entries {
            if version == 1, entry.promise == nil {
                throw TrustError("a bundle of version 0.1 must have the log's promise")
            }
            if version > 1, entry.proof?.checkpoint == nil {
                throw TrustError("a bundle of version 0.\(version) must have the log's proof with a checkpoint")
            }
            guard seen.insert(entry.logID + Array("\(entry.logIndex)".utf8)).inserted else {
                throw TrustError("a bundle with the same entry of the log twice")
            }
        }
    }

    /// The bundle as JSON.
    package var json: [UInt8] {
        var material: [String: JSONValue] = [:]
        switch signer {
        case .key(let hint): material["publicKey"] = .object(["hint": .string(hint)])
        case .certificates(let chain):
            let certificates = chain.map { JSONValue.object(["rawBytes": .string(base64Encoded($0))]) }
            if version < 3 || chain.count != 1 {
                material["x509CertificateChain"] = .object(["certificates": .array(certificates)])
            } else {
                material["certificate"] = certificates[0]
            }
        }
        if !entries.isEmpty { material["tlogEntries"] = .array(entries.map(\.value)) }
        if !timestamps.isEmpty {
            material["timestampVerificationData"] = .object([
                "rfc3161Timestamps": .array(
                    timestamps.map { .object(["signedTimestamp": .string(base64Encoded($0))]) })
            ])
        }
        var members: [String: JSONValue] = [
            "mediaType": .string(
                version == 3 ? Self.mediaType : "application/vnd.dev.sigstore.bundle+json;version=0.\(version)"),
            "verificationMaterial": .object(material),
        ]
        switch content {
        case .envelope(let envelope): members["dsseEnvelope"] = envelope.value
        case .message(let digest, let signature):
            var message: [String: JSONValue] = ["signature": .string(base64Encoded(signature))]
            if let digest {
                message["messageDigest"] = .object([
                    "algorithm": .string("SHA2_256"), "digest": .string(base64Encoded(digest)),
                ])
            }
            members["messageSignature"] = .object(message)
        }
        return JSONValue.object(members).compactJSON()
    }
}
