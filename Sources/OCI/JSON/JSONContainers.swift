// SPDX-License-Identifier: Apache-2.0

/// An object whose members are the fields of a type.
struct JSONObject<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let codingPath: [any CodingKey]
    private let reader: JSONReader
    /// The members by their names as Go takes them.
    private var members: [String: (name: String, node: Int)] = [:]

    /// Opens an object.
    ///
    /// - Throws: `DecodingError` if it is none, or has two names that are one to Go.
    init(_ reader: JSONReader) throws {
        self.reader = reader
        codingPath = reader.codingPath
        var twice: (name: String, other: String)?
        try reader.forEachMember { name, node in
            guard let other = members.updateValue((name, node), forKey: Self.folded(name)) else { return }
            twice = twice ?? (name, other.name)
        }
        if let twice {
            throw refusal(twice.name, "is given twice, the other time as \"\(twice.other.printable)\"")
        }
    }

    /// A name with its letters as Go's decoder compares them: ASCII, and what Unicode folds to ASCII.
    private static func folded(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 >= 0x80 || (0x41...0x5A).contains($0) }) else { return name }
        var folded = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            switch scalar.value {
            case 0x41...0x5A: folded.append(UnicodeScalar(UInt8(scalar.value) + 0x20))
            // LATIN SMALL LETTER LONG S and KELVIN SIGN.
            case 0x17F: folded.append("s")
            case 0x212A: folded.append("k")
            default: folded.append(scalar)
            }
        }
        return String(folded)
    }

    private func refusal(_ name: String, _ reason: String) -> DecodingError {
        .dataCorrupted(.init(codingPath: codingPath + [JSONKey(stringValue: name)], debugDescription: reason))
    }

    /// The value of a field; nil where there is none.
    private func find(_ key: Key) throws -> JSONReader? {
        guard let (name, node) = members[Self.folded(key.stringValue)] else { return nil }
        guard name.unicodeScalars.elementsEqual(key.stringValue.unicodeScalars) else {
            throw refusal(name, "is \"\(key.stringValue)\" to some readers, and nothing to others")
        }
        return JSONReader(reader, path: codingPath, key: JSONKey(stringValue: name), node: node)
    }

    private func member(_ key: Key) throws -> JSONReader {
        guard let member = try find(key) else {
            throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: ""))
        }
        return member
    }

    var allKeys: [Key] { members.values.compactMap { Key(stringValue: $0.name) } }

    /// Whether somebody finds the field here; if not everybody does, decoding it is an error.
    func contains(_ key: Key) -> Bool { members[Self.folded(key.stringValue)] != nil }

    func decodeNil(forKey key: Key) throws -> Bool { try member(key).kind == .null }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try member(key).value(type) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try member(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try member(key).unkeyedContainer()
    }

    func superDecoder() -> any Decoder { reader }

    func superDecoder(forKey key: Key) throws -> any Decoder { try member(key) }
}

/// The members of an array, one after the other.
struct JSONArray: UnkeyedDecodingContainer {
    let codingPath: [any CodingKey]
    private let reader: JSONReader
    private let end: Int
    private var node: Int
    private(set) var currentIndex = 0

    /// Opens an array.
    ///
    /// - Throws: `DecodingError` if it is none.
    init(_ reader: JSONReader) throws {
        guard reader.kind == .array else { throw reader.mismatch([JSONValue].self) }
        self.reader = reader
        codingPath = reader.codingPath
        node = reader.node + 1
        end = reader.tape.next(after: reader.node)
    }

    var count: Int? { nil }
    var isAtEnd: Bool { node >= end }

    /// Gives the next member to `body` and goes on behind it, unless `body` throws.
    private mutating func next<Value>(_ body: (JSONReader) throws -> Value) throws -> Value {
        guard !isAtEnd else { throw reader.corrupted("has no more than \(currentIndex) members") }
        let value = try body(
            JSONReader(reader, path: codingPath, key: JSONKey(intValue: currentIndex), node: node))
        node = reader.tape.next(after: node)
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, reader.tape.nodes[node].kind == .null else { return false }
        return try next { _ in true }
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next { try $0.value(type) } }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try next { try $0.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try next { $0 } }
}

/// A value by itself.
struct JSONSingleValue: SingleValueDecodingContainer {
    let reader: JSONReader

    var codingPath: [any CodingKey] { reader.codingPath }

    func decodeNil() -> Bool { reader.kind == .null }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try reader.value(type) }
}
