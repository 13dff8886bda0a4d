// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage

/// Debian's docker-registry on a free port of this machine, with its storage in a scratch directory.
package final class DistributionServer {
    /// What it demands of callers.
    package enum Demand: Sendable {
        /// Nothing.
        case nothing
        /// The user `me` with the password `secret`, over TLS with a certificate of an authority of its own.
        case passwordOverTLS
        /// A certificate of the authority of its own, over TLS.
        case certificate
        /// A token of a token server that knows the user `me` with the password `secret`.
        case token
    }

    /// Where its storage (`data`) and its files are.
    package let scratch = ScratchDirectory()
    /// Host and port.
    package let host: String
    /// The storage folder: what `registry-dir:` reads.
    package var storage: String { "\(scratch.path)/data" }
    /// The authority's certificate, where there is one.
    package var authority: String { "\(scratch.path)/ca.crt" }
    /// The token server, where there is one.
    package let tokens: TokenServer?
    private let process = Process()

    /// Whether it and skopeo are there, or must be.
    package static var isInstalled: Bool {
        ProcessInfo.processInfo.environment["CIMG_REQUIRE_ALL"] == "1"
            || ["docker-registry", "skopeo", "openssl"].allSatisfy {
                FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
            }
    }

    /// The password `secret`, as bcrypt (htpasswd -nbB me secret).
    private static let passwords = "me:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"

    /// Starts a registry and waits until it listens.
    package init(_ demand: Demand = .nothing) throws {
        let port = try Self.freePort()
        host = "127.0.0.1:\(port)"
        var configuration = """
            version: 0.1
            log: {level: error}
            storage:
              filesystem: {rootdirectory: "\(scratch.path)/data"}
              delete: {enabled: true}
            http:
              addr: "\(host)"

            """
        let tokens: TokenServer? = if case .token = demand { try TokenServer(scratch) } else { nil }
        self.tokens = tokens
        if let tokens {
            configuration += """
                auth:
                  token:
                    realm: "http://\(tokens.server.host)/token"
                    service: "\(TokenServer.service)"
                    issuer: "\(TokenServer.issuer)"
                    rootcertbundle: "\(tokens.certificate)"

                """
        }
        if case .passwordOverTLS = demand {
            try Self.makeCertificates(scratch)
            scratch.file("passwords", Self.passwords)
            configuration += """
                  tls: {certificate: "\(scratch.path)/server.crt", key: "\(scratch.path)/server.key"}
                auth:
                  htpasswd: {realm: test, path: "\(scratch.path)/passwords"}

                """
        }
        if case .certificate = demand {
            try Self.makeCertificates(scratch)
            configuration += """
                  tls:
                    certificate: "\(scratch.path)/server.crt"
                    key: "\(scratch.path)/server.key"
                    clientcas: ["\(scratch.path)/ca.crt"]

                """
        }
        scratch.file("config.yml", configuration)
        process.executableURL = URL(fileURLWithPath: "/usr/bin/docker-registry")
        process.arguments = ["serve", "\(scratch.path)/config.yml"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle(forWritingAtPath: scratch.file("log", "").string)
        try process.run()
        for _ in 0..<400 {
            guard process.isRunning else { break }
            if Self.answers(port) { return }
            usleep(50_000)
        }
        let log = (try? String(contentsOfFile: "\(scratch.path)/log", encoding: .utf8)) ?? ""
        throw ServerError(description: "docker-registry does not start: \(log)")
    }

    deinit {
        if process.isRunning { process.terminate() }
        process.waitUntilExit(atMost: 600)
    }

    /// A program that did not do its work.
    package struct ServerError: Error, CustomStringConvertible {
        /// What it said.
        package let description: String
    }

    /// Runs a program to its end.
    ///
    /// - Returns: its standard output.
    @discardableResult
    package static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let scratch = ScratchDirectory()
        let output = scratch.file("output", "").string
        let errors = scratch.file("errors", "").string
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitUntilExit(atMost: 600)
        guard process.terminationStatus == 0 else {
            let text = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
            throw ServerError(description: "\(program) \(arguments.joined(separator: " ")): \(text)")
        }
        return try String(contentsOfFile: output, encoding: .utf8)
    }

    /// A port that was free a moment ago.
    private static func freePort() throws -> Int { LoopbackServer { _ in .init(404) }.port }

    private static func answers(_ port: Int) -> Bool {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(connection) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(clamping: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func makeCertificates(_ scratch: ScratchDirectory) throws {
        let path = scratch.path.string
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try run(
            "openssl",
            ["req", "-x509"] + key + [
                "-keyout", "\(path)/ca.key", "-out", "\(path)/ca.crt", "-days", "2", "-subj", "/CN=test authority",
            ])
        try run(
            "openssl",
            ["req"] + key + ["-keyout", "\(path)/server.key", "-out", "\(path)/server.csr", "-subj", "/CN=127.0.0.1"])
        scratch.file("extensions", "subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        try run(
            "openssl",
            [
                "x509", "-req", "-in", "\(path)/server.csr", "-CA", "\(path)/ca.crt", "-CAkey", "\(path)/ca.key",
                "-CAcreateserial", "-out", "\(path)/server.crt", "-days", "2", "-extfile", "\(path)/extensions",
            ])
    }
}
