// SPDX-License-Identifier: Apache-2.0

import OCI
import Web

/// Who passes requests on, as the variables `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` have it.
///
/// Everything is decided here: libcurl is told one proxy or none, and looks at no variable itself.
struct HTTPProxy: Hashable, Sendable {
    /// Its address with what it wants to know, for the client only: `http://user:secret@proxy:3128`, `socks5h://…`.
    let address: String
    /// The variable that names it.
    let variable: String

    private static let schemes = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"]

    /// The address for messages, which may be read by others: without user and password.
    var name: String {
        let (scheme, rest) = Self.parts(address)
        return scheme + "://" + String(rest.lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest)
    }

    /// The proxy for an address; nil for none.
    ///
    /// Names in small letters go before names in capitals. This machine is never asked through a proxy. A program that a
    /// web server started has `HTTP_PROXY` from whoever sent the request, as the value of a field: it does not count there.
    /// - Throws: `RegistryError` that names the variable, for a value that is no address of a proxy.
    init?(for address: WebAddress, in environment: UserEnvironment) throws(RegistryError) {
        guard !RegistryConnection.isLoopback(address.authority) else { return nil }
        var names = address.isEncrypted ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy", "HTTP_PROXY"]
        names += ["all_proxy", "ALL_PROXY"]
        if environment["REQUEST_METHOD"] != nil { names.removeAll { $0 == "HTTP_PROXY" } }
        guard let variable = names.first(where: { environment[$0] != nil }), let value = environment[variable] else {
            return nil
        }
        let exceptions = ProxyExceptions(environment["no_proxy"] ?? environment["NO_PROXY"] ?? "")
        guard !exceptions.contain(address) else { return nil }
        self.variable = variable
        self.address = value
        let (scheme, rest) = Self.parts(value)
        guard Self.schemes.contains(scheme), !rest.isEmpty, value.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw RegistryError(
                .invalid, "\(variable) \(name.printable)",
                "is no proxy: [SCHEME://][USER:SECRET@]HOST[:PORT], where SCHEME is one of "
                    + Self.schemes.joined(separator: ", "))
        }
    }

    private static func parts(_ address: String) -> (scheme: String, rest: Substring) {
        guard let mark = address.firstRange(of: "://") else { return ("http", address[...]) }
        return (address[..<mark.lowerBound].lowercased(), address[mark.upperBound...])
    }
}

/// What is asked without a proxy: the entries of `no_proxy`, separated by commas or blanks.
///
/// An entry is a name, which also stands for all below it, with or without a dot or `*.` in front; an address; a network
/// (`10.0.0.0/8`, `2001:db8::/32`); or `*` for all. With a port behind it, it is meant for that port alone.
struct ProxyExceptions {
    private enum Entry {
        case all
        case name(String)
        case network(NetworkAddress, bits: Int)
    }

    private let entries: [(entry: Entry, port: Int?)]

    /// Reads a list; entries that are none are passed over, as everybody does.
    init(_ text: String) {
        entries = text.split { $0 == "," || $0 == " " || $0 == "\t" }.compactMap { Self.entry($0.lowercased()) }
    }

    /// Whether an address is one of them.
    func contain(_ address: WebAddress) -> Bool {
        var host = address.host.lowercased()
        if host.hasSuffix(".") { host.removeLast() }
        let number = NetworkAddress(host)
        return entries.contains { entry, port in
            guard port == nil || port == address.port else { return false }
            switch entry {
            case .all: return true
            case .name(let name): return number == nil && (host == name || host.hasSuffix("." + name))
            case .network(let network, let bits): return number?.begins(as: network, bits: bits) == true
            }
        }
    }

    private static func entry(_ text: String) -> (Entry, Int?)? {
        var name = text[...]
        var port: Int?
        if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
            let rest = name[name.index(after: end)...]
            if rest.hasPrefix(":") {
                guard let number = UInt16(rest.dropFirst()) else { return nil }
                port = Int(number)
            }
            name = name[name.index(after: name.startIndex)..<end] + (rest.hasPrefix("/") ? rest : "")
        } else if let colon = name.lastIndex(of: ":"), !name[..<colon].contains(":") {
            // What has more than one colon is an address without a port.
            guard let number = UInt16(name[name.index(after: colon)...]) else { return nil }
            port = Int(number)
            name = name[..<colon]
        }
        if name == "*" { return (.all, port) }
        let parts = name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if let first = parts.first, let network = NetworkAddress(first) {
            guard parts.count == 2 else { return (.network(network, bits: network.bytes.count * 8), port) }
            guard let bits = UInt8(parts[1]), Int(bits) <= network.bytes.count * 8 else { return nil }
            return (.network(network, bits: Int(bits)), port)
        }
        if name.hasPrefix("*") { name = name.dropFirst() }
        if name.hasPrefix(".") { name = name.dropFirst() }
        if name.hasSuffix(".") { name = name.dropLast() }
        return name.isEmpty ? nil : (.name(String(name)), port)
    }
}

/// An address of the internet: four bytes, or sixteen.
struct NetworkAddress: Equatable {
    let bytes: [UInt8]

    /// Reads `1.2.3.4` or `2001:db8::1` (RFC 4291, section 2.2); nil for anything else.
    init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 64, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        guard text.contains(":") else {
            guard let bytes = Self.four(text) else { return nil }
            self.bytes = bytes
            return
        }
        guard let gap = text.firstRange(of: "::") else {
            guard let bytes = Self.groups(text), bytes.count == 16 else { return nil }
            self.bytes = bytes
            return
        }
        guard let before = Self.groups(text[..<gap.lowerBound]), let behind = Self.groups(text[gap.upperBound...]),
            before.count + behind.count <= 14
        else { return nil }
        bytes = before + [UInt8](repeating: 0, count: 16 - before.count - behind.count) + behind
    }

    /// Whether the first bits are those of a network.
    func begins(as network: NetworkAddress, bits: Int) -> Bool {
        guard bytes.count == network.bytes.count else { return false }
        return (0..<min(bits, bytes.count * 8)).allSatisfy { bit in
            (bytes[bit / 8] ^ network.bytes[bit / 8]) & (0x80 >> (bit % 8)) == 0
        }
    }

    private static func four(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts.allSatisfy({ $0.allSatisfy(\.isNumber) }) else { return nil }
        let bytes = parts.compactMap { UInt8($0) }
        return bytes.count == 4 ? bytes : nil
    }

    /// Groups of four digits between colons; the last may be written as an address of four bytes.
    private static func groups(_ text: some StringProtocol) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (position, part) in parts.enumerated() {
            if position == parts.count - 1, let four = four(part) {
                bytes += four
            } else {
                guard (1...4).contains(part.count), part.allSatisfy(\.isHexDigit), let group = UInt16(part, radix: 16)
                else { return nil }
                bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
            }
        }
        return bytes
    }
}
