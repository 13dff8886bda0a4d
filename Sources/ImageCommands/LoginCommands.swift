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

/// Reading what must not be on the command line.
enum SecretInput {
    private static let limit = 64 << 10

    /// A password: all of standard input but for the line's end, or a line of the terminal that is not shown.
    static func password(isPiped: Bool) throws -> String {
        if isPiped { return try all() }
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandError("no password: use --password-stdin, or a terminal")
        }
        return try line("Password: ", isSecret: true)
    }

    private static func all() throws -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while text.count <= limit {
            let count = try buffer.withUnsafeMutableBytes { try FileDescriptor.standardInput.read(into: $0) }
            if count == 0 { break }
            text += buffer[..<count]
        }
        guard text.count <= limit else { throw CommandError("the password is longer than \(limit) bytes") }
        while let last = text.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }

    /// A line of the terminal.
    ///
    /// - Parameter mayBeEmpty: whether nothing but the line's end is an answer.
    static func line(_ prompt: String, isSecret: Bool, mayBeEmpty: Bool = false) throws -> String {
        guard isatty(STDIN_FILENO) == 1 else { throw CommandError("no user: give -u, or --creds") }
        StandardError.write(prompt)
        var before = termios()
        let isChanged = isSecret && tcgetattr(STDIN_FILENO, &before) == 0
        if isChanged {
            var silent = before
            // Ctrl-C ends the line instead of the process, which would leave the terminal silent.
            silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
            withUnsafeMutableBytes(of: &silent.c_cc) { $0[Int(VEOL)] = interrupt }
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        }
        let line = typedLine(endsAtInterrupt: isChanged)
        if isChanged {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            StandardError.write("\n")
            if line == nil { kill(getpid(), SIGINT) }
        }
        guard let line, mayBeEmpty || !line.isEmpty else { throw CommandError("nothing was given") }
        return line
    }

    private static let interrupt: UInt8 = 3

    /// What is typed up to the end of the line; nil if Ctrl-C is.
    private static func typedLine(endsAtInterrupt: Bool) -> String? {
        var text: [UInt8] = []
        var byte: UInt8 = 0
        while text.count <= limit, read(STDIN_FILENO, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
            if endsAtInterrupt, byte == interrupt { return nil }
            text.append(byte)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
