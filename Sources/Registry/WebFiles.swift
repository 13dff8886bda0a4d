// SPDX-License-Identifier: Apache-2.0

import OCI
import Web

/// Small files of the web, with the proxies and authorities that registries are asked with; no credentials are shown.
package struct WebFiles: Sendable {
    private let settings: RegistrySettings
    private let transport: HTTPTransport

    /// Makes a reader.
    package init(_ settings: RegistrySettings) {
        self.settings = settings
        transport = HTTPTransport(limits: settings.limits)
    }

    /// Reads a file whole; nil only where its server answers that there is none (404).
    ///
    /// - Throws: `RegistryError`: no answer could be had, or another one came.
    package func read(_ address: String, limit: Int) throws -> [UInt8]? {
        let object = address.printable
        guard var current = WebAddress(parsing: address) else {
            throw RegistryError(.invalid, object, "is no address of the web")
        }
        for _ in 0...settings.limits.redirects {
            let answer = try answer(current, object)
            switch answer.status {
            case 200:
                let bytes = try named(object, current) { try answer.bytes(limit: limit) }
                guard bytes.count <= limit else {
                    throw RegistryError(.tooLarge, object, "is larger than \(limit) bytes")
                }
                return bytes
            case 404: return nil
            case 301, 302, 303, 307, 308:
                guard let next = answer.header("Location").flatMap({ current.resolving($0) }) else {
                    throw RegistryError(.failed, object, "is redirected to no address")
                }
                guard next.isEncrypted || !current.isEncrypted else {
                    throw RegistryError(.untrusted, object, "is redirected to a plain HTTP address")
                }
                current = next
            default:
                throw RegistryError(.failed, object, "\(current.authority) answers \(answer.status)")
            }
        }
        throw RegistryError(.failed, object, "is redirected more than \(settings.limits.redirects) times")
    }

    private func answer(_ address: WebAddress, _ object: String) throws -> HTTPAnswer {
        let certificates = CertificateDirectories(environment: settings.environment)
        var route = try certificates.route(for: address.authority, verifies: settings.verifiesTLS)
        route.proxy = try HTTPProxy(for: address, in: settings.environment)
        return try named(object, address) { try transport.send(HTTPRequest(.get, address), by: route) }
    }

    private func named<Result>(_ object: String, _ address: WebAddress, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            guard let failure = NetworkFailure(error) else { throw error }
            throw RegistryError(.unreachable, object, "\(address.authority): \(failure.reason)")
        }
    }
}
