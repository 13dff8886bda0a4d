// SPDX-License-Identifier: Apache-2.0

import OCI
package import Sigstore

/// What a simple signature says: that an image of a digest is called by a name (containers-signature(5)).
package struct SimpleSigningPayload: Sendable, Hashable {
    /// The most bytes that a payload may have: 64 KiB.
    package static let byteLimit = 64 << 10
    private static let type = "atomic container signature"

    /// The digest of the manifest: `sha256:…`.
    package var manifestDigest: String
    /// What the image is called; whether that is a name is seen where it is compared.
    package var dockerReference: String
    /// The program that signed; nil where it does not say.
    package var creator: String?
    /// When it was signed, in seconds since 1970; nil where it does not say.
    package var timestamp: Int64?

    /// Makes a payload.
    package init(manifestDigest: String, dockerReference: String, creator: String? = nil, timestamp: Int64? = nil) {
        self.manifestDigest = manifestDigest
        self.dockerReference = dockerReference
        self.creator = creator
        self.timestamp = timestamp
    }

    /// Reads a payload.
    ///
    /// - Throws: `TrustError`.
    package init(json: [UInt8]) throws(TrustError) {
        let value = try StrictObject.value(json, limit: Self.byteLimit)
        let top = try StrictObject(value, required: ["critical", "optional"])
        let critical = try StrictObject(top.members["critical"] ?? .null, required: ["type", "image", "identity"])
        let optional = try StrictObject(top.members["optional"] ?? .null, optional: nil)
        let type = try critical.text("type")
        guard type == Self.type else { throw TrustError("Unrecognized signature type \(type.printable)") }
        let image = try StrictObject(critical.members["image"] ?? .null, required: ["docker-manifest-digest"])
        let identity = try StrictObject(critical.members["identity"] ?? .null, required: ["docker-reference"])
        manifestDigest = try image.text("docker-manifest-digest")
        guard Self.isDigest(manifestDigest) else {
            throw TrustError("invalid digest \(quoted(manifestDigest))")
        }
        dockerReference = try identity.text("docker-reference")
        creator = try optional.string("creator")
        switch optional.members["timestamp"] {
        case nil: timestamp = nil
        case .integer(let seconds)?: timestamp = seconds
        case .number(let seconds)?:
            guard let whole = Int64(exactly: seconds) else {
                throw TrustError("Field optional.timestamp is not an integer")
            }
            timestamp = whole
        default: throw TrustError("timestamp: is not a number")
        }
    }

    /// Whether a text is a digest of one of the three algorithms that images may have.
    private static func isDigest(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let length = ["sha256": 64, "sha384": 96, "sha512": 128][String(parts[0])] else {
            return false
        }
        return parts[1].utf8.count == length
            && parts[1].utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    /// The payload as it is signed.
    package var json: [UInt8] {
        var optional: [String] = []
        if let creator { optional.append("\"creator\":\(Self.text(creator))") }
        if let timestamp { optional.append("\"timestamp\":\(timestamp)") }
        let json =
            "{\"critical\":{\"identity\":{\"docker-reference\":\(Self.text(dockerReference))},"
            + "\"image\":{\"docker-manifest-digest\":\(Self.text(manifestDigest))},\"type\":\(Self.text(Self.type))},"
            + "\"optional\":{\(optional.joined(separator: ","))}}"
        return Array(json.utf8)
    }

    /// A string as Go writes it in JSON, so that the bytes are those that other tools would sign.
    private static func text(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20 || "<>&\u{2028}\u{2029}".unicodeScalars.contains(scalar):
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
