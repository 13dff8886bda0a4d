// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Sigstore

/// A policy as a file that is changed: what is not meant stays as it is.
package struct PolicyDocument: Sendable, Equatable {
    private var members: [String: JSONValue]

    /// The policy without any file: everything is accepted.
    package init() { members = ["default": .array([Self.simple("insecureAcceptAnything")])] }

    /// Reads a file, which must be a policy.
    ///
    /// - Throws: `TrustError`.
    package init(json: [UInt8], name: String) throws(TrustError) {
        _ = try Policy(json: json, name: name)
        members = try StrictObject(StrictObject.value(json, limit: Policy.byteLimit), optional: nil).members
    }

    /// A requirement without members.
    ///
    /// - Parameter type: `insecureAcceptAnything` or `reject`.
    package static func simple(_ type: String) -> JSONValue { .object(["type": .string(type)]) }

    /// A requirement of a signature.
    ///
    /// - Parameters:
    ///   - type: `signedBy` or `sigstoreSigned`.
    ///   - paths: the files of keys, absolute; one or several, any of which will do.
    ///   - identity: nil for the default.
    package static func signed(_ type: String, paths: [String], identity: JSONValue? = nil) -> JSONValue {
        var members: [String: JSONValue] = ["type": .string(type)]
        if type == "signedBy" { members["keyType"] = .string("GPGKeys") }
        if paths.count == 1 {
            members["keyPath"] = .string(paths[0])
        } else {
            members["keyPaths"] = .array(paths.map { .string($0) })
        }
        if let identity { members["signedIdentity"] = identity }
        return .object(members)
    }

    /// A requirement of a signature by a key that the policy holds itself.
    package static func signed(_ type: String, keyData: [UInt8], identity: JSONValue? = nil) -> JSONValue {
        var members: [String: JSONValue] = ["type": .string(type), "keyData": .string(base64Encoded(keyData))]
        if type == "signedBy" { members["keyType"] = .string("GPGKeys") }
        if let identity { members["signedIdentity"] = identity }
        return .object(members)
    }

    /// Makes a requirement of sigstore's signatures one that wants a log's word too.
    ///
    /// - Parameters:
    ///   - requirement: the requirement; what is no object stays as it is.
    ///   - paths: the files of the logs' keys, absolute; with none the requirement stays as it is.
    package static func logged(_ requirement: JSONValue, by paths: [String]) -> JSONValue {
        guard case .object(var members) = requirement, !paths.isEmpty else { return requirement }
        if paths.count == 1 {
            members["rekorPublicKeyPath"] = .string(paths[0])
        } else {
            members["rekorPublicKeyPaths"] = .array(paths.map { .string($0) })
        }
        return .object(members)
    }

    /// Sets what every image must fulfil of which nothing else is said.
    package mutating func setDefault(_ requirements: [JSONValue]) { members["default"] = .array(requirements) }

    /// The transport that says something of a scope; docker first.
    package func transport(of scope: String) -> String? {
        let found = transports.filter { _, scopes in
            guard case .object(let scopes) = scopes else { return false }
            return scopes[scope] != nil
        }.keys
        return found.contains("docker") ? "docker" : found.min()
    }

    /// Sets what images of a scope must fulfil.
    package mutating func set(_ scope: String, of transport: String, _ requirements: [JSONValue]) {
        var all = transports
        var scopes: [String: JSONValue] = [:]
        if case .object(let given)? = all[transport] { scopes = given }
        scopes[scope] = .array(requirements)
        all[transport] = .object(scopes)
        members["transports"] = .object(all)
    }

    /// Takes away what is said of a scope; false where nothing is.
    package mutating func remove(_ scope: String, of transport: String) -> Bool {
        var all = transports
        guard case .object(var scopes)? = all[transport], scopes.removeValue(forKey: scope) != nil else { return false }
        all[transport] = scopes.isEmpty ? nil : .object(scopes)
        members["transports"] = .object(all)
        return true
    }

    private var transports: [String: JSONValue] {
        guard case .object(let transports)? = members["transports"] else { return [:] }
        return transports
    }

    // MARK: - Writing

    /// The file: four spaces, names in their order.
    package var text: [UInt8] {
        var text = ""
        Self.write(.object(members), indent: "", to: &text)
        return Array((text + "\n").utf8)
    }

    /// Writes a value; a document that was read is at most `DocumentLimit.depth` deep.
    private static func write(_ value: JSONValue, indent: String, to text: inout String) {
        let inner = indent + "    "
        switch value {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .integer(let number): text += "\(number)"
        case .number(let number): text += "\(number)"
        case .string(let string): text += jsonString(string)
        case .array(let values):
            text += "["
            for (position, value) in values.enumerated() {
                text += (position == 0 ? "\n" : ",\n") + inner
                write(value, indent: inner, to: &text)
            }
            text += values.isEmpty ? "]" : "\n\(indent)]"
        case .object(let members):
            text += "{"
            // The type of a requirement is what it is read by.
            let names = members.keys.filter { $0 == "type" } + members.keys.filter { $0 != "type" }.sorted()
            for (position, name) in names.enumerated() {
                text += (position == 0 ? "\n" : ",\n") + inner + jsonString(name) + ": "
                write(members[name] ?? .null, indent: inner, to: &text)
            }
            text += members.isEmpty ? "}" : "\n\(indent)}"
        }
    }
}

/// A string in JSON.
private func jsonString(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
        switch scalar {
        case "\"", "\\": text += "\\\(scalar)"
        case _ where scalar.value < 0x20 || scalar.value == 0x7F:
            let digits = String(scalar.value, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: text.unicodeScalars.append(scalar)
        }
    }
    return text + "\""
}
