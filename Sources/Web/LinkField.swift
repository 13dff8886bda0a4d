// SPDX-License-Identifier: Apache-2.0

/// What the `Link` fields of an answer say (RFC 8288), as far as lists in pages need it.
package enum LinkField {
    /// Bytes of a field: more than any address may have.
    package static let byteLimit = 32 << 10

    /// The target of the first link whose relation is `next`; nil if there is none.
    ///
    /// A target without brackets, which some registries write, ends at the first semicolon.
    /// - Throws: `LinkFieldError` for a field that cannot be read: what it leads to would be missing.
    package static func next(in fields: [String]) throws(LinkFieldError) -> String? {
        for field in fields {
            guard field.utf8.count <= byteLimit else { throw LinkFieldError() }
            var rest = Array(field.utf8)[...]
            while skip(&rest, ", \t") {
                let link = try link(&rest)
                if link.isNext { return link.target }
            }
        }
        return nil
    }

    /// Takes a link and its parameters, up to the comma behind them.
    private static func link(
        _ rest: inout ArraySlice<UInt8>
    ) throws(LinkFieldError) -> (target: String, isNext: Bool) {
        let isBracketed = rest.first == UInt8(ascii: "<")
        if isBracketed { rest = rest.dropFirst() }
        guard let end = rest.firstIndex(of: UInt8(ascii: isBracketed ? ">" : ";")) else { throw LinkFieldError() }
        let target = String(decoding: rest[..<end], as: UTF8.self)
        rest = rest[(isBracketed ? end + 1 : end)...]
        var relation: String?
        while skip(&rest, " \t"), rest.first != UInt8(ascii: ",") {
            guard rest.popFirst() == UInt8(ascii: ";") else { throw LinkFieldError() }
            _ = skip(&rest, " \t")
            // A semicolon with nothing behind it is common.
            guard let (name, value) = try parameter(&rest) else { continue }
            // Of several relations the first counts.
            if name == "rel" { relation = relation ?? value }
        }
        let relations = (relation ?? "").split { $0 == " " || $0 == "\t" }
        return (target, relations.contains { $0.lowercased() == "next" })
    }

    /// Takes `NAME`, `NAME=TOKEN` or `NAME="TEXT"`; nil where none of them stands.
    private static func parameter(
        _ rest: inout ArraySlice<UInt8>
    ) throws(LinkFieldError) -> (name: String, value: String)? {
        let name = word(&rest).lowercased()
        guard !name.isEmpty else { return nil }
        guard skip(&rest, " \t"), rest.first == UInt8(ascii: "=") else { return (name, "") }
        rest = rest.dropFirst()
        _ = skip(&rest, " \t")
        guard rest.first == UInt8(ascii: "\"") else { return (name, word(&rest)) }
        rest = rest.dropFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return (name, String(decoding: value, as: UTF8.self)) }
            guard byte == UInt8(ascii: "\\") else {
                value.append(byte)
                continue
            }
            guard let escaped = rest.popFirst() else { break }
            value.append(escaped)
        }
        throw LinkFieldError()
    }

    /// Takes what stands before the next mark.
    private static func word(_ rest: inout ArraySlice<UInt8>) -> String {
        let word = rest.prefix { !" \t,;=\"<>".utf8.contains($0) }
        rest = rest.dropFirst(word.count)
        return String(decoding: word, as: UTF8.self)
    }

    /// Passes over some bytes; false at the end.
    private static func skip(_ rest: inout ArraySlice<UInt8>, _ bytes: String) -> Bool {
        rest = rest.drop { bytes.utf8.contains($0) }
        return !rest.isEmpty
    }
}

/// A `Link` field that cannot be read.
package struct LinkFieldError: Error, Equatable {
    /// There is nothing to say beyond that.
    package init() {}
}
