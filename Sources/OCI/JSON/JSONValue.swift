// SPDX-License-Identifier: Apache-2.0

/// Any JSON value: for documents of which a part is changed and the rest kept, whatever it is.
package enum JSONValue: Codable, Equatable, Sendable {
    /// Nothing.
    case null
    /// True or false.
    case bool(Bool)
    /// A whole number.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object.
    case object([String: JSONValue])

    /// Decodes any value of a document that `decode(_:_:name:limit:)` reads, whose depth is bounded.
    package init(from decoder: any Decoder) throws {
        guard let reader = decoder as? JSONReader else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "is no value of a JSON document"))
        }
        switch reader.kind {
        case .null: self = .null
        case .no: self = .bool(false)
        case .yes: self = .bool(true)
        case .number:
            if let whole = Int64(reader.tape.text(reader.node)) {
                self = .integer(whole)
            } else {
                self = .number(try Double(reader))
            }
        case .plainString, .escapedString: self = .string(try String(reader))
        case .array: self = .array(try [JSONValue](from: reader))
        case .object: self = .object(try [String: JSONValue].map(reader))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }
}
