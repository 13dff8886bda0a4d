// SPDX-License-Identifier: Apache-2.0

import OCI
package import Sigstore

extension Policy {
    /// Reads a policy; whatever is unknown, repeated or empty refuses it whole.
    ///
    /// - Parameter name: the file, for messages.
    /// - Throws: `TrustError`: `invalid policy in "FILE": …`.
    package init(json: [UInt8], name: String) throws(TrustError) {
        do throws(TrustError) {
            try self.init(StrictObject.value(json, limit: Self.byteLimit))
        } catch {
            throw TrustError("invalid policy in \(quoted(name)): \(error)")
        }
    }

    private init(_ value: JSONValue) throws(TrustError) {
        let object = try StrictObject(value, optional: ["default", "transports"])
        guard let first = object.members["default"] else { throw TrustError("Default policy is missing") }
        let defaults = try Self.requirements(first)
        var transports: [String: [String: [PolicyRequirement]]] = [:]
        if let given = object.members["transports"] {
            for (transport, value) in try Self.sorted(StrictObject(given, optional: nil)) {
                var scopes: [String: [PolicyRequirement]] = [:]
                for (scope, value) in try Self.sorted(StrictObject(value, optional: nil)) {
                    guard PolicyScope.isValid(scope, of: transport) else {
                        throw TrustError("Unknown key \(quoted(scope))")
                    }
                    scopes[scope] = try Self.requirements(value)
                }
                transports[transport] = scopes
            }
        }
        self.init(defaults, transports: transports)
    }

    /// Members in an order, so that the same file gives the same message.
    private static func sorted(_ object: StrictObject) -> [(key: String, value: JSONValue)] {
        object.members.sorted { $0.key < $1.key }
    }

    private static func requirements(_ value: JSONValue) throws(TrustError) -> [PolicyRequirement] {
        guard case .array(let values) = value else {
            throw TrustError("List of verification policy requirements expected")
        }
        guard !values.isEmpty else {
            throw TrustError("List of verification policy requirements must not be empty")
        }
        var requirements: [PolicyRequirement] = []
        for value in values { requirements.append(try PolicyRequirement(value)) }
        return requirements
    }
}

extension PolicyRequirement {
    /// Reads a requirement.
    init(_ value: JSONValue) throws(TrustError) {
        let type = try StrictObject(value, optional: nil).string("type") ?? ""
        switch type {
        case "insecureAcceptAnything":
            _ = try StrictObject(value, required: ["type"])
            self = .insecureAcceptAnything
        case "reject":
            _ = try StrictObject(value, required: ["type"])
            self = .reject
        case "signedBy": self = .signedBy(try SignedBy(value))
        case "sigstoreSigned": self = .sigstoreSigned(try SigstoreSigned(value))
        case "signedBaseLayer":
            let object = try StrictObject(value, required: ["type", "baseLayerIdentity"])
            self = .signedBaseLayer(try SignedIdentity(object.members["baseLayerIdentity"] ?? .null))
        default: throw TrustError("Unknown policy requirement type \(quoted(type))")
        }
    }
}

extension SignedBy {
    fileprivate init(_ value: JSONValue) throws(TrustError) {
        let object = try StrictObject(
            value, optional: ["type", "keyType", "keyPath", "keyPaths", "keyData", "signedIdentity"])
        if let type = try object.string("keyType"), !Self.keyTypes.contains(type) {
            throw TrustError("Unrecognized keyType value \(quoted(type))")
        }
        let identity = try object.members["signedIdentity"].map { (value) throws(TrustError) in
            try SignedIdentity(value)
        }
        let names = "keyPath, keyPaths and keyData must be specified"
        let (path, paths) = (try object.string("keyPath"), try object.strings("keyPaths"))
        let data = try object.bytes("keyData")
        let count = (path != nil ? 1 : 0) + (paths != nil ? 1 : 0) + (data != nil ? 1 : 0)
        guard count > 0 else { throw TrustError("Exactly one of \(names), none of them present") }
        guard count == 1 else { throw TrustError("Exactly one of \(names), more than one present") }
        guard let keyType = try object.string("keyType") else { throw TrustError("invalid keyType \"\"") }
        if path == "" { throw TrustError("exactly one of \(names)") }
        let keys: KeySource = data.map { .data([$0]) } ?? .paths(paths ?? [path ?? ""])
        self.init(keyType: keyType, keys: keys, identity: identity ?? .matchRepoDigestOrExact)
    }
}
