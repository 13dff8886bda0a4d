// SPDX-License-Identifier: Apache-2.0

/// Decodes a value of a JSON document so that no reader can see another one in it.
///
/// Go, in which all engines are written, takes a member for a field also where its name is spelled with other letters,
/// large for small. An object that a type has fields for is refused where two of its names are one to Go, or where a name
/// is a field's to Go but not to the letter. The names of a dictionary (annotations, labels) are data: they only have to be
/// different.
struct JSONReader: Decoder {
    let tape: JSONTape
    let node: Int
    private let outerPath: [any CodingKey]
    private let key: JSONKey?

    /// Decodes the document itself.
    init(_ tape: JSONTape) {
        self.tape = tape
        node = 0
        outerPath = []
        key = nil
    }

    /// Decodes a member.
    init(_ outer: JSONReader, path: [any CodingKey], key: JSONKey, node: Int) {
        tape = outer.tape
        self.node = node
        outerPath = path
        self.key = key
    }

    var codingPath: [any CodingKey] { key.map { outerPath + [$0] } ?? outerPath }
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var kind: JSONTape.Kind { tape.nodes[node].kind }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try JSONObject<Key>(self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try JSONArray(self) }

    func singleValueContainer() -> any SingleValueDecodingContainer { JSONSingleValue(reader: self) }

    /// Decodes the value as any type.
    func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let made: any Decodable =
            switch type {
            case let type as any JSONScalar.Type: try type.init(self)
            case let type as any JSONMap.Type: try type.map(self)
            default: try type.init(from: self)
            }
        guard let value = made as? Value else { throw mismatch(type) }
        return value
    }

    /// Calls `body` with each member of an object, which must be one.
    func forEachMember(_ body: (_ name: String, _ node: Int) throws -> Void) throws {
        guard kind == .object else { throw mismatch([String: JSONValue].self) }
        var name = node + 1
        let end = tape.next(after: node)
        while name < end {
            try body(tape.text(name), name + 1)
            name = tape.next(after: name + 1)
        }
    }

    /// The error of a value that is none of a type.
    func mismatch(_ type: any Any.Type) -> DecodingError {
        let context = DecodingError.Context(codingPath: codingPath, debugDescription: "")
        return kind == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    /// The error of a value that cannot be.
    func corrupted(_ reason: String) -> DecodingError {
        .dataCorrupted(.init(codingPath: codingPath, debugDescription: reason))
    }
}

/// The name or the position of a member.
struct JSONKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = ""
        self.intValue = intValue
    }
}

/// What a JSON document has a word of its own for.
protocol JSONScalar: Decodable {
    init(_ reader: JSONReader) throws
}

extension Bool: JSONScalar {
    init(_ reader: JSONReader) throws {
        switch reader.kind {
        case .yes: self = true
        case .no: self = false
        default: throw reader.mismatch(Bool.self)
        }
    }
}

extension String: JSONScalar {
    init(_ reader: JSONReader) throws {
        guard [.plainString, .escapedString].contains(reader.kind) else { throw reader.mismatch(String.self) }
        self = reader.tape.text(reader.node)
    }
}

extension Double: JSONScalar {
    init(_ reader: JSONReader) throws {
        guard reader.kind == .number else { throw reader.mismatch(Double.self) }
        guard let number = Double(reader.tape.text(reader.node)), number.isFinite else {
            throw reader.corrupted("is too large")
        }
        self = number
    }
}

extension JSONScalar where Self: FixedWidthInteger {
    init(_ reader: JSONReader) throws {
        guard reader.kind == .number else { throw reader.mismatch(Self.self) }
        guard let number = Self(reader.tape.text(reader.node)) else {
            throw reader.corrupted("is not a whole number below 2^\(Self.bitWidth - (Self.isSigned ? 1 : 0))")
        }
        self = number
    }
}

extension Int: JSONScalar {}
extension Int32: JSONScalar {}
extension Int64: JSONScalar {}
extension UInt: JSONScalar {}
extension UInt16: JSONScalar {}
extension UInt32: JSONScalar {}
extension UInt64: JSONScalar {}

/// A dictionary whose keys a document may choose.
protocol JSONMap: Decodable {
    static func map(_ reader: JSONReader) throws -> Self
}

extension Dictionary: JSONMap where Key == String, Value: Decodable {
    static func map(_ reader: JSONReader) throws -> Self {
        var members: Self = [:]
        let path = reader.codingPath
        try reader.forEachMember { name, node in
            let member = JSONReader(reader, path: path, key: JSONKey(stringValue: name), node: node)
            members[name] = try member.value(Value.self)
        }
        return members
    }
}
