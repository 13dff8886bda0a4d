// SPDX-License-Identifier: Apache-2.0

import LayerStore
import OCI
import TestSupport
import Testing
import Web

@testable import Registry

/// Registries elsewhere that speak plain HTTP: a tunnel leads every name and port to one that does.
@Suite(.timeLimit(.minutes(15))) struct PlainRegistryTests {
    private let registry = FakeRegistry()
    private let tunnel: TunnelServer
    private var fixture: PullFixture

    init() throws {
        registry.add(RegistrySample.image, to: "app", tag: "1")
        tunnel = TunnelServer(to: registry.server.port)
        fixture = try PullFixture(["ALL_PROXY": "socks5h://127.0.0.1:\(tunnel.port)"])
        fixture.settings.verifiesTLS = false
    }

    @Test func `where certificates are not checked, plain HTTP will do, after TLS was tried`() throws {
        let client = fixture.client
        #expect(try fixture.pull("registry.invalid/app:1", with: client).manifestDigest == RegistrySample.image.digest)
        #expect(try client.registry("registry.invalid").repositories() == ["app"])
        #expect(tunnel.requests.first == "socks registry.invalid:443")
        #expect(Set(tunnel.requests.dropFirst()) == ["socks registry.invalid:80"])
    }

    @Test func `otherwise nothing is sent in the clear`() throws {
        var fixture = fixture
        fixture.settings.verifiesTLS = true
        #expect(fixture.error("registry.invalid/app:1", at: "registry.invalid") != nil)
        #expect(Set(tunnel.requests) == ["socks registry.invalid:443"])
        // The lines that the error tells are right.
        try fixture.settings.registries.merge(
            Array("[[registry]]\nlocation = \"registry.invalid\"\ninsecure = true\n".utf8), name: "conf")
        #expect(fixture.error("registry.invalid/app:1", at: "registry.invalid") == nil)
    }

    @Test func `where plain HTTP was not tried, an error says what would help`() throws {
        let failure = try #require(NetworkFailure(TransferError(code: 35)))
        func text(_ variables: [String: String] = [:], isInsecure: Bool = false) throws -> String {
            let client = try PullFixture(variables).client
            let connection = client.connection(host: "a.example:5000", isInsecure: isInsecure, isNamed: true)
            return connection.error(failure, "docker://x").description
        }
        let reason = "docker://x: a.example:5000: it does not speak TLS as expected"
        let advice =
            "; if it speaks plain HTTP, use --tls-verify=false, or write [[registry]], location = \"a.example:5000\" and "
            + "insecure = true, a line each, into "
        #expect(try text() == reason + advice + "/etc/containers/registries.conf.d/plain.conf")
        #expect(try text(["CONTAINERS_REGISTRIES_CONF": "/own.conf"]) == reason + advice + "/own.conf")
        #expect(try text(isInsecure: true) == reason)
    }

    @Test func `a password goes to the registry itself, and to no token server in the clear`() throws {
        var fixture = fixture
        fixture.settings.credentials.given = try Credential(parsing: "me:secret")
        registry.intercept { request in
            request.header("Authorization") == "Basic bWU6c2VjcmV0"
                ? nil : .init(401, headers: [("WWW-Authenticate", "Basic realm=\"x\"")])
        }
        #expect(fixture.error("registry.invalid/app:1", at: "registry.invalid") == nil)
        registry.intercept { _ in
            .init(401, headers: [("WWW-Authenticate", "Bearer realm=\"http://other.invalid/token\"")])
        }
        #expect(
            fixture.error("registry.invalid/app:1", at: "registry.invalid")
                == "docker://$/app:1: $ sends us to a token server over plain HTTP: other.invalid")
        #expect(!tunnel.requests.contains { $0.contains("other.invalid") })
    }
}
