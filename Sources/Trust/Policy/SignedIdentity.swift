// SPDX-License-Identifier: Apache-2.0

package import OCI
import Sigstore

/// What a signature must say that an image is called, given what the user calls it.
package enum SignedIdentity: Sendable, Hashable {
    /// The very same name, with its tag or digest.
    case matchExact
    /// The very same name; where the user gave a digest only, the same repository will do.
    case matchRepoDigestOrExact
    /// A name of the same repository.
    case matchRepository
    /// A name that the policy gives.
    case exactReference(String)
    /// A name of the repository that the policy gives.
    case exactRepository(String)
    /// As `matchRepoDigestOrExact`, after the beginning of the user's name was replaced.
    case remapIdentity(prefix: String, signedPrefix: String)

    /// Reads an identity of a policy.
    init(_ value: JSONValue) throws(TrustError) {
        let type = try StrictObject(value, optional: nil).string("type") ?? ""
        switch type {
        case "matchExact", "matchRepoDigestOrExact", "matchRepository":
            _ = try StrictObject(value, required: ["type"])
            self =
                type == "matchExact"
                ? .matchExact : type == "matchRepository" ? .matchRepository : .matchRepoDigestOrExact
        case "exactReference":
            let text = try StrictObject(value, required: ["type", "dockerReference"]).text("dockerReference")
            let reference = try Self.reference(text, "dockerReference")
            guard reference.tag != nil || reference.digest != nil else {
                throw TrustError("dockerReference \(quoted(text)) contains neither a tag nor digest")
            }
            self = .exactReference(text)
        case "exactRepository":
            let text = try StrictObject(value, required: ["type", "dockerRepository"]).text("dockerRepository")
            _ = try Self.reference(text, "dockerRepository")
            self = .exactRepository(text)
        case "remapIdentity":
            let object = try StrictObject(value, required: ["type", "prefix", "signedPrefix"])
            let (prefix, signedPrefix) = (try object.text("prefix"), try object.text("signedPrefix"))
            for text in [prefix, signedPrefix] where !Self.isPrefix(text) {
                throw TrustError("prefix \(quoted(text)) is not valid")
            }
            self = .remapIdentity(prefix: prefix, signedPrefix: signedPrefix)
        default: throw TrustError("Unknown policy reference match type \(quoted(type))")
        }
    }

    private static func reference(_ text: String, _ key: String) throws(TrustError) -> Reference {
        do throws(FormatError) {
            return try Reference(parsing: text)
        } catch {
            throw TrustError("Invalid format of \(key) \(quoted(text)): \(error.cause)")
        }
    }

    /// Whether a text is a host, or a host with a namespace or a repository behind it.
    private static func isPrefix(_ text: String) -> Bool {
        let host = text.prefix { $0 != "/" }
        // What has neither a dot nor a port is taken for a host here, other than in names of images.
        let full = host.contains { ".:[".contains($0) } ? String(host) : "\(host).x"
        // What is no name is refused.
        guard let named = try? Reference(parsing: "\(full)/x"), named.repository.hasSuffix("x") else { return false }
        guard text.contains("/") else { return true }
        // As above.
        guard let behind = try? Reference(parsing: "localhost\(text.dropFirst(host.count))") else { return false }
        return behind.tag == nil && behind.digest == nil
    }

    /// The identity's name in policy.json.
    package var type: String {
        switch self {
        case .matchExact: "matchExact"
        case .matchRepoDigestOrExact: "matchRepoDigestOrExact"
        case .matchRepository: "matchRepository"
        case .exactReference: "exactReference"
        case .exactRepository: "exactRepository"
        case .remapIdentity: "remapIdentity"
        }
    }

    // MARK: - Matching

    /// Whether a signature for a name counts for an image.
    ///
    /// - Parameters:
    ///   - signed: the name in the signature; what is no name matches nothing.
    ///   - wanted: what the user calls the image; nil for an image without such a name, such as one in a directory.
    package func matches(signed: String, wanted: Reference?) -> Bool {
        guard let signed = try? Reference(parsing: signed) else { return false }  // What is no name matches nothing.
        switch self {
        case .matchExact:
            return wanted.map { Self.isExact(signed, $0) } ?? false
        case .matchRepoDigestOrExact:
            return wanted.map { Self.isExactOrByDigest(signed, $0) } ?? false
        case .matchRepository:
            return wanted.map { Self.isSameRepository(signed, $0) } ?? false
        case .exactReference(let text):
            guard let given = try? Reference(parsing: text) else { return false }  // As above.
            return Self.isExact(signed, given)
        case .exactRepository(let text):
            guard let given = try? Reference(parsing: text) else { return false }  // As above.
            return Self.isSameRepository(signed, given)
        case .remapIdentity(let prefix, let signedPrefix):
            guard let wanted, let mapped = Self.remapped(wanted, prefix, signedPrefix) else { return false }
            return Self.isExactOrByDigest(signed, mapped)
        }
    }

    private static func isNameOnly(_ reference: Reference) -> Bool { reference.tag == nil && reference.digest == nil }

    private static func isSameRepository(_ left: Reference, _ right: Reference) -> Bool {
        left.registry == right.registry && left.repository == right.repository
    }

    private static func isExact(_ signed: Reference, _ wanted: Reference) -> Bool {
        !isNameOnly(signed) && !isNameOnly(wanted) && signed == wanted
    }

    private static func isExactOrByDigest(_ signed: Reference, _ wanted: Reference) -> Bool {
        guard !isNameOnly(signed), !isNameOnly(wanted) else { return false }
        // That the digest is the signed one is checked where the signature's digest is.
        return wanted.tag == nil ? isSameRepository(signed, wanted) : signed == wanted
    }

    private static func remapped(_ reference: Reference, _ prefix: String, _ signedPrefix: String) -> Reference? {
        let name = "\(reference.registry)/\(reference.repository)"
        guard name == prefix || name.hasPrefix(prefix + "/") else { return reference }
        let text = signedPrefix + "\(reference)".dropFirst(prefix.count)
        // A new name that is short, and would be completed, is none.
        guard let mapped = try? Reference(parsing: text), "\(mapped)" == text else { return nil }
        return mapped
    }
}
