// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OCI
import Registry
import SystemPackage

/// Options of commands that speak with registries.
struct RegistryOptions: ParsableArguments {
    @Option(help: ArgumentHelp("User and password for the registry.", valueName: "user:password"))
    var creds: String?

    @Option(
        help: ArgumentHelp(
            "The file of credentials. Without it: $REGISTRY_AUTH_FILE, else containers/auth.json in $XDG_RUNTIME_DIR "
                + "(/run/containers/UID without it) and ~/.config, and ~/.docker/config.json.", valueName: "file"),
        completion: .file())
    var authfile: String?

    @Option(help: ArgumentHelp("Whether servers must prove who they are.", valueName: "true|false"))
    var tlsVerify = true

    /// Makes the options for the parser.
    init() {}

    /// A client that goes by the options and the configuration of this machine.
    func client() throws -> RegistryClient { try client(creds: creds) }

    /// The same with another user and password, or without any.
    func client(creds: String?) throws -> RegistryClient {
        var settings = try RegistrySettings.ofThisMachine()
        settings.credentials.given = try creds.map { try Credential(parsing: RawArguments.text($0, "--creds")) }
        settings.credentials.file = authfile.map { FilePath(RawArguments.bytes(of: $0)) }
        settings.verifiesTLS = tlsVerify
        return RegistryClient(settings)
    }
}

extension RegistrySettings {
    /// The settings of this machine and user: environment and configuration files.
    static func ofThisMachine() throws -> RegistrySettings {
        var settings = RegistrySettings(environment: .current)
        settings.registries = try RegistriesConfiguration.read(environment: settings.environment)
        return settings
    }
}

/// The name of an image of a registry, as users write it.
enum RegistryName {
    private static let scheme = "docker://"

    /// The name behind `docker://`; nil for a text that does not begin so.
    static func explicit(_ text: String) -> String? {
        guard text.hasPrefix(scheme) else { return nil }
        return String(text.dropFirst(scheme.count))
    }

    /// The name that a text means: behind `docker://`, or the text itself where it names a registry.
    static func of(_ text: String) -> String? {
        if let name = explicit(text) { return name }
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
    static func host(_ text: String) throws -> String {
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
