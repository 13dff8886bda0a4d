// SPDX-License-Identifier: Apache-2.0

import OCI
import SwiftASN1

/// A value in DER: its tag, and what is in it.
struct DERNode: Sendable {
    private let node: ASN1Node

    /// Reads the one value that bytes must be.
    init(_ bytes: some Collection<UInt8>) throws(TrustError) {
        do {
            node = try DER.parse(Array(bytes))
        } catch {
            throw TrustError("is no DER")
        }
    }

    private init(_ node: ASN1Node) { self.node = node }

    /// The whole value, as it stands.
    var bytes: [UInt8] { Array(node.encodedBytes) }

    /// The number of a tag of its place (`[0]`); nil for a tag of its type.
    var place: UInt? { node.identifier.tagClass == .contextSpecific ? node.identifier.tagNumber : nil }

    /// Whether it is of a type.
    func isA(_ type: ASN1Identifier) -> Bool { node.identifier == type }

    /// The values in it; none in one that holds bytes.
    var children: [DERNode] {
        guard case .constructed(let nodes) = node.content else { return [] }
        return nodes.map { DERNode($0) }
    }

    /// The bytes in it; nil for one that holds values.
    var content: [UInt8]? {
        guard case .primitive(let bytes) = node.content else { return nil }
        return Array(bytes)
    }

    /// The values of a sequence or set that must have some of them.
    func members(_ type: ASN1Identifier = .sequence, atLeast count: Int, _ what: String) throws(TrustError) -> [DERNode]
    {
        guard isA(type), children.count >= count else { throw TrustError("\(what): cannot be read") }
        return children
    }

    /// An object identifier in dots; nil for another type.
    var objectIdentifier: String? {
        // What cannot be read is none.
        guard isA(.objectIdentifier), let identifier = try? ASN1ObjectIdentifier(derEncoded: node) else { return nil }
        return "\(identifier)"
    }

    /// A small whole number; nil for another type, or a large one.
    var number: Int? {
        guard isA(.integer), let content, content.count <= 4 else { return nil }
        return content.reduce(content.first.map { $0 > 0x7F ? -1 : 0 } ?? 0) { $0 << 8 | Int($1) }
    }

    /// The bytes of a string of bits that fills them; nil for another type.
    var bits: [UInt8]? {
        guard isA(.bitString), let content, let unused = content.first, unused < 8 else { return nil }
        return Array(content.dropFirst())
    }

    /// A time in either of the two forms, in seconds since 1970; nil for another type, or what is no time.
    var time: Int64? {
        guard let content, isA(.generalizedTime) || isA(.utcTime) else { return nil }
        var text = String(decoding: content, as: UTF8.self)
        // Two digits of a year mean one from 1950 to 2049.
        if isA(.utcTime) { text = (text < "5" ? "20" : "19") + text }
        let digits = Array(text.prefix(14))
        guard digits.count == 14, digits.allSatisfy({ $0.isASCII && $0.isNumber }), text.hasSuffix("Z") else {
            return nil
        }
        func part(_ start: Int, _ count: Int) -> String { String(digits[start..<start + count]) }
        let date = "\(part(0, 4))-\(part(4, 2))-\(part(6, 2))"
        return Moment(parsing: "\(date)T\(part(8, 2)):\(part(10, 2)):\(part(12, 2))\(text.dropFirst(14))")?.seconds
    }

    /// A value with another tag: its length and content as they were.
    func retagged(_ tag: UInt8) -> [UInt8] {
        var bytes = bytes
        if !bytes.isEmpty { bytes[0] = tag }
        return bytes
    }

    /// A value of a tag and its content.
    static func encoded(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        guard content.count >= 0x80 else { return [tag, UInt8(content.count)] + content }
        var length: [UInt8] = []
        var rest = content.count
        while rest > 0 {
            length.insert(UInt8(rest & 0xFF), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }
}
