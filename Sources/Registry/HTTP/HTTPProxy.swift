// SPDX-License-Identifier: Apache-2.0

/// Who passes requests on, as the variables `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` have it.
struct HTTPProxy: Hashable, Sendable {
    /// Its address with what it wants to know, for the client only: `http://user:secret@proxy:3128`, `socks5h://…`.
    let address: String
    /// Hosts, domains, addresses and networks that are asked without it, separated by commas.
    let exceptions: String

    /// The address for messages, which may be read by others: without user and password.
    var name: String {
        let mark = address.firstRange(of: "://")
        let scheme = mark.map { String(address[..<$0.upperBound]) } ?? "http://"
        let rest = mark.map { address[$0.upperBound...] } ?? address[...]
        return scheme + String(rest.lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest)
    }

    /// The proxy for an address; nil for none.
    ///
    /// Names in small letters go before names in capitals. This machine is never asked through a proxy.
    init?(for address: WebAddress, in environment: UserEnvironment) {
        let own = address.isEncrypted ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy", "HTTP_PROXY"]
        guard let found = (own + ["all_proxy", "ALL_PROXY"]).lazy.compactMap({ environment[$0] }).first,
            !RegistryConnection.isLoopback(address.authority)
        else { return nil }
        self.address = found
        exceptions = Self.exceptions(environment["no_proxy"] ?? environment["NO_PROXY"] ?? "", for: address)
    }

    /// The exceptions as libcurl reads them, which knows names, domains, addresses and networks, but no ports and no
    /// star in front of a domain.
    private static func exceptions(_ text: String, for address: WebAddress) -> String {
        let entries = text.split { $0 == "," || $0 == " " }.compactMap { entry -> Substring? in
            if entry == "*" { return entry }
            let entry = entry.hasPrefix("*.") ? entry.dropFirst() : entry
            // An address of more than one colon and no bracket behind it has no port.
            guard let colon = entry.lastIndex(of: ":"), let port = UInt16(entry[entry.index(after: colon)...]),
                entry[..<colon].hasSuffix("]") || !entry[..<colon].contains(":")
            else { return entry }
            return Int(port) == address.port ? entry[..<colon] : nil
        }
        return entries.contains("*") ? "*" : entries.joined(separator: ",")
    }
}
