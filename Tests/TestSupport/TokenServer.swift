// SPDX-License-Identifier: Apache-2.0

import Foundation
package import SystemPackage

/// A token server for docker-registry: gives whoever is `me` with the password `secret` what is asked for, and everybody
/// else nothing.
///
/// Tokens are JSON Web Tokens signed with RS256, by openssl; the certificate goes along (RFC 7515, section 4.1.6).
package final class TokenServer: Sendable {
    /// What the registry calls itself.
    package static let service = "test-registry"
    /// Who gives the tokens.
    package static let issuer = "test-issuer"

    /// The server.
    package let server: LoopbackServer
    /// The certificate that tokens are signed with, for the registry's configuration.
    package let certificate: FilePath

    /// Starts a server whose files lie in a scratch directory.
    package init(_ scratch: ScratchDirectory) throws {
        let path = scratch.path.string
        certificate = scratch.path.appending("token.crt")
        try DistributionServer.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(path)/token.key", "-out",
                "\(path)/token.crt", "-days", "2", "-subj", "/CN=token server",
            ])
        let pem = try String(contentsOfFile: "\(path)/token.crt", encoding: .utf8)
        let der = pem.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
        let password = "Basic " + Data("me:secret".utf8).base64EncodedString()
        server = LoopbackServer { request in
            guard request.path == "/token", request.header("Authorization") == password else {
                return .json(401, ["details": "who are you?"])
            }
            let files = FilePath(path)
            guard request.parameters("service") == [Self.service],
                let token = try? Self.token(request.parameters("scope"), der: der, files)
            else { return .json(400, [:]) }
            return .json(200, ["token": .string(token), "expires_in": 300])
        }
    }

    private static func token(_ scopes: [String], der: String, _ files: FilePath) throws -> String {
        let now = Int(Date().timeIntervalSince1970)
        let access = scopes.map { scope -> JSON in
            let parts = scope.split(separator: ":").map(String.init)
            guard parts.count == 3 else { return [:] }
            return [
                "type": .string(parts[0]), "name": .string(parts[1]),
                "actions": .array(parts[2].split(separator: ",").map { .string(String($0)) }),
            ]
        }
        let header: JSON = ["typ": "JWT", "alg": "RS256", "x5c": .array([.string(der)])]
        let claims: JSON = [
            "iss": .string(issuer), "sub": "me", "aud": .string(service), "exp": .number("\(now + 300)"),
            "nbf": .number("\(now - 10)"), "iat": .number("\(now)"), "jti": .string(UUID().uuidString),
            "access": .array(access),
        ]
        let text = "\(base64(Data(header.bytes))).\(base64(Data(claims.bytes)))"
        let name = files.appending(UUID().uuidString).string
        try Data(text.utf8).write(to: URL(fileURLWithPath: name))
        try DistributionServer.run(
            "openssl", ["dgst", "-sha256", "-sign", "\(files)/token.key", "-out", "\(name).signature", name])
        return "\(text).\(base64(try Data(contentsOf: URL(fileURLWithPath: "\(name).signature"))))"
    }

    /// Base64 for addresses, without padding (RFC 4648, section 5).
    private static func base64(_ data: Data) -> String {
        data.base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }
}
