// SPDX-License-Identifier: Apache-2.0

import NIOSSL
import OCI
import SystemPackage

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

    /// What to demand of the server of a registry, and what to show it.
    ///
    /// `*.crt` are roots besides the system's; `NAME.cert` and `NAME.key` are shown to a server that asks.
    /// - Throws: `RegistryError` that names a file that is none of these.
    func configuration(for host: String, verifies: Bool) throws(RegistryError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if !verifies { tls.certificateVerification = .none }
        if let file = environment["SSL_CERT_FILE"] { tls.trustRoots = .file(file) }
        guard !host.isEmpty, !host.contains("/"), host != ".." else { return tls }
        for directory in directories(for: host) {
            let names = ConfigurationFile.names(in: directory)
            for name in names {
                let path = directory.appending(name).string
                do {
                    if name.hasSuffix(".crt") {
                        tls.additionalTrustRoots.append(.certificates(try NIOSSLCertificate.fromPEMFile(path)))
                    } else if name.hasSuffix(".cert"), tls.certificateChain.isEmpty {
                        let key = String(name.dropLast(5)) + ".key"
                        guard names.contains(key) else {
                            throw RegistryError(.invalid, path, "has no key beside it: \(key.printable)")
                        }
                        tls.certificateChain = try NIOSSLCertificate.fromPEMFile(path).map { .certificate($0) }
                        let file = directory.appending(key).string
                        tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: file, format: .pem))
                    }
                } catch let error as RegistryError {
                    throw error
                } catch {
                    throw RegistryError(.invalid, path, "cannot be read as a PEM file of a certificate and its key")
                }
            }
        }
        return tls
    }
}
