// SPDX-License-Identifier: Apache-2.0

/// The values of a JSON document (RFC 8259), in the order in which they stand there.
///
/// A member's name is a value of its own before the member's. Made only of documents that are whole, no deeper than
/// `DocumentLimit.depth`, and have no object with two members of one name: which of the two counts depends on the reader.
final class JSONTape: Sendable {
    /// What a value is.
    enum Kind: UInt8 {
        case null, no, yes, number, array, object
        /// A string without escapes.
        case plainString
        /// A string with escapes, all of which are valid.
        case escapedString
    }

    /// One value.
    struct Node: Sendable {
        /// What it is.
        let kind: Kind
        /// Where it begins in the document, the quotation mark of a string not counted.
        let start: UInt32
        /// Where a string or a number ends in the document; of an array or an object the number of the node behind it.
        var end: UInt32
    }

    private let bytes: [UInt8]
    /// The values; the first one is the document itself.
    let nodes: [Node]

    /// Reads a document.
    ///
    /// - Throws: `FormatError` that begins with `name`.
    init(_ bytes: [UInt8], name: String) throws(FormatError) {
        var parser = JSONParser(bytes, object: name)
        nodes = try parser.parse()
        self.bytes = bytes
    }

    /// The number of the node behind a value and all that it holds.
    func next(after node: Int) -> Int {
        switch nodes[node].kind {
        case .array, .object: Int(nodes[node].end)
        default: node + 1
        }
    }

    /// The text of a string or a number; empty for anything else.
    func text(_ node: Int) -> String {
        let value = nodes[node]
        switch value.kind {
        case .plainString, .number: return String(decoding: bytes[Int(value.start)..<Int(value.end)], as: UTF8.self)
        case .escapedString: return JSONParser.unescaped(bytes[Int(value.start)..<Int(value.end)])
        default: return ""
        }
    }
}
