// SPDX-License-Identifier: Apache-2.0

package import OCI
import Web

/// A place to ask for an image, and what it is called there.
struct RegistryRoute: Sendable, Hashable {
    /// Host and port.
    var host: String
    /// The repository there.
    var repository: String
    /// Whether plain HTTP or a certificate of nobody known will do.
    var isInsecure: Bool
}

extension RegistriesConfiguration {
    /// The places where an image is to be asked for, in order: mirrors first.
    ///
    /// - Throws: `RegistryError` if the registry is blocked.
    func routes(to reference: Reference) throws(RegistryError) -> [RegistryRoute] {
        let name = "\(reference.registry)/\(reference.repository)"
        guard let registry = registry(of: "\(reference.withDefaultTag)") else {
            return [RegistryRoute(host: reference.registry, repository: reference.repository, isInsecure: false)]
        }
        guard !registry.isBlocked else {
            throw RegistryError(
                .denied, "docker://\(reference)", "registries.conf blocks \(registry.prefix.printable)")
        }
        let mirrors = registry.mirrors.filter {
            reference.digest == nil ? !$0.isByDigestOnly : !$0.isByTagOnly
        }
        var routes: [RegistryRoute] = []
        for place in mirrors + [registry.location] {
            let text = Self.name(name, prefix: registry.prefix, at: place.location)
            do throws(FormatError) {
                let parsed = try Reference(parsing: text)
                routes.append(
                    RegistryRoute(host: parsed.registry, repository: parsed.repository, isInsecure: place.isInsecure))
            } catch {
                throw RegistryError(
                    .invalid, "registries.conf",
                    "the location of \(registry.prefix.printable) gives no name: \(error.description)")
            }
        }
        return routes
    }

    /// What is said of a name with its tag or digest: the longest prefix counts.
    private func registry(of name: String) -> Registry? {
        registries.filter { Self.matches(name, prefix: $0.prefix) }
            .max { $0.prefix.utf8.count < $1.prefix.utf8.count }
    }

    /// What an image is called at a location.
    private static func name(_ name: String, prefix: String, at location: String) -> String {
        if location.isEmpty { return name }
        // A prefix with a wildcard stands for the host alone.
        return location + (prefix.hasPrefix("*.") ? name.drop { $0 != "/" } : name.dropFirst(prefix.count))
    }

    /// Whether a registry as a whole may be spoken to without proof of who it is; what is said of some of its
    /// repositories does not count.
    func isInsecure(host: String) -> Bool { registry(of: host)?.location.isInsecure ?? false }

    /// The whole names that a name of the user may mean, in the order in which they are tried.
    ///
    /// A name with a registry means only itself; a short one what an alias says, or one in each of the registries to
    /// search; where none is configured, Docker Hub's.
    package func candidates(for text: String) throws(FormatError) -> [Reference] {
        let reference = try Reference(parsing: text)
        guard Self.isShort(text) else { return [reference] }
        var name = text.prefix { $0 != "@" }
        if let colon = name.lastIndex(of: ":") { name = name[..<colon] }
        if let alias = aliases[String(name)] {
            var target = try Reference(parsing: alias)
            (target.tag, target.digest) = (reference.tag ?? target.tag, reference.digest ?? target.digest)
            return [target]
        }
        guard !searchRegistries.isEmpty else { return [reference] }
        var found: [Reference] = []
        for registry in searchRegistries {
            // The text may hold a tag; it stands for the same thing behind another host.
            found.append(try Reference(parsing: "\(registry)/\(text)"))
        }
        return found
    }

    /// Whether a name leaves out the registry.
    package static func isShort(_ text: String) -> Bool {
        guard let slash = text.firstIndex(of: "/") else { return true }
        let first = text[..<slash]
        return !(first.contains { $0 == "." || $0 == ":" || $0.isUppercase } || first == "localhost")
    }

    private static func matches(_ name: String, prefix: String) -> Bool {
        if prefix.hasPrefix("*.") {
            let host = name.prefix { $0 != "/" && $0 != ":" }
            let suffix = prefix.dropFirst()
            return host.hasSuffix(suffix) && host.count > suffix.count
        }
        guard name.hasPrefix(prefix) else { return false }
        let rest = name.dropFirst(prefix.count)
        // A prefix may be as long as a name with its tag or digest.
        return rest.isEmpty || "/:@".contains(rest.first ?? "/")
    }
}
