// SPDX-License-Identifier: Apache-2.0

/// An absolute address of the web, `http` or `https`, as far as registries need it (RFC 3986).
///
/// Only printable ASCII characters, no user in front of the host, no fragment.
package struct WebAddress: Hashable, Sendable, CustomStringConvertible {
    /// Whether the bytes travel encrypted.
    package var isEncrypted: Bool
    /// Host name and, where it is not the usual one, port: `registry.example`, `[::1]:5000`.
    package var authority: String
    /// Path and query, beginning with a slash.
    package var target: String

    /// Makes an address of parts that are in order.
    package init(isEncrypted: Bool, authority: String, target: String) {
        self.isEncrypted = isEncrypted
        self.authority = authority
        self.target = target
    }

    /// Parses an absolute address; nil for anything else.
    package init?(parsing text: some StringProtocol) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), text.utf8.count <= 16 << 10 else { return nil }
        let rest: Substring
        if let found = Self.dropping("https://", from: text) {
            (isEncrypted, rest) = (true, found)
        } else if let found = Self.dropping("http://", from: text) {
            (isEncrypted, rest) = (false, found)
        } else {
            return nil
        }
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        authority = rest[..<end].lowercased()
        // What another reader of addresses could take for something else than a host and a port is none.
        guard Self.isAuthority(authority) else { return nil }
        var target = String(rest[end...].prefix { $0 != "#" })
        if !target.hasPrefix("/") { target = "/" + target }
        self.target = target
        if authority.hasSuffix(isEncrypted ? ":443" : ":80"), !authority.hasPrefix("[") || authority.contains("]:") {
            authority.removeLast(isEncrypted ? 4 : 3)
        }
        guard !host.isEmpty, port != nil else { return nil }
    }

    /// Whether a text is `NAME`, `1.2.3.4` or `[ADDRESS]`, and maybe a port behind it.
    private static func isAuthority(_ text: String) -> Bool {
        var name = text[...]
        var rest = Substring()
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return false }
            name = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
            guard name.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return false }
        } else {
            name = text.prefix { $0 != ":" }
            rest = text.dropFirst(name.count)
            guard name.allSatisfy({ $0.isLetter || $0.isNumber || "-._".contains($0) }) else { return false }
        }
        guard !name.isEmpty else { return false }
        return rest.isEmpty || (rest.first == ":" && rest.dropFirst().allSatisfy(\.isNumber))
    }

    /// The address that a reference in an answer from this one means (RFC 3986, section 5.2); nil if it is none.
    package func resolving(_ reference: String) -> WebAddress? {
        if reference.hasPrefix("http://") || reference.hasPrefix("https://") { return WebAddress(parsing: reference) }
        let scheme = isEncrypted ? "https:" : "http:"
        if reference.hasPrefix("//") { return WebAddress(parsing: scheme + reference) }
        if reference.hasPrefix("/") { return WebAddress(parsing: "\(scheme)//\(authority)\(reference)") }
        // What else has a scheme is no address of the web.
        if let colon = reference.firstIndex(of: ":"), !reference[..<colon].contains(where: { "/?".contains($0) }) {
            return nil
        }
        let path = target.prefix { $0 != "?" }
        if reference.hasPrefix("?") { return WebAddress(parsing: "\(scheme)//\(authority)\(path)\(reference)") }
        let directory = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        return WebAddress(parsing: "\(scheme)//\(authority)\(directory)\(reference)")
    }

    /// The address with another parameter at the end of its query.
    package func adding(_ name: String, _ value: String) -> WebAddress {
        var result = self
        result.target += (target.contains("?") ? "&" : "?") + "\(Self.escaped(name))=\(Self.escaped(value))"
        return result
    }

    /// The host's name or address, without brackets.
    package var host: String {
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }

    /// The port; nil where what stands for it is none.
    package var port: Int? {
        let rest = authority.hasPrefix("[") ? authority.drop { $0 != "]" }.dropFirst() : authority.drop { $0 != ":" }
        guard !rest.isEmpty else { return isEncrypted ? 443 : 80 }
        return UInt16(rest.dropFirst()).map(Int.init)
    }

    /// Whether two addresses are of the same server: only then one may get what is secret between us and the other.
    package func hasSameOrigin(as other: WebAddress) -> Bool {
        isEncrypted == other.isEncrypted && host == other.host && port == other.port
    }

    package var description: String { (isEncrypted ? "https://" : "http://") + authority + target }

    /// A text with everything but letters, digits and `-._~` percent-encoded (RFC 3986, section 2.1).
    package static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".unicodeScalars)
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(UnicodeScalar(byte))
            default:
                result += "%"
                result.unicodeScalars.append(digits[Int(byte >> 4)])
                result.unicodeScalars.append(digits[Int(byte & 15)])
            }
        }
        return result
    }

    private static func dropping(_ scheme: String, from text: some StringProtocol) -> Substring? {
        guard text.prefix(scheme.count).lowercased() == scheme else { return nil }
        return Substring(text.dropFirst(scheme.count))
    }
}
