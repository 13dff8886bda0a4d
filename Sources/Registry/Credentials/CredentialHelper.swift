// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import LinuxIO
import OCI
import SystemPackage
import Web

/// A program `docker-credential-NAME` that keeps credentials, and its protocol of one line in and JSON out.
struct CredentialHelper: Sendable {
    private struct Answer: Decodable {
        var username: String
        var secret: String

        private enum CodingKeys: String, CodingKey {
            case username = "Username"
            case secret = "Secret"
        }
    }

    private static let outputLimit = 64 << 10
    let name: String

    /// A helper by the name that configuration files give it.
    init(_ name: String) throws(RegistryError) {
        let allowed = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard allowed, !name.isEmpty else {
            throw RegistryError(.invalid, "credential helper \"\(name.printable)\"", "is no name of a program")
        }
        self.name = name
    }

    private var object: String { "docker-credential-\(name)" }

    /// The credential of a server; nil if the helper has none.
    func get(_ server: String) throws(RegistryError) -> Credential? {
        let (output, ending) = try run("get", input: Array(server.utf8))
        guard ending == .exit(0) else {
            let text = String(decoding: output, as: UTF8.self)
            // The protocol has no other sign for this than a sentence.
            if text.contains("credentials not found") { return nil }
            throw RegistryError(.denied, object, "failed: \(Self.line(text))")
        }
        do {
            let answer = try decode(Answer.self, output, name: object, limit: Self.outputLimit)
            return answer.username == "<token>"
                ? .identityToken(answer.secret) : .password(user: answer.username, password: answer.secret)
        } catch {
            throw RegistryError(.invalid, object, "its answer is none: \(error.cause)")
        }
    }

    /// Keeps a user and password.
    func store(_ server: String, user: String, password: String) throws(RegistryError) {
        // Three texts can always be written.
        let json = try? JSONEncoder().encode(["ServerURL": server, "Username": user, "Secret": password])
        let (output, ending) = try run("store", input: Array(json ?? Data()))
        guard ending == .exit(0) else {
            throw RegistryError(.denied, object, "failed: \(Self.line(String(decoding: output, as: UTF8.self)))")
        }
    }

    /// Forgets a server's credential.
    func erase(_ server: String) throws(RegistryError) {
        let (output, ending) = try run("erase", input: Array(server.utf8))
        guard ending == .exit(0) else {
            throw RegistryError(.denied, object, "failed: \(Self.line(String(decoding: output, as: UTF8.self)))")
        }
    }

    private static func line(_ text: String) -> String {
        (text.split(separator: "\n").first.map { String($0.prefix(200)) } ?? "it said nothing").printable
    }

    private func run(_ verb: String, input: [UInt8]) throws(RegistryError) -> ([UInt8], ChildProcess.Ending) {
        // So much fits into a pipe before anybody reads it.
        guard input.count <= 32 << 10 else { throw RegistryError(.tooLarge, object, "cannot be told so much") }
        do {
            let (child, bytes) = try listen(verb, input)
            return (bytes, try child.wait())
        } catch Errno.noSuchFileOrDirectory {
            throw RegistryError(.invalid, object, "is not in PATH; install it, or name no helper in the configuration")
        } catch {
            throw RegistryError(.invalid, object, "cannot be run: \(error)")
        }
    }

    private static func bytes(of output: Descriptor) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= outputLimit {
            let count = try buffer.withUnsafeMutableBytes { try output.read(into: $0) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// Starts the program and reads what it says.
    ///
    /// Nobody reads any more when this returns, so that a program with more to say than is read does not wait for ever.
    private func listen(_ verb: String, _ input: [UInt8]) throws -> (ChildProcess, [UInt8]) {
        let (child, output) = try spawn(verb, input)
        return (child, try Self.bytes(of: output))
    }

    /// Starts the program; only it holds the other end of its output, so that its end is seen.
    private func spawn(_ verb: String, _ input: [UInt8]) throws -> (ChildProcess, Descriptor) {
        let output = try Pipe()
        var spawn = Spawn(
            program: object, arguments: [object, verb].map { Array($0.utf8) },
            errorOutput: try Descriptor.open("/dev/null", O_WRONLY))
        spawn.standardInput = try Self.filledPipe(input)
        spawn.standardOutput = output.writeEnd
        return (try spawn.start(), output.readEnd)
    }

    private static func filledPipe(_ bytes: [UInt8]) throws -> Descriptor {
        let pipe = try Pipe()
        try pipe.writeEnd.write(bytes)
        return pipe.readEnd
    }
}
