// SPDX-License-Identifier: Apache-2.0

import Console
import OCI

/// What kind of thing an attestation says: cosign's words for it, or a URI.
struct PredicateType {
    /// The URI.
    let uri: String
    /// Whether what is said is text, and not JSON.
    private let isText: Bool

    /// The words for help.
    static let words =
        "custom, slsaprovenance, slsaprovenance02, slsaprovenance1, spdx, spdxjson, cyclonedx, link, vuln, openvex"

    private static let known: [String: String] = [
        "custom": "https://cosign.sigstore.dev/attestation/v1",
        "slsaprovenance": "https://slsa.dev/provenance/v0.2", "slsaprovenance02": "https://slsa.dev/provenance/v0.2",
        "slsaprovenance1": "https://slsa.dev/provenance/v1", "spdx": "https://spdx.dev/Document",
        "spdxjson": "https://spdx.dev/Document", "cyclonedx": "https://cyclonedx.org/bom",
        "link": "https://in-toto.io/Link/v1", "vuln": "https://cosign.sigstore.dev/attestation/vuln/v1",
        "openvex": "https://openvex.dev/ns",
    ]

    /// Reads what a user wrote.
    init(_ text: String) throws {
        let text = try RawArguments.text(text, "--type")
        if let uri = Self.known[text] {
            (self.uri, isText) = (uri, text == "custom" || text == "spdx")
        } else {
            guard text.contains(":/") else {
                throw CommandError("--type \"\(text.printable)\": give a URI, or one of \(Self.words)")
            }
            (uri, isText) = (text, false)
        }
    }

    /// What is said, of the bytes of a file.
    func predicate(_ bytes: [UInt8], name: String, now: String) throws -> JSONValue {
        guard isText else { return try decode(JSONValue.self, bytes, name: name, limit: 16 << 20) }
        let text = String(decoding: bytes, as: UTF8.self)
        return .object(["Data": .string(text), "Timestamp": .string(now)])
    }
}
