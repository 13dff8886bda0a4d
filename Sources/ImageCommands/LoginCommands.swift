// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import Glibc
import OCI
import Objects
import Registry
import SystemPackage

/// `cimg login`: keeps a user and password for a registry.
package struct LoginCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Keep a user and password for a registry.",
        discussion: """
            The registry is asked whether it accepts them; then they are kept where podman and skopeo look too, or by \
            the credential helper that the file names.

            Examples:

              cimg login -u me localhost:5000
              cat secret | cimg login -u me --password-stdin registry.example

            Exit status: 0 kept, 2 trouble.
            """)

    @OptionGroup var registry: RegistryOptions

    @Argument(help: "The registry: HOST[:PORT].")
    var host: String

    @Option(name: .shortAndLong, help: "The user.")
    var username: String?

    @Option(name: .shortAndLong, help: "The password; others may see it in the list of processes.")
    var password: String?

    @Flag(help: "Read the password from standard input.")
    var passwordStdin = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            try refuse(together: [("--password", password != nil), ("--password-stdin", passwordStdin)])
            let host = try RegistryName.host(host)
            var options = registry
            if options.creds == nil {
                let user =
                    try username.map { try RawArguments.text($0, "--username") }
                    ?? SecretInput.line("Username: ", isSecret: false)
                let secret =
                    try password.map { try RawArguments.text($0, "--password") }
                    ?? SecretInput.password(isPiped: passwordStdin)
                options.creds = "\(user):\(secret)"
            }
            guard let creds = try options.creds.map({ try RawArguments.text($0, "--creds") }),
                case .password(let user, let secret) = try Credential(parsing: creds)
            else {
                throw CommandError("give a user and a password")
            }
            let client = try options.client()
            try client.registry(host).check()
            guard let file = client.settings.credentials.fileForLogin else {
                throw CommandError("there is no place for credentials; give --authfile or set HOME")
            }
            let place = try Login(file: file).store(host: host, user: user, password: secret)
            try StandardOutput.write("logged in to \(host); kept in \(place.printable)\n")
        }
    }
}

/// `cimg logout`: forgets what is kept for a registry.
package struct LogoutCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Forget the user and password for a registry.",
        discussion: """
            Example:

              cimg logout localhost:5000

            Exit status: 0 forgotten, 2 trouble.
            """)

    @OptionGroup var registry: RegistryOptions

    @Argument(help: "The registry: HOST[:PORT].")
    var host: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let host = try RegistryName.host(host)
            let credentials = try registry.client().settings.credentials
            guard let file = credentials.fileForLogin, try Login(file: file).erase(host: host) else {
                throw CommandError("\(host): not logged in")
            }
            try StandardOutput.write("logged out of \(host)\n")
        }
    }
}
