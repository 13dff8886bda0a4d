// SPDX-License-Identifier: Apache-2.0

import OCI

/// Something of sigstore that is kept beside an image: bytes of a media type, with annotations that nobody signed.
package struct SigstoreAttachment: Sendable, Hashable {
    /// The most bytes of one: 4 MiB.
    package static let byteLimit = 4 << 20
    /// The media type of a payload whose signature stands in the annotations: cosign's first form.
    package static let signatureType = "application/vnd.dev.cosign.simplesigning.v1+json"
    /// The media type of an envelope with an attestation: cosign's first form of it.
    package static let envelopeType = "application/vnd.dsse.envelope.v1+json"
    /// The annotation with the signature.
    package static let signatureKey = "dev.cosignproject.cosign/signature"
    /// The annotation with the certificate.
    package static let certificateKey = "dev.sigstore.cosign/certificate"
    /// The annotation with the certificates above it.
    package static let chainKey = "dev.sigstore.cosign/chain"
    /// The annotation with the entry of the transparency log.
    package static let logKey = "dev.sigstore.cosign/bundle"

    /// What the bytes are.
    package var mediaType: String
    /// The bytes.
    package var payload: [UInt8]
    /// The annotations.
    package var annotations: [String: String]

    /// Makes an attachment.
    package init(mediaType: String, payload: [UInt8], annotations: [String: String] = [:]) {
        self.mediaType = mediaType
        self.payload = payload
        self.annotations = annotations
    }

    /// Reads the JSON in which `dir:` keeps one.
    ///
    /// - Throws: `TrustError`.
    package init(json: [UInt8]) throws(TrustError) {
        let object = try StrictObject(
            StrictObject.value(json, limit: 2 * Self.byteLimit), optional: nil, required: ["mimeType", "payload"])
        mediaType = try object.text("mimeType")
        payload = try object.content("payload")
        annotations = [:]
        guard let given = object.object("annotations") else { return }
        let members = try StrictObject(given, optional: nil)
        for key in members.members.keys { annotations[key] = try members.text(key) }
    }

    /// The JSON in which `dir:` keeps one.
    package var json: [UInt8] {
        JSONValue.object([
            "mimeType": .string(mediaType), "payload": .string(base64Encoded(payload)),
            "annotations": .object(annotations.mapValues { .string($0) }),
        ]).compactJSON()
    }

    /// Whether it is a signature of an image: one of the first form, or a bundle, which may be an attestation.
    package var isSignature: Bool {
        mediaType == Self.signatureType || SigstoreBundle.version(of: mediaType) != nil
    }
}
