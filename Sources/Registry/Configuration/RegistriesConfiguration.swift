// SPDX-License-Identifier: Apache-2.0

import LinuxIO
package import OCI
import SystemPackage
import TOML
import Web

/// What `registries.conf`, version 2, says (containers-registries.conf(5)).
package struct RegistriesConfiguration: Sendable, Equatable {
    /// A place where the images of a registry are.
    package struct Location: Sendable, Hashable {
        /// Host and, maybe, the beginning of repositories: `mirror.example/proxy`.
        package var location: String
        /// Whether plain HTTP or a certificate of nobody known will do.
        package var isInsecure = false
        /// Whether images are asked here by digest only.
        package var isByDigestOnly = false
        /// Whether images are asked here by tag only.
        package var isByTagOnly = false

        /// Makes a location.
        package init(_ location: String) { self.location = location }
    }

    /// What is said of the images whose names begin with a prefix.
    package struct Registry: Sendable, Equatable {
        /// Host and beginning of repositories; `*.` in front stands for any subdomain.
        package var prefix: String
        /// Where they are.
        package var location: Location
        /// Where they are looked for first.
        package var mirrors: [Location] = []
        /// Whether they must not be used at all.
        package var isBlocked = false
    }

    /// Registries in which a name without one is looked for, in this order.
    package var searchRegistries: [String] = []
    /// What is said of registries.
    package var registries: [Registry] = []
    /// Whole names for short ones.
    package var aliases: [String: String] = [:]
    /// Programs that know credentials; nil where the files do not tell.
    package var credentialHelpers: [String]?

    /// The configuration of a machine without any.
    package init() {}

    /// Reads the configuration of this machine and user.
    ///
    /// `$CONTAINERS_REGISTRIES_CONF` names the only file; otherwise the user's `~/.config/containers/registries.conf`,
    /// or the one in `/etc/containers`, and in both places `registries.conf.d`.
    /// - Throws: `FormatError` or `RegistryError` that names the file.
    package static func read(environment: UserEnvironment) throws -> RegistriesConfiguration {
        var configuration = RegistriesConfiguration()
        if let path = environment["CONTAINERS_REGISTRIES_CONF"] {
            guard let bytes = try ConfigurationFile.read(FilePath(path)) else {
                throw RegistryError(.invalid, path.printable, "is named by CONTAINERS_REGISTRIES_CONF but not there")
            }
            try configuration.merge(bytes, name: path)
            return configuration
        }
        let user = environment.home.map { $0.appending(".config/containers") }
        let system = environment.systemDirectory.appending("containers")
        let main = [user, system].compactMap { $0?.appending("registries.conf") }
        for path in main {
            guard let bytes = try ConfigurationFile.read(path) else { continue }
            try configuration.merge(bytes, name: path.string)
            break
        }
        for directory in [system, user].compactMap({ $0?.appending("registries.conf.d") }) {
            for name in try ConfigurationFile.names(in: directory) where name.hasSuffix(".conf") {
                let path = directory.appending(name)
                guard let bytes = try ConfigurationFile.read(path) else { continue }
                try configuration.merge(bytes, name: path.string)
            }
        }
        return configuration
    }

    /// Adds what a further file says; what is said of the same prefix replaces what was said before.
    package mutating func merge(_ bytes: [UInt8], name: String) throws(FormatError) {
        let document = try TOMLReader.read(bytes, name: name.printable)
        if document["registries"]?.table != nil {
            throw FormatError(name.printable, "is of the first version of its format; write [[registry]] instead")
        }
        if let search = document["unqualified-search-registries"] {
            searchRegistries = try Self.strings(search, name, "unqualified-search-registries")
        }
        if let helpers = document["credential-helpers"] {
            credentialHelpers = try Self.strings(helpers, name, "credential-helpers")
        }
        for (key, value) in document["aliases"]?.table ?? [:] {
            guard let target = value.string else {
                throw FormatError(name.printable, at: "aliases.\(key.printable)", "is no string")
            }
            aliases[key] = target
        }
        for (position, entry) in (document["registry"]?.array ?? []).enumerated() {
            let registry = try Self.registry(entry, name: name, place: "registry[\(position)]")
            registries.removeAll { $0.prefix == registry.prefix }
            registries.append(registry)
        }
    }

    private static func registry(
        _ value: TOMLValue, name: String, place: String
    ) throws(FormatError) -> Registry {
        guard let table = value.table else { throw FormatError(name.printable, at: place, "is no table") }
        let prefix = trimmed(table["prefix"]?.string)
        let location = trimmed(table["location"]?.string)
        guard let first = prefix ?? location else {
            throw FormatError(name.printable, at: place, "has neither a prefix nor a location")
        }
        // Behind a wildcard, the name itself says where it is.
        var registry = Registry(prefix: first, location: Location(location ?? (first.hasPrefix("*.") ? "" : first)))
        registry.location.isInsecure = table["insecure"]?.bool ?? false
        registry.isBlocked = table["blocked"]?.bool ?? false
        let byDigestOnly = table["mirror-by-digest-only"]?.bool ?? false
        for (position, entry) in (table["mirror"]?.array ?? []).enumerated() {
            guard let mirror = entry.table, let place = trimmed(mirror["location"]?.string) else {
                throw FormatError(name.printable, at: "\(place).mirror[\(position)]", "has no location")
            }
            var made = Location(place)
            made.isInsecure = mirror["insecure"]?.bool ?? false
            switch mirror["pull-from-mirror"]?.string {
            case "digest-only": made.isByDigestOnly = true
            case "tag-only": made.isByTagOnly = true
            default: made.isByDigestOnly = byDigestOnly
            }
            registry.mirrors.append(made)
        }
        return registry
    }

    private static func trimmed(_ text: String?) -> String? {
        guard var text, !text.isEmpty else { return nil }
        while text.hasSuffix("/") { text.removeLast() }
        return text.isEmpty ? nil : text
    }

    private static func strings(
        _ value: TOMLValue, _ name: String, _ place: String
    ) throws(FormatError) -> [String] {
        guard let values = value.array, values.allSatisfy({ $0.string != nil }) else {
            throw FormatError(name.printable, at: place, "is no array of strings")
        }
        return values.compactMap(\.string)
    }
}
