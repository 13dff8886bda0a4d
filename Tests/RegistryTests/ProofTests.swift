// SPDX-License-Identifier: Apache-2.0

import Foundation
import LayerStore
import OCI
import Synchronization
import TestSupport
import Testing
import Web

@testable import Registry

/// Proving to a registry who asks, and to nobody else.
@Suite(.timeLimit(.minutes(15))) struct ProofTests {
    private let registry = FakeRegistry()
    private var host: String { registry.host }
    private let image = RegistrySample.image
    private static let basic = "Basic " + Data("me:secret".utf8).base64EncodedString()

    /// A registry that wants Basic authentication.
    private func demandPassword() {
        registry.add(image, to: "app", tag: "1")
        registry.intercept { request in
            request.header("Authorization") == Self.basic
                ? nil : .init(401, headers: [("WWW-Authenticate", "Basic realm=\"here\"")])
        }
    }

    /// A token server for the registry: every token is good for so many requests.
    private func demandToken(uses: Int = .max, grants: @escaping @Sendable (LoopbackServer.Request) -> Bool)
        -> LoopbackServer
    {
        registry.add(image, to: "app", tag: "1")
        let tokens = Mutex<[String: Int]>([:])
        let server = LoopbackServer { request in
            guard grants(request) else { return .json(401, ["details": "no"]) }
            let token = tokens.withLock { tokens in
                let token = "token-\(tokens.count)"
                tokens[token] = uses
                return token
            }
            return .json(200, ["token": .string(token), "expires_in": 300])
        }
        let field = "Bearer realm=\"http://\(server.host)/token\",service=\"the registry\",scope=\"ignored\""
        registry.intercept { request in
            let token = request.header("Authorization").flatMap { $0.hasPrefix("Bearer ") ? $0.dropFirst(7) : nil }
            let isGood = tokens.withLock { tokens in
                guard let token, let left = tokens[String(token)], left > 0 else { return false }
                tokens[String(token)] = left - 1
                return true
            }
            return isGood ? nil : .init(401, headers: [("WWW-Authenticate", field)])
        }
        return server
    }

    @Test func `a password is sent when it is asked for`() throws {
        demandPassword()
        var fixture = try PullFixture()
        fixture.settings.credentials.given = try Credential(parsing: "me:secret")
        #expect(try fixture.pull("\(host)/app:1").manifestDigest == image.digest)
        #expect(registry.server.requests.first?.header("Authorization") == nil)
    }

    @Test func `a missing or wrong password is told with what to do`() throws {
        demandPassword()
        var fixture = try PullFixture()
        #expect(
            fixture.error("\(host)/app:1", at: host)
                == "docker://$/app:1: $ wants to know who asks; log in with \"cimg login $\" or give --creds, or check "
                + "the name")
        fixture.settings.credentials.given = try Credential(parsing: "me:wrong")
        #expect(
            fixture.error("\(host)/app:1", at: host)
                == "docker://$/app:1: $ refuses this user and password; give others")
        fixture.settings.credentials.given = nil
        fixture.scratch.file("home/.config/containers/auth.json", #"{"auths":{"\#(host)":{"auth":"bWU6d3Jvbmc="}}}"#)
        #expect(
            fixture.error("\(host)/app:1", at: host)
                == "docker://$/app:1: $ refuses this user and password; log in again with \"cimg login $\"")
    }

    @Test func `what was given is for the registry that is named, and for no mirror`() throws {
        demandPassword()
        let mirror = LoopbackServer { request in
            .init(401, headers: [("WWW-Authenticate", "Basic realm=\"mirror\"")])
        }
        var fixture = try PullFixture()
        fixture.settings.credentials.given = try Credential(parsing: "me:secret")
        try fixture.settings.registries.merge(
            Array(
                """
                [[registry]]
                location = "\(host)"
                [[registry.mirror]]
                location = "\(mirror.host)"
                """.utf8), name: "registries.conf")
        #expect(try fixture.pull("\(host)/app:1").manifestDigest == image.digest)
        #expect(!mirror.requests.isEmpty)
        #expect(mirror.requests.allSatisfy { $0.header("Authorization") == nil })
    }

    @Test func `what was given is not for whichever registry has a short name`() throws {
        demandPassword()
        var fixture = try PullFixture()
        fixture.settings.credentials.given = try Credential(parsing: "me:secret")
        fixture.settings.registries.searchRegistries = [host, "other.example"]
        #expect(
            fixture.error("app:1", at: host)
                == "app:1: name the registry that --creds is for: $/app:1, other.example/app:1")
        fixture.settings.registries.searchRegistries = [host]
        #expect(try fixture.pull("app:1").manifestDigest == image.digest)
    }

    @Test func `a token that does not help is told with what to do`() throws {
        let server = demandToken(uses: 0) { _ in true }
        var fixture = try PullFixture()
        #expect(
            fixture.error("\(host)/app:1", at: host)
                == "docker://$/app:1: $ wants to know who asks; log in with \"cimg login $\" or give --creds, or check "
                + "the name")
        fixture.settings.credentials.given = try Credential(parsing: "me:secret")
        #expect(
            fixture.error("\(host)/app:1", at: host)
                == "docker://$/app:1: $ does not let this user do this; check the name, or log in as another")
        #expect(server.requests.count == 2)
    }

    @Test func `nothing leads from an encrypted connection to a plain one`() throws {
        let encrypted = WebAddress(isEncrypted: true, authority: "localhost:5000", target: "/")
        let plain = WebAddress(isEncrypted: false, authority: "localhost:5000", target: "/")
        let connection = try PullFixture().client.connection(host: "localhost:5000", isInsecure: true, isNamed: true)
        #expect(
            throws: RegistryError(.untrusted, "app", "localhost:5000 sends us to a plain HTTP address: localhost:5000")
        ) { try connection.checkSafety(of: plain, from: encrypted, "app") }
        try connection.checkSafety(of: encrypted, from: plain, "app")
        try connection.checkSafety(of: plain, from: plain, "app")
    }

    @Test(arguments: [
        ("localhost", true), ("localhost:5000", true), ("127.1.2.3:5000", true), ("[::1]:5000", true),
        ("a.localhost:5000", false), ("127.0.0.1.example", false), ("128.0.0.1", false), ("127.0.0", false),
    ])
    func `plain HTTP is for this machine`(_ host: String, _ isAllowed: Bool) {
        #expect(RegistryConnection.isLoopback(host) == isAllowed)
    }

    @Test func `a token is asked for with service, scope and password`() throws {
        let server = demandToken { $0.header("Authorization") == Self.basic }
        var fixture = try PullFixture()
        fixture.settings.credentials.given = try Credential(parsing: "me:secret")
        #expect(try fixture.pull("\(host)/app:1").manifestDigest == image.digest)
        #expect(server.requests.count == 1)
        #expect(server.requests[0].parameters("service") == ["the registry"])
        #expect(server.requests[0].parameters("scope") == ["repository:app:pull"])
        // The registry itself never sees the password.
        #expect(registry.server.requests.allSatisfy { $0.header("Authorization") != Self.basic })
    }

    @Test func `an anonymous token is asked for without a password`() throws {
        let server = demandToken { $0.header("Authorization") == nil }
        #expect(try PullFixture().pull("\(host)/app:1").manifestDigest == image.digest)
        #expect(server.requests.count == 1)
    }

    @Test func `a token that is used up is replaced`() throws {
        let server = demandToken(uses: 1) { _ in true }
        #expect(try PullFixture().pull("\(host)/app:1").manifestDigest == image.digest)
        #expect(server.requests.count > 1)
    }

    @Test func `a token server that refuses is told with what to do`() throws {
        let server = demandToken { _ in false }
        var fixture = try PullFixture()
        fixture.settings.credentials.given = try Credential(parsing: "me:wrong")
        #expect(
            fixture.error("\(host)/app:1", at: host)
                == "docker://$/app:1: $ refuses this user and password; give others")
        #expect(server.requests.count == 1)
    }

    @Test func `an identity token is traded for others`() throws {
        let server = demandToken { request in
            request.method == "POST"
                && String(decoding: request.body, as: UTF8.self)
                    == "grant_type=refresh_token&refresh_token=idee%26&client_id=cimg&service=the%20registry"
                    + "&scope=repository%3Aapp%3Apull"
        }
        var fixture = try PullFixture()
        fixture.settings.credentials.given = .identityToken("idee&")
        #expect(try fixture.pull("\(host)/app:1").manifestDigest == image.digest)
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `a redirect to another host carries no secret`(_ status: Int) throws {
        demandPassword()
        let blobs = registry
        let digest = image.layers[0].digest
        let other = LoopbackServer { request in
            // Another server may want to know who asks; it is not told.
            guard request.path == "/elsewhere" else {
                return .init(401, headers: [("WWW-Authenticate", "Basic realm=\"there\"")])
            }
            return .init(200, body: blobs.content.withLock { $0.blobs[digest] ?? [] })
        }
        let target = "http://\(other.host)/elsewhere?signature=1"
        registry.distort { request, answer in
            if request.path.hasSuffix("\(digest)") { answer = .init(status, headers: [("Location", target)]) }
        }
        var fixture = try PullFixture()
        fixture.settings.credentials.given = try Credential(parsing: "me:secret")
        #expect(try fixture.pull("\(host)/app:1").manifestDigest == image.digest)
        #expect(other.requests.map(\.target) == ["/elsewhere?signature=1"])
        #expect(other.requests.allSatisfy { $0.header("Authorization") == nil && $0.header("Cookie") == nil })
    }

    @Test func `another host that asks who we are is not told`() throws {
        demandPassword()
        let digest = image.layers[0].digest
        let other = LoopbackServer { _ in .init(401, headers: [("WWW-Authenticate", "Basic realm=\"there\"")]) }
        registry.distort { request, answer in
            guard request.path.hasSuffix("\(digest)") else { return }
            answer = .init(307, headers: [("Location", "http://\(other.host)/")])
        }
        var fixture = try PullFixture()
        fixture.settings.credentials.given = try Credential(parsing: "me:secret")
        let error = try #require(fixture.error("\(host)/app:1", at: host))
        #expect(error.contains("answers 401"), "\(error)")
        #expect(other.requests.allSatisfy { $0.header("Authorization") == nil })
    }

    @Test func `redirects without end are an error`() throws {
        registry.intercept { request in
            request.path.contains("manifests") ? .init(302, headers: [("Location", request.target)]) : nil
        }
        #expect(
            try PullFixture().error("\(host)/app:1", at: host)
                == "docker://$/app:1: is redirected more than 10 times")
    }

    static let challenges: [(field: String, expected: [Challenge])] = [
        ("Basic realm=\"a, b\"", [.basic]),
        ("bAsIc", [.basic]),
        (
            "Bearer realm=\"https://auth.example/token\",service=\"r\",scope=\"repository:a:pull\"",
            [
                .bearer(
                    realm: WebAddress(isEncrypted: true, authority: "auth.example", target: "/token"), service: "r",
                    scope: "repository:a:pull")
            ]
        ),
        (
            "Negotiate, Basic realm=x, Bearer realm=\"https://a/\\t\"",
            [
                .basic,
                .bearer(realm: WebAddress(isEncrypted: true, authority: "a", target: "/t"), service: nil, scope: nil),
            ]
        ),
        ("Bearer service=\"no realm\"", []), ("Bearer realm=\"not an address\"", []), ("Bearer realm=\"https://a", []),
        ("", []), (",,,", []), ("=", []), ("Digest a=b", []),
    ]

    @Test(arguments: challenges.indices)
    func `a challenge is read as the standard says`(_ index: Int) {
        #expect(Challenge.parse(Self.challenges[index].field) == Self.challenges[index].expected)
    }
}
