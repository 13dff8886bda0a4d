// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Console
import LinuxIO
import OCI
import Objects
package import Registry
import SystemPackage

/// Options of commands that speak with registries.
package struct RegistryOptions: ParsableArguments {
    /// User and password as they were given.
    @Option(help: ArgumentHelp("User and password for the registry.", valueName: "user:password"))
    package var creds: String?

    @Option(
        help: ArgumentHelp(
            "The file of credentials. Without it: $REGISTRY_AUTH_FILE, else containers/auth.json in $XDG_RUNTIME_DIR "
                + "(/run/containers/UID without it) and ~/.config, and ~/.docker/config.json.", valueName: "file"),
        completion: .file())
    var authfile: String?

    @Option(help: ArgumentHelp("Whether servers must prove who they are.", valueName: "true|false"))
    var tlsVerify = true

    /// Makes the options for the parser.
    package init() {}

    /// A client that goes by the options and the configuration of this machine.
    package func client() throws -> RegistryClient { try client(creds: creds) }

    /// The same with another user and password, or without any.
    package func client(creds: String?) throws -> RegistryClient {
        var settings = try RegistrySettings.ofThisMachine()
        settings.credentials.given = try creds.map { try Credential(parsing: RawArguments.text($0, "--creds")) }
        settings.credentials.file = authfile.map { FilePath(RawArguments.bytes(of: $0)) }
        settings.verifiesTLS = tlsVerify
        return RegistryClient(settings)
    }
}

extension PullPolicy: ExpressibleByArgument {}
