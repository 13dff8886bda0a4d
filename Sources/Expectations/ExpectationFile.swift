// SPDX-License-Identifier: Apache-2.0

import OCI
import YAML

/// A file of tests as container-structure-test has it (`schemaVersion: "2.0.0"`).
package struct ExpectationFile: Sendable, Equatable {
    /// Bytes that a file may have.
    package static let byteLimit = YAMLValue.byteLimit

    var variables: [ExpectedPair] = []
    var commands: [String] = []
    var existence: [ExistenceTest] = []
    var contents: [ContentTest] = []
    var metadata = MetadataTest()
    var licences: [LicenceTest] = []

    /// Reads a file.
    ///
    /// In YAML an unknown key is an error, in JSON it says nothing, and capital letters of keys are of no matter.
    /// - Parameters:
    ///   - bytes: all of it, up to `byteLimit`.
    ///   - name: its name, for messages; one that ends in `.json` is JSON.
    /// - Throws: `ExpectationError`, `YAMLError`, `FormatError`.
    package init(_ bytes: [UInt8], name: String) throws {
        let fields = try ExpectationFields(
            try Self.document(bytes, name: name), at: name, isLenient: Self.isJSON(name))
        let version = try fields.text("schemaVersion")
        guard version == "2.0.0" else {
            let found = version.isEmpty ? "there is none" : "\"\(version.printable)\""
            throw ExpectationError("\(name): schemaVersion: \(found); 2.0.0 is understood")
        }
        variables = try fields.all("globalEnvVars").map { try Self.pair($0) }
        commands = try fields.all("commandTests").map { try $0.text("name") }
        existence = try fields.all("fileExistenceTests").map { try Self.existence($0) }
        contents = try fields.all("fileContentTests").map { entry in
            try entry.allow(["name", "path", "expectedContents", "excludedContents"])
            return ContentTest(
                name: try entry.text("name"), path: try entry.text("path"),
                expected: try entry.texts("expectedContents") ?? [], excluded: try entry.texts("excludedContents") ?? []
            )
        }
        if let entry = try fields.object("metadataTest") { metadata = try Self.metadata(entry) }
        licences = try fields.all("licenseTests").map { entry in
            try entry.allow(["debian", "files"])
            return LicenceTest(isDebian: try entry.truth("debian") ?? false, files: try entry.texts("files") ?? [])
        }
        try fields.allow(Self.members)
    }

    /// Whether it has no test.
    package var isEmpty: Bool {
        commands.isEmpty && existence.isEmpty && contents.isEmpty && licences.isEmpty && metadata.isEmpty
    }

    private static let members: Set = [
        "schemaVersion", "globalEnvVars", "commandTests", "fileExistenceTests", "fileContentTests", "metadataTest",
        "licenseTests", "containerRunOptions",
    ]

    /// Whether a document has members that only files of tests have, and none of `others`.
    ///
    /// What cannot be read at all is none: whoever reads it as something else tells what is wrong.
    package static func isOne(_ bytes: [UInt8], name: String, without others: Set<String>) -> Bool {
        // As above.
        guard case .mapping(let found)? = try? document(bytes, name: name), others.isDisjoint(with: found.keys) else {
            return false
        }
        let known = isJSON(name) ? Set(members.map { $0.lowercased() }) : members
        return found.keys.contains { known.contains(isJSON(name) ? $0.lowercased() : $0) }
    }

    private static func isJSON(_ name: String) -> Bool { name.hasSuffix(".json") }

    private static func document(_ bytes: [UInt8], name: String) throws -> YAMLValue {
        guard isJSON(name) else { return try YAMLValue(bytes, name: name) }
        return value(try decode(JSONValue.self, bytes, name: name, limit: byteLimit))
    }

    private static func pair(_ fields: ExpectationFields) throws -> ExpectedPair {
        try fields.allow(["key", "value", "isRegex"])
        return ExpectedPair(
            key: try fields.text("key"), value: try fields.text("value"),
            isPattern: try fields.truth("isRegex") ?? false)
    }

    private static func existence(_ fields: ExpectationFields) throws -> ExistenceTest {
        try fields.allow(["name", "path", "shouldExist", "permissions", "uid", "gid", "isExecutableBy"])
        var test = ExistenceTest(name: try fields.text("name"), path: try fields.text("path"))
        test.shouldExist = try fields.truth("shouldExist") ?? true
        test.permissions = try fields.text("permissions")
        // -1 is what others write for "of no matter".
        test.uid = try fields.number("uid").flatMap { $0 < 0 ? nil : $0 }
        test.gid = try fields.number("gid").flatMap { $0 < 0 ? nil : $0 }
        test.isExecutableBy = try fields.text("isExecutableBy")
        return test
    }

    private static func metadata(_ fields: ExpectationFields) throws -> MetadataTest {
        try fields.allow([
            "envVars", "unboundEnvVars", "labels", "entrypoint", "cmd", "exposedPorts", "unexposedPorts", "volumes",
            "unmountedVolumes", "workdir", "user",
        ])
        var test = MetadataTest()
        test.variables = try fields.all("envVars").map { try pair($0) }
        test.unboundVariables = try fields.all("unboundEnvVars").map { try pair($0) }
        test.labels = try fields.all("labels").map { try pair($0) }
        test.entrypoint = try fields.texts("entrypoint")
        test.command = try fields.texts("cmd")
        test.ports = try fields.texts("exposedPorts") ?? []
        test.closedPorts = try fields.texts("unexposedPorts") ?? []
        test.volumes = try fields.texts("volumes") ?? []
        test.otherVolumes = try fields.texts("unmountedVolumes") ?? []
        test.directory = try fields.text("workdir")
        test.user = try fields.text("user")
        return test
    }

    /// A value of JSON as YAML would have it; what is read is at most `DocumentLimit.depth` deep.
    private static func value(_ value: JSONValue) -> YAMLValue {
        switch value {
        case .null: .scalar("null", isPlain: true)
        case .bool(let value): .scalar(value ? "true" : "false", isPlain: true)
        case .integer(let value): .scalar("\(value)", isPlain: true)
        case .number(let value): .scalar("\(value)", isPlain: true)
        case .string(let text): .scalar(text, isPlain: false)
        case .array(let values): .list(values.map { Self.value($0) })
        case .object(let members): .mapping(members.mapValues { Self.value($0) })
        }
    }
}

/// Why a file of tests cannot be read.
package struct ExpectationError: Error, Equatable, CustomStringConvertible {
    /// The file, the place in it, and what is wrong.
    package let description: String

    init(_ description: String) { self.description = description }
}

/// The members of a mapping, read by what they should be.
struct ExpectationFields {
    private let members: [String: YAMLValue]
    private let place: String
    private let isLenient: Bool

    init(_ value: YAMLValue, at place: String, isLenient: Bool) throws(ExpectationError) {
        (self.place, self.isLenient) = (place, isLenient)
        guard case .mapping(let members) = value else { throw ExpectationError("\(place): is no mapping") }
        guard isLenient else {
            self.members = members
            return
        }
        var lowered: [String: YAMLValue] = [:]
        for (key, value) in members {
            guard lowered.updateValue(value, forKey: key.lowercased()) == nil else {
                throw ExpectationError("\(place): has \"\(key.printable)\" twice, but for capital letters")
            }
        }
        self.members = lowered
    }

    private subscript(key: String) -> YAMLValue? {
        guard let value = members[isLenient ? key.lowercased() : key], !value.isNull else { return nil }
        return value
    }

    /// Refuses other keys, where they are refused.
    func allow(_ keys: Set<String>) throws(ExpectationError) {
        guard !isLenient, let key = members.keys.filter({ !keys.contains($0) }).min() else { return }
        throw ExpectationError("\(place): \"\(key.printable)\" is no key that is known here")
    }

    private func problem(_ key: String, _ reason: String) -> ExpectationError {
        ExpectationError("\(place): \(key): \(reason)")
    }

    /// A text; empty where there is none.
    func text(_ key: String) throws(ExpectationError) -> String {
        guard let value = self[key] else { return "" }
        guard case .scalar(let text, _) = value else { throw problem(key, "is no text") }
        return text
    }

    /// A list of texts; nil where there is none.
    func texts(_ key: String) throws(ExpectationError) -> [String]? {
        guard let value = self[key] else { return nil }
        guard case .list(let values) = value else { throw problem(key, "is no list") }
        var texts: [String] = []
        for value in values {
            guard case .scalar(let text, let isPlain) = value, !(isPlain && value.isNull) else {
                throw problem(key, "has something else than texts")
            }
            texts.append(text)
        }
        return texts
    }

    /// True or false, as YAML 1.1 writes them; nil where there is none.
    func truth(_ key: String) throws(ExpectationError) -> Bool? {
        guard let value = self[key] else { return nil }
        if case .scalar(let text, isPlain: true) = value {
            if ["true", "yes", "on", "y"].contains(text.lowercased()) { return true }
            if ["false", "no", "off", "n"].contains(text.lowercased()) { return false }
        }
        throw problem(key, "is neither true nor false")
    }

    /// A whole number; nil where there is none.
    func number(_ key: String) throws(ExpectationError) -> Int64? {
        guard let value = self[key] else { return nil }
        guard case .scalar(let text, _) = value, let number = Int64(text), -1...Int64(UInt32.max) ~= number else {
            throw problem(key, "is no number of a user or a group")
        }
        return number
    }

    /// A mapping; nil where there is none.
    func object(_ key: String) throws(ExpectationError) -> ExpectationFields? {
        guard let value = self[key] else { return nil }
        return try ExpectationFields(value, at: "\(place): \(key)", isLenient: isLenient)
    }

    /// A list of mappings; empty where there is none.
    func all(_ key: String) throws(ExpectationError) -> [ExpectationFields] {
        guard let value = self[key] else { return [] }
        guard case .list(let values) = value else { throw problem(key, "is no list") }
        var found: [ExpectationFields] = []
        for (index, value) in values.enumerated() {
            found.append(try ExpectationFields(value, at: "\(place): \(key) \(index + 1)", isLenient: isLenient))
        }
        return found
    }
}
