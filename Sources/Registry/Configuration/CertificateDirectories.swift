// SPDX-License-Identifier: Apache-2.0

import OCI
import SystemPackage
import Web

/// How servers prove who they are: the system's roots, and what `certs.d` adds for a registry
/// (containers-certs.d(5)).
struct CertificateDirectories: Sendable {
    let environment: UserEnvironment

    /// The directories of a registry, the first one is preferred.
    private func directories(for host: String) -> [FilePath] {
        var parents = [
            environment.systemDirectory.appending("containers/certs.d"),
            environment.systemDirectory.appending("docker/certs.d"),
        ]
        if let home = environment.home { parents.insert(home.appending(".config/containers/certs.d"), at: 0) }
        return parents.map { $0.appending(host) }
    }

    /// What to demand of the server of a registry, and what to show it; nothing is said of a proxy.
    ///
    /// `*.crt` are roots besides the system's; `NAME.cert` and `NAME.key` are shown to a server that asks.
    /// - Throws: `RegistryError` that names a file that is none of these.
    func route(for host: String, verifies: Bool) throws(RegistryError) -> HTTPRoute {
        var route = HTTPRoute(verifies: verifies, authorities: environment["SSL_CERT_FILE"])
        guard !host.isEmpty, !host.contains("/"), host != ".." else { return route }
        for directory in directories(for: host) {
            // What may not be read adds no authority and shows no certificate: nothing is trusted for it.
            let names = (try? ConfigurationFile.names(in: directory)) ?? []
            for name in names {
                if name.hasSuffix(".crt") {
                    let found = try Self.blocks("CERTIFICATE", directory.appending(name))
                    route.furtherAuthorities += found + [UInt8(ascii: "\n")]
                } else if name.hasSuffix(".cert"), route.certificate == nil {
                    let key = String(name.dropLast(5)) + ".key"
                    guard names.contains(key) else {
                        throw RegistryError(
                            .invalid, directory.appending(name).string, "has no key beside it: \(key.printable)")
                    }
                    route.certificate = HTTPRoute.Certificate(
                        chain: try Self.blocks("CERTIFICATE", directory.appending(name)),
                        key: try Self.blocks("PRIVATE KEY", directory.appending(key)))
                }
            }
        }
        return route
    }

    /// The bytes of a file in which blocks of a kind stand (RFC 7468).
    private static func blocks(_ kind: String, _ path: FilePath) throws(RegistryError) -> [UInt8] {
        let bytes = try ConfigurationFile.read(path) ?? []
        let marks = [[UInt8]("\(kind)-----".utf8), [UInt8]("-----BEGIN ".utf8), [UInt8]("-----END ".utf8)]
        guard marks.allSatisfy({ bytes.firstRange(of: $0) != nil }) else {
            throw RegistryError(.invalid, path.string, "cannot be read as a PEM file of a certificate and its key")
        }
        return bytes
    }
}
