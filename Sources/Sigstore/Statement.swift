// SPDX-License-Identifier: Apache-2.0

package import OCI

/// What an envelope says (in-toto): something about things that are known by their digests.
package struct Statement: Sendable, Equatable {
    /// The most bytes of one: 16 MiB; lists of software are long.
    package static let byteLimit = 16 << 20
    /// The type of envelopes with one.
    package static let payloadType = "application/vnd.in-toto+json"
    /// What a signature of an image says.
    package static let signaturePredicate = "https://sigstore.dev/cosign/sign/v1"
    private static let types = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"]

    /// A thing that something is said of.
    package struct Subject: Sendable, Equatable {
        /// What it is called; nil where it has no name.
        package var name: String?
        /// Its digests by their algorithms, in hexadecimal digits.
        package var digest: [String: String]
        /// What else is said of it.
        package var annotations: [String: JSONValue] = [:]

        /// Makes a subject of an image.
        package init(name: String?, digest: OCI.Digest, annotations: [String: String] = [:]) {
            self.name = name
            self.digest = ["sha256": digest.hex]
            self.annotations = annotations.mapValues { .string($0) }
        }

        init(_ value: JSONValue) throws(TrustError) {
            let object = try StrictObject(value, optional: nil)
            name = try object.string("name").flatMap { $0.isEmpty ? nil : $0 }
            digest = [:]
            guard let digests = object.object("digest") else { return }
            let members = try StrictObject(digests, optional: nil)
            guard members.members.count <= 32 else { throw TrustError("subject: has more than 32 digests") }
            for key in members.members.keys { digest[key] = try members.text(key) }
            if case .object(let given)? = object.object("annotations") { annotations = given }
        }

        var value: JSONValue {
            var members: [String: JSONValue] = ["digest": .object(digest.mapValues { .string($0) })]
            if let name { members["name"] = .string(name) }
            if !annotations.isEmpty { members["annotations"] = .object(annotations) }
            return .object(members)
        }
    }

    /// What it is about.
    package var subjects: [Subject]
    /// What kind of thing is said: a URI.
    package var predicateType: String
    /// What is said.
    package var predicate: JSONValue
    private var type = Statement.types[0]

    /// Makes a statement.
    package init(subjects: [Subject], predicateType: String, predicate: JSONValue = .object([:])) {
        self.subjects = subjects
        self.predicateType = predicateType
        self.predicate = predicate
    }

    /// Reads a statement.
    ///
    /// - Throws: `TrustError`.
    package init(json: [UInt8]) throws(TrustError) {
        let object = try StrictObject(StrictObject.value(json, limit: Self.byteLimit), optional: nil)
        type = try object.text("_type")
        guard Self.types.contains(type) else { throw TrustError("Unrecognized statement type \(quoted(type))") }
        predicateType = try object.text("predicateType")
        predicate = object.members["predicate"] ?? .null
        subjects = []
        for value in try object.array("subject", limit: 1024) { subjects.append(try Subject(value)) }
        guard !subjects.isEmpty else { throw TrustError("a statement about nothing") }
    }

    /// The statement as it is signed.
    package var json: [UInt8] {
        JSONValue.object([
            "_type": .string(type), "subject": .array(subjects.map(\.value)),
            "predicateType": .string(predicateType), "predicate": predicate,
        ]).compactJSON()
    }
}

/// An envelope: bytes of a type, and a signature of both (DSSE).
package struct Envelope: Sendable, Hashable {
    /// What the payload is.
    package var payloadType: String
    /// What was said.
    package var payload: [UInt8]
    /// The signature.
    package var signature: [UInt8]

    /// Makes an envelope.
    package init(payloadType: String, payload: [UInt8], signature: [UInt8]) {
        self.payloadType = payloadType
        self.payload = payload
        self.signature = signature
    }

    init(_ value: JSONValue) throws(TrustError) {
        let object = try StrictObject(value, required: ["payload", "payloadType", "signatures"])
        payloadType = try object.text("payloadType")
        payload = try object.content("payload")
        let signatures = try object.array("signatures", limit: 64)
        guard signatures.count == 1 else { throw TrustError("an envelope with \(signatures.count) signatures") }
        signature = try StrictObject(signatures[0], optional: ["keyid"], required: ["sig"]).content("sig")
    }

    /// Reads an envelope that stands for itself.
    ///
    /// - Throws: `TrustError`.
    package init(json: [UInt8]) throws(TrustError) {
        try self.init(StrictObject.value(json, limit: 2 * Statement.byteLimit))
    }

    /// The envelope as JSON.
    package var value: JSONValue {
        .object([
            "payloadType": .string(payloadType), "payload": .string(base64Encoded(payload)),
            "signatures": .array([.object(["sig": .string(base64Encoded(signature)), "keyid": .string("")])]),
        ])
    }

    /// What is signed of a payload: its type and itself, each with its length.
    package static func signedBytes(_ payloadType: String, _ payload: [UInt8]) -> [UInt8] {
        Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
    }

    /// What was signed.
    package var signedBytes: [UInt8] { Self.signedBytes(payloadType, payload) }
}
