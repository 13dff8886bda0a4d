// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Registry

/// Where credentials are found.
@Suite(.timeLimit(.minutes(15))) struct CredentialTests {
    private let scratch = ScratchDirectory()

    private func source(_ variables: [String: String] = [:]) -> CredentialSource {
        CredentialSource(
            environment: UserEnvironment(variables.merging(["HOME": "\(scratch.path)/home"]) { given, _ in given }))
    }

    private func auth(_ pair: String) -> String { Data(pair.utf8).base64EncodedString() }

    private func find(_ host: String, _ repository: String = "app", _ variables: [String: String] = [:]) throws
        -> Credential?
    {
        try source(variables).credential(host: host, repository: repository, helpers: [])
    }

    @Test func `files are asked in their order`() throws {
        for (path, user) in [
            ("run/containers/auth.json", "run"), ("home/.config/containers/auth.json", "config"),
            ("home/.docker/config.json", "docker"), ("named.json", "named"),
        ] {
            scratch.file(path, #"{"auths":{"r.example":{"auth":"\#(auth("\(user):p"))"}}}"#)
        }
        let runtime = ["XDG_RUNTIME_DIR": "\(scratch.path)/run"]
        #expect(try find("r.example", "app", runtime) == .password(user: "run", password: "p"))
        #expect(try find("r.example") == .password(user: "config", password: "p"))
        let named = ["REGISTRY_AUTH_FILE": "\(scratch.path)/named.json"]
        #expect(try find("r.example", "app", named.merging(runtime) { $1 }) == .password(user: "named", password: "p"))
        var given = source(named)
        given.given = try Credential(parsing: "me:se:cret")
        #expect(
            try given.credential(host: "r.example", repository: "", helpers: [])
                == .password(user: "me", password: "se:cret"))
        #expect(try find("other.example") == nil)
    }

    @Test func `credentials of podman without a runtime directory are found`() throws {
        scratch.file("run/containers/0/auth.json", #"{"auths":{"r.example":{"auth":"\#(auth("run:p"))"}}}"#)
        scratch.file("config/containers/auth.json", #"{"auths":{"other.example":{"auth":"\#(auth("config:p"))"}}}"#)
        func source(_ variables: [String: String]) -> CredentialSource {
            CredentialSource(
                environment: UserEnvironment(variables, runDirectory: scratch.path.appending("run/containers/0")))
        }
        let user = source(["XDG_CONFIG_HOME": "\(scratch.path)/config"])
        #expect(
            try user.credential(host: "r.example", repository: "", helpers: []) == .password(user: "run", password: "p")
        )
        #expect(
            try user.credential(host: "other.example", repository: "", helpers: [])
                == .password(user: "config", password: "p"))
        #expect(user.fileForLogin == scratch.path.appending("run/containers/0/auth.json"))
        try FileManager.default.removeItem(atPath: "\(scratch.path)/run/containers/0/auth.json")
        #expect(user.fileForLogin == scratch.path.appending("config/containers/auth.json"))
        let session = source(["XDG_RUNTIME_DIR": "\(scratch.path)/elsewhere"])
        #expect(try session.credential(host: "r.example", repository: "", helpers: []) == nil)
    }

    @Test func `the longest entry that a name begins with is meant`() throws {
        scratch.file(
            "home/.config/containers/auth.json",
            """
            {"auths":{"r.example":{"auth":"\(auth("host:p"))"},"r.example/team":{"auth":"\(auth("team:p"))"},
            "r.example/team/app":{"identitytoken":"token"},"https://index.docker.io/v1/":{"auth":"\(auth("hub:p\0"))"},
            "https://old.example/v1/":{"username":"old","password":"p"}}}
            """)
        #expect(try find("r.example", "other") == .password(user: "host", password: "p"))
        #expect(try find("r.example", "team/x") == .password(user: "team", password: "p"))
        #expect(try find("r.example", "team/app") == .identityToken("token"))
        #expect(try find("r.example", "teams") == .password(user: "host", password: "p"))
        #expect(try find("docker.io", "library/alpine") == .password(user: "hub", password: "p"))
        #expect(try find("old.example") == .password(user: "old", password: "p"))
    }

    @Test func `a broken file or entry is an error that names it`() throws {
        let path = "\(scratch.path)/home/.config/containers/auth.json"
        scratch.file("home/.config/containers/auth.json", "{")
        #expect(throws: FormatError("\(path)", "is not valid JSON")) { try find("r.example") }
        scratch.file("home/.config/containers/auth.json", #"{"auths":{"r.example":{"auth":"%"}}}"#)
        #expect(
            throws: RegistryError(
                .invalid, path, "what it has for r.example is no user and password in base64; log in again")
        ) { try find("r.example") }
        scratch.file("home/.config/containers/auth.json", "\n")
        #expect(try find("r.example") == nil)
    }

    /// Helpers are found in `PATH`, so a test can only name one by a name that nobody has.
    @Test func `a helper that is not there is told`() throws {
        scratch.file("home/.docker/config.json", #"{"credHelpers":{"r.example":"nobody-has-this"}}"#)
        #expect(
            throws: RegistryError(
                .invalid, "docker-credential-nobody-has-this",
                "is not in PATH; install it, or name no helper in the configuration")
        ) { try find("r.example") }
        #expect(try find("other.example") == nil)
        scratch.file("home/.docker/config.json", #"{"credsStore":"../evil"}"#)
        #expect(throws: RegistryError.self) { try find("r.example") }
    }

    @Test(arguments: ["\n", "\r\n", ""])
    func `a secret may be broken into lines, as base64 writes it`(_ end: String) throws {
        let secret = String(repeating: "token", count: 40)
        let whole = Array((Credential.password(user: "me", password: secret).base64 ?? "").utf8)
        let lines = stride(from: 0, to: whole.count, by: 76).map {
            String(decoding: whole[$0..<min($0 + 76, whole.count)], as: UTF8.self) + end
        }
        #expect(Credential(base64: lines.joined()) == .password(user: "me", password: secret))
        #expect(Credential(base64: "bWU6 c2VjcmV0") == nil)
    }

    @Test(arguments: [":p", "nocolon", ""])
    func `what is no user and password is refused`(_ text: String) {
        #expect(throws: FormatError("--creds", "is not of the form USER:PASSWORD")) { try Credential(parsing: text) }
    }

    @Test func `a token lasts as long as it says, and not longer`() throws {
        let now = ContinuousClock.now
        func token(_ json: String) throws -> AccessToken {
            try AccessToken(Array(json.utf8), name: "token", limit: 1000, now: now)
        }
        #expect(try token(#"{"token":"a"}"#).expiry == now + .seconds(54))
        #expect(try token(#"{"access_token":"b","expires_in":300}"#).expiry == now + .seconds(290))
        #expect(try token(#"{"token":"","access_token":"b","expires_in":-5}"#).text == "b")
        #expect(try token(#"{"token":"a","expires_in":"300"}"#).expiry == now + .seconds(290))
        #expect(try token(#"{"token":"a","expires_in":"soon"}"#).expiry == now + .seconds(54))
        #expect(try token(#"{"token":"a","expires_in":null}"#).expiry == now + .seconds(54))
        #expect(throws: FormatError.self) { try token(#"{"token":"a","expires_in":[]}"#) }
        #expect(throws: FormatError("token", "has no token")) { try token("{}") }
        #expect(throws: FormatError("token", at: "token", "is given twice", repeatedName: "token")) {
            try token(#"{"token":"a","token":"b"}"#)
        }
        #expect(throws: FormatError("token", at: "Token", "is given twice, the other time as \"token\"")) {
            try token(#"{"token":"a","Token":"b"}"#)
        }
        #expect(throws: FormatError("token", at: "token", "has characters that tokens cannot have")) {
            try token(#"{"token":"a\r\nX: y"}"#)
        }
    }
}
