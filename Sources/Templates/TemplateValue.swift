// SPDX-License-Identifier: Apache-2.0

package import OCI

/// What a template is filled in with.
package enum TemplateValue: Sendable, Equatable {
    /// Nothing: what a map does not have, and JSON's null. Printed alone it is `<no value>`.
    case none
    /// An object that is known and not there: `<nil>`. Its fields are errors.
    case nilPointer
    /// True or false.
    case bool(Bool)
    /// A whole number.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A text.
    case string(String)
    /// A list.
    case list([TemplateValue])
    /// A list that is not there: empty, but `null` as JSON.
    case nilList
    /// What has keys of which nobody knows which there are.
    case map(TemplateMap)
    /// What has fields that are known: another one is an error.
    case record(TemplateRecord)

    /// A JSON value; its objects are maps.
    ///
    /// - Parameter value: of a document whose depth is bounded.
    package init(_ value: JSONValue) {
        switch value {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let text): self = .string(text)
        case .array(let values): self = .list(values.map { TemplateValue($0) })
        case .object(let members): self = .map(TemplateMap(members.mapValues { TemplateValue($0) }))
        }
    }

    /// A list of texts; of nil a list that is not there.
    package static func strings(_ texts: [String]?) -> TemplateValue {
        texts.map { .list($0.map { .string($0) }) } ?? .nilList
    }

    /// A map of texts, whose missing keys are empty for `index`; of nil one that is not there.
    package static func strings(_ members: [String: String]?) -> TemplateValue {
        var map = TemplateMap((members ?? [:]).mapValues { .string($0) })
        map.isOfStrings = true
        map.isNil = members == nil
        return .map(map)
    }

    /// An object with these fields.
    package static func record(_ fields: [(name: String, value: TemplateValue)]) -> TemplateValue {
        .record(TemplateRecord(fields))
    }
}

/// Values by keys.
package struct TemplateMap: Sendable, Equatable {
    /// The values.
    package var members: [String: TemplateValue]
    /// Whether all values are texts, so that a key that is missing stands for an empty one.
    package var isOfStrings = false
    /// Whether there is no such map: it is empty, but `null` as JSON.
    package var isNil = false

    /// Makes a map.
    package init(_ members: [String: TemplateValue]) { self.members = members }

    /// The members in the order of their keys' bytes.
    var sorted: [(key: String, value: TemplateValue)] {
        members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
}

/// Values by the names of fields, in an order.
package struct TemplateRecord: Sendable, Equatable {
    /// A field.
    package struct Field: Sendable, Equatable {
        /// What templates call it.
        package var name: String
        /// What it holds.
        package var value: TemplateValue

        /// Makes a field.
        package init(_ name: String, _ value: TemplateValue) {
            self.name = name
            self.value = value
        }
    }

    /// The fields, in the order in which the whole is printed.
    package var fields: [Field]
    /// Other names that templates may use; the whole is printed without them.
    package var aliases: [Field] = []

    /// Makes an object with fields.
    package init(_ fields: [(name: String, value: TemplateValue)]) {
        self.fields = fields.map { Field($0.name, $0.value) }
    }

    /// The field of a name; nil if there is none.
    package subscript(name: String) -> TemplateValue? {
        (fields.first { $0.name == name } ?? aliases.first { $0.name == name })?.value
    }
}
