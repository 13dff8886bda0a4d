// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A gpg home of its own with one key, which has no passphrase unless one is given.
package final class SigningKey: Sendable {
    /// What `GNUPGHOME` is to be.
    package var home: String { "\(scratch.path)/g" }
    /// The key's user.
    package let user: String
    /// A file of the public key.
    package var publicKey: String { "\(scratch.path)/key.pub" }
    /// The key's fingerprint.
    package let fingerprint: String
    private let scratch = ScratchDirectory()

    /// Whether gpg is there, or must be.
    package static var isPossible: Bool {
        ProcessInfo.processInfo.environment["CIMG_REQUIRE_ALL"] == "1"
            || FileManager.default.isExecutableFile(atPath: "/usr/bin/gpg")
    }

    /// Makes a key.
    ///
    /// - Parameters:
    ///   - expiry: `never`, or what gpg takes for a time: `seconds=1`.
    package init(_ user: String = "me@a.example", passphrase: String = "", expiry: String = "never") throws {
        self.user = user
        scratch.directory("g")
        let home = "\(scratch.path)/g"
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: home)
        try Self.gpg(
            home,
            [
                "--pinentry-mode", "loopback", "--passphrase", passphrase, "--quick-gen-key", user, "ed25519", "sign",
                expiry,
            ])
        let list = try Self.gpg(home, ["--with-colons", "--list-keys"])
        fingerprint =
            list.split(separator: "\n").first { $0.hasPrefix("fpr:") }?.split(separator: ":").last.map(String.init)
            ?? ""
        try Self.gpg(home, ["--armor", "--output", "\(scratch.path)/key.pub", "--export", user])
        // The agent knows the passphrase of what it made.
        if !passphrase.isEmpty { try endAgent() }
    }

    deinit {
        // The agent would end by itself a little later.
        try? endAgent()
    }

    private func endAgent() throws { try Self.gpg(home, [], program: "gpgconf", last: ["--kill", "all"]) }

    /// Runs gpg with this home.
    @discardableResult
    package func gpg(_ arguments: String...) throws -> String { try Self.gpg(home, arguments) }

    /// Revokes the key, and writes the public key anew.
    package func revoke() throws {
        let certificate = "\(home)/openpgp-revocs.d/\(fingerprint).rev"
        // gpg puts a colon before the armor so that nobody revokes by mistake.
        let text = try String(contentsOfFile: certificate, encoding: .utf8).replacing(":-----", with: "-----")
        try text.write(toFile: certificate, atomically: true, encoding: .utf8)
        try gpg("--import", certificate)
        try gpg("--yes", "--armor", "--output", publicKey, "--export", user)
    }

    @discardableResult
    private static func gpg(
        _ home: String, _ arguments: [String], program: String = "gpg", last: [String] = []
    ) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program, "--homedir", home] + (last.isEmpty ? ["--batch", "--no-tty"] + arguments : last)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CocoaError(.executableLoad, userInfo: ["arguments": arguments, "status": process.terminationStatus])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
