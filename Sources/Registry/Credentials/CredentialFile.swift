// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import OCI
import SystemPackage
import Web

/// A file of credentials: `auth.json` (containers-auth.json(5)) or Docker's `config.json`, which are nearly the same.
struct CredentialFile: Sendable {
    private struct Document: Decodable {
        struct Entry: Decodable {
            var auth: String?
            var identitytoken: String?
            var username: String?
            var password: String?
        }

        var auths: [String: Entry]?
        var credHelpers: [String: String]?
        var credsStore: String?
    }

    /// Where a credential is.
    enum Answer: Equatable {
        case credential(Credential)
        /// A program `docker-credential-NAME` knows it.
        case helper(name: String, server: String)
    }

    let path: FilePath
    private let document: Document

    /// Reads a file; nil if there is none.
    ///
    /// - Throws: `RegistryError` or `FormatError`.
    init?(_ path: FilePath) throws {
        guard let bytes = try ConfigurationFile.read(path) else { return nil }
        try self.init(bytes, path: path)
    }

    /// Reads the bytes of a file.
    init(_ bytes: [UInt8], path: FilePath) throws(FormatError) {
        self.path = path
        let isEmpty = bytes.allSatisfy { " \t\r\n".utf8.contains($0) }
        document =
            isEmpty
            ? Document() : try decode(Document.self, bytes, name: path.string, limit: ConfigurationFile.byteLimit)
    }

    /// What the file says of a repository's registry: the longest entry that its name begins with.
    ///
    /// - Parameter host: the registry as users write it: `docker.io`.
    func find(host: String, repository: String) throws(RegistryError) -> Answer? {
        let hosts = Self.spellings(of: host)
        for name in hosts {
            if let helper = document.credHelpers?[name] { return .helper(name: helper, server: name) }
        }
        let components = repository.split(separator: "/")
        for count in stride(from: components.count, through: 0, by: -1) {
            let path = components.prefix(count).map { "/" + $0 }.joined()
            for name in hosts {
                guard let entry = document.auths?[name + path] ?? (count == 0 ? legacyEntry(name) : nil) else {
                    continue
                }
                if let credential = try credential(entry, name + path) { return .credential(credential) }
                // With `credsStore`, Docker leaves an empty entry here and the secret elsewhere.
                if let store = document.credsStore { return .helper(name: store, server: name) }
            }
        }
        return document.credsStore.map { .helper(name: $0, server: hosts[0]) }
    }

    private func credential(_ entry: Document.Entry, _ name: String) throws(RegistryError) -> Credential? {
        if let token = entry.identitytoken, !token.isEmpty { return .identityToken(token) }
        if let user = entry.username, let password = entry.password { return .password(user: user, password: password) }
        guard let auth = entry.auth, !auth.isEmpty else { return nil }
        guard let credential = Credential(base64: auth) else {
            throw RegistryError(
                .invalid, path.string,
                "what it has for \(name.printable) is no user and password in base64; "
                    + "log in again")
        }
        if case .password(let user, let token) = credential, user == "<token>" { return .identityToken(token) }
        return credential
    }

    /// An entry whose name is an address of the registry: `https://registry.example/v1/`.
    private func legacyEntry(_ host: String) -> Document.Entry? {
        document.auths?.first { key, _ in
            guard key.hasPrefix("https://") || key.hasPrefix("http://"), let address = WebAddress(parsing: key) else {
                return false
            }
            return address.authority == host
        }?.value
    }

    /// The names under which files know a registry.
    static func spellings(of host: String) -> [String] {
        host == "docker.io" ? ["docker.io", "https://index.docker.io/v1/", "index.docker.io"] : [host]
    }
}
