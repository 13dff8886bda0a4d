// SPDX-License-Identifier: Apache-2.0

import CommandTrees
import Console
package import LayerStore
import OCI
import Objects
import Transports

/// What two images say of themselves, key by key.
package struct DiffConfiguration {
    /// A key on which the images disagree.
    struct Difference: Equatable {
        let key: String
        let left: JSONValue?
        let right: JSONValue?
    }

    /// The differences, in the order of their keys.
    let differences: [Difference]

    init(_ left: ImageDescription, _ right: ImageDescription) throws {
        let (old, new) = (try Self.facts(left), try Self.facts(right))
        differences = Set(old.keys).union(new.keys).sorted().compactMap { key in
            old[key] == new[key] ? nil : Difference(key: key, left: old[key], right: new[key])
        }
    }

    /// Lines as `cimg diff` has them: `C Env.PATH "a" -> "b"`.
    var text: String {
        differences.map { difference in
            let key = difference.key.printable
            switch (difference.left, difference.right) {
            case (let left?, let right?): return "C \(key) \(Self.text(left)) -> \(Self.text(right))\n"
            case (let left?, nil): return "D \(key) \(Self.text(left))\n"
            case (nil, let right): return "A \(key) \(Self.text(right ?? .null))\n"
            }
        }.joined()
    }

    /// A JSON array of the differences.
    var json: [UInt8] {
        var text = JSONText()
        write(to: &text)
        return text.bytes
    }

    /// Writes the differences as an array.
    func write(to text: inout JSONText) {
        text.beginArray()
        for difference in differences {
            text.beginObject()
            text.key("key")
            text.string(difference.key)
            for (key, value) in [("left", difference.left), ("right", difference.right)] {
                guard let value else { continue }
                text.key(key)
                Self.write(value, to: &text)
            }
            text.endObject()
        }
        text.endArray()
    }

    /// Objects whose members are keys of their own.
    private static let maps: Set<String> = ["Labels", "ExposedPorts", "Volumes", "Healthcheck"]

    /// An image's facts by key, as texts: strings as they are, all else as JSON on one line.
    package static func facts(of image: ImageDescription) throws -> [String: String] {
        try facts(image).mapValues { value in
            if case .string(let text) = value { return text }
            return text(value)
        }
    }

    /// An image's facts by key.
    static func facts(_ image: ImageDescription) throws -> [String: JSONValue] {
        let document = try decode(
            [String: JSONValue].self, image.configurationBytes, name: "configuration \(image.manifest.config.digest)",
            limit: DocumentLimit.configuration)
        var facts: [String: JSONValue] = [:]
        for key in ["architecture", "author", "created", "os", "os.version", "variant"] {
            if let value = document[key], !isNothing(value) { facts[key] = value }
        }
        if case .object(let members)? = document["config"] {
            for (key, value) in members where !isNothing(value) { add(key, value, to: &facts) }
        }
        for (key, value) in image.manifest.annotations ?? [:] {
            facts["Annotations.\(key)"] = .string(value)
        }
        return facts
    }

    private static func add(_ key: String, _ value: JSONValue, to facts: inout [String: JSONValue]) {
        switch value {
        case .array(let entries) where key == "Env":
            for case .string(let entry) in entries {
                let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                facts["Env.\(parts[0])"] = .string(parts.count > 1 ? String(parts[1]) : "")
            }
        case .object(let members) where maps.contains(key):
            for (name, member) in members { facts["\(key).\(name)"] = member }
        default: facts[key] = value
        }
    }

    /// Whether a value is as good as none, as tools write either.
    private static func isNothing(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .string(""), .bool(false): true
        case .array(let values): values.isEmpty
        case .object(let members): members.isEmpty
        default: false
        }
    }

    /// A value as JSON on one line, members in the order of their names.
    static func text(_ value: JSONValue) -> String {
        var text = JSONText(isCompact: true)
        write(value, to: &text)
        return String(decoding: text.bytes.dropLast(), as: UTF8.self)
    }

    /// Documents are no deeper than `DocumentLimit.depth`.
    private static func write(_ value: JSONValue, to text: inout JSONText) {
        switch value {
        case .null: text.null()
        case .bool(let value): text.bool(value)
        case .integer(let value): text.number(value)
        case .number(let value): text.string("\(value)")
        case .string(let value): text.string(value)
        case .array(let values):
            text.beginArray()
            for value in values { write(value, to: &text) }
            text.endArray()
        case .object(let members):
            text.beginObject()
            for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                text.key(key)
                write(value, to: &text)
            }
            text.endObject()
        }
    }
}
