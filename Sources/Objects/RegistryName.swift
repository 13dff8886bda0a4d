// SPDX-License-Identifier: Apache-2.0

import Console
import OCI
package import Registry

extension RegistrySettings {
    /// The settings of this machine and user: environment and configuration files.
    package static func ofThisMachine() throws -> RegistrySettings {
        var settings = RegistrySettings(environment: .current)
        settings.registries = try RegistriesConfiguration.read(environment: settings.environment)
        return settings
    }
}

/// The name of an image of a registry, as users write it.
package enum RegistryName {
    private static let scheme = "docker://"

    /// The name behind `docker://`; nil for a text that does not begin so.
    package static func explicit(_ text: String) -> String? {
        guard text.hasPrefix(scheme) else { return nil }
        return String(text.dropFirst(scheme.count))
    }

    /// The name that a text means: behind `docker://`, or the text itself where it names a registry.
    package static func of(_ text: String) -> String? {
        if let name = explicit(text) { return name }
        // What is no name means none.
        guard !RegistriesConfiguration.isShort(text), (try? Reference(parsing: text)) != nil else { return nil }
        return text
    }

    /// What an image of a registry is called in the store.
    static func stored(_ reference: Reference) -> String {
        var reference = reference.withDefaultTag
        if reference.digest != nil { reference.tag = nil }
        return "\(reference)"
    }

    /// The host of a registry, as `login` takes it.
    package static func host(_ text: String) throws -> String {
        var host = explicit(text) ?? text
        for prefix in ["https://", "http://"] where host.hasPrefix(prefix) { host.removeFirst(prefix.count) }
        while host.hasSuffix("/") { host.removeLast() }
        // A name behind it makes it one that can be parsed.
        guard !host.contains("/"), let reference = try? Reference(parsing: "\(host)/x"),
            reference.registry == host || host == "index.docker.io"
        else { throw CommandError("\"\(text.printable)\": no registry; one is HOST or HOST:PORT") }
        return reference.registry
    }
}
