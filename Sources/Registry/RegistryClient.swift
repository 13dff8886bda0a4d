// SPDX-License-Identifier: Apache-2.0

import LayerStore
package import OCI
import Synchronization
import Web

/// What is known of registries before any is asked.
package struct RegistrySettings: Sendable {
    /// What `registries.conf` says.
    package var registries = RegistriesConfiguration()
    /// Where credentials come from.
    package var credentials: CredentialSource
    /// Where certificates come from.
    package var environment: UserEnvironment
    /// Whether servers must prove who they are; if not, registries that speak plain HTTP only are spoken to so.
    package var verifiesTLS = true
    /// Bounds of waiting and reading.
    package var limits = RegistryLimits()

    /// Makes settings for an environment, without reading any file.
    package init(environment: UserEnvironment) {
        self.environment = environment
        credentials = CredentialSource(environment: environment)
    }
}

/// The registries of the world: gives out repositories, by name.
///
/// Making one costs nothing; threads and connections come with the first request.
package final class RegistryClient: Sendable {
    /// What it goes by.
    package let settings: RegistrySettings
    private let transport: HTTPTransport
    private let connections = Mutex<[Way: RegistryConnection]>([:])

    /// What tells connections from each other.
    private struct Way: Hashable {
        var host: String
        var isInsecure: Bool
        var isNamed: Bool
    }

    /// Makes a client.
    package init(_ settings: RegistrySettings) {
        self.settings = settings
        transport = HTTPTransport(limits: settings.limits)
    }

    /// The connection to a registry.
    ///
    /// - Parameter isNamed: whether the user named it; what was given on the command line is not for others.
    func connection(host: String, isInsecure: Bool, isNamed: Bool) -> RegistryConnection {
        connections.withLock { connections in
            let key = Way(host: host, isInsecure: isInsecure, isNamed: isNamed)
            if let connection = connections[key] { return connection }
            var credentials = settings.credentials
            if !isNamed { credentials.given = nil }
            let made = RegistryConnection(
                host: host, isInsecure: isInsecure, verifiesTLS: settings.verifiesTLS, transport: transport,
                certificates: CertificateDirectories(environment: settings.environment),
                credentials: credentials, helpers: settings.registries.credentialHelpers ?? [],
                limits: settings.limits)
            connections[key] = made
            return made
        }
    }

    /// A registry as a whole.
    package func registry(_ host: String) -> RemoteRegistry {
        RemoteRegistry(
            connection: connection(
                host: host, isInsecure: settings.registries.isInsecure(host: host), isNamed: true))
    }

    /// The repository itself, no mirror: for what changes it.
    ///
    /// - Throws: `RegistryError` if `registries.conf` blocks it.
    package func repository(_ reference: Reference) throws -> RemoteRepository {
        guard let route = try settings.registries.routes(to: reference).last else {
            throw RegistryError(.invalid, "docker://\(reference)", "registries.conf leads nowhere")
        }
        return repository(route, of: reference)
    }

    private func repository(_ route: RegistryRoute, of reference: Reference) -> RemoteRepository {
        let isNamed = route.host == reference.registry
        return RemoteRepository(
            connection: connection(host: route.host, isInsecure: route.isInsecure, isNamed: isNamed),
            name: route.repository)
    }

    /// Fetches what a reference names, from a mirror where one has it.
    ///
    /// - Returns: the document and the repository that had it.
    /// - Throws: `RegistryError`: what the last place says, which is the registry itself; a digest that is wrong counts
    ///   as not having it.
    package func document(_ reference: Reference) throws -> (RemoteDocument, RemoteRepository) {
        let routes = try settings.registries.routes(to: reference)
        let name: RemoteRepository.Name =
            reference.digest.map { .digest($0) } ?? .tag(reference.withDefaultTag.tag ?? "latest")
        for (position, route) in routes.enumerated() {
            let repository = repository(route, of: reference)
            do {
                return (try repository.document(name), repository)
            } catch let error as RegistryError where position < routes.count - 1 {
                // The next place may have it; what this one said does not matter then.
                _ = error
            }
        }
        throw RegistryError(.invalid, "docker://\(reference)", "registries.conf leads nowhere")
    }

    /// Fetches what a name of the user means, trying each whole name it may stand for.
    ///
    /// - Returns: also the whole name.
    package func document(
        named text: String
    ) throws -> (reference: Reference, document: RemoteDocument, repository: RemoteRepository) {
        let candidates = try settings.registries.candidates(for: text)
        guard candidates.count == 1 || settings.credentials.given == nil else {
            // A password is for one registry, not for all in which a name may be found.
            let found = candidates.map { "\($0)" }.joined(separator: ", ")
            throw RegistryError(.invalid, text.printable, "name the registry that --creds is for: \(found)")
        }
        for (position, candidate) in candidates.enumerated() {
            do {
                let (document, repository) = try self.document(candidate)
                return (candidate.withDefaultTag, document, repository)
            } catch let error as RegistryError where position < candidates.count - 1 {
                guard error.code == .notFound || error.code == .denied || error.code == .unreachable else {
                    throw error
                }
            }
        }
        throw RegistryError(.invalid, "docker://\(text.printable)", "is no name of an image")
    }
}
