// SPDX-License-Identifier: Apache-2.0

package import OCI

/// What a signature of cosign's first form says: that an image of a digest is called by a name, and what else the signer
/// wants to say.
package struct CosignPayload: Sendable, Equatable {
    /// The most bytes of one: 64 KiB.
    package static let byteLimit = 64 << 10
    private static let type = "cosign container image signature"

    /// The digest of the manifest: `sha256:…`.
    package var manifestDigest: String
    /// What the image is called; cosign names the repository only.
    package var dockerReference: String
    /// What else is signed; nil where it is null.
    package var optional: [String: JSONValue]?

    /// Makes a payload.
    package init(manifestDigest: Digest, dockerReference: String, annotations: [String: String] = [:]) {
        self.manifestDigest = "\(manifestDigest)"
        self.dockerReference = dockerReference
        optional = annotations.isEmpty ? nil : annotations.mapValues { .string($0) }
    }

    /// Reads a payload.
    ///
    /// - Throws: `TrustError`.
    package init(json: [UInt8]) throws(TrustError) {
        let value = try StrictObject.value(json, limit: Self.byteLimit)
        let top = try StrictObject(value, required: ["critical", "optional"])
        let critical = try top.inner("critical", required: ["type", "image", "identity"])
        let type = try critical.text("type")
        guard type == Self.type else { throw TrustError("Unrecognized signature type \(type.printable)") }
        manifestDigest = try critical.inner("image", required: ["docker-manifest-digest"]).text(
            "docker-manifest-digest")
        guard (try? Digest(parsing: manifestDigest)) != nil else {  // Said below.
            throw TrustError("invalid digest \(quoted(manifestDigest))")
        }
        dockerReference = try critical.inner("identity", required: ["docker-reference"]).text("docker-reference")
        switch top.members["optional"] {
        case .null?: optional = nil
        case .object(let members)?: optional = members
        default: throw TrustError("optional: is not an object")
        }
    }

    /// The payload as a value.
    package var value: JSONValue {
        .object([
            "critical": .object([
                "identity": .object(["docker-reference": .string(dockerReference)]),
                "image": .object(["docker-manifest-digest": .string(manifestDigest)]), "type": .string(Self.type),
            ]),
            "optional": optional.map { .object($0) } ?? .null,
        ])
    }

    /// The payload as it is signed.
    package var json: [UInt8] { value.compactJSON(escapesHTML: true) }
}
