// SPDX-License-Identifier: Apache-2.0

import LayerStore
import OCI
import TestSupport
import Testing

@testable import Registry

/// Registries that are asked through somebody else, as the variables of the environment have it.
struct ProxyTests {
    /// Passes on nothing, but answers for a registry that has one repository.
    private let proxy = LoopbackServer { request in
        switch request.target {
        case "http://registry.invalid/v2/": .json(200, [:])
        case "http://registry.invalid/v2/app/tags/list": .json(200, ["tags": ["1"]])
        default: .init(request.method == "CONNECT" ? 403 : 404)
        }
    }

    private func tags(_ variables: [String: String]) throws -> [String] {
        var fixture = try PullFixture(variables)
        try fixture.settings.registries.merge(
            Array("[[registry]]\nlocation = \"registry.invalid\"\ninsecure = true\n".utf8), name: "conf")
        return try fixture.client.repository(Reference(parsing: "registry.invalid/app")).tags()
    }

    @Test(arguments: ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
    func `a registry is asked through the proxy`(_ variable: String) throws {
        #expect(try tags([variable: "http://\(proxy.host)", "https_proxy": "http://\(proxy.host)"]) == ["1"])
    }

    @Test func `a proxy that is asked for a password is told it, and messages are not`() throws {
        #expect(try tags(["all_proxy": "http://me:secret@\(proxy.host)"]) == ["1"])
        #expect(proxy.requests.allSatisfy { $0.header("Proxy-Authorization") == "Basic bWU6c2VjcmV0" })
        let error = #expect(throws: RegistryError.self) { try tags(["all_proxy": "http://me:secret@127.0.0.1:1"]) }
        #expect(
            error?.description
                == "registry registry.invalid: proxy http://127.0.0.1:1: connection refused; check host and port, and "
                + "whether a registry runs there")
    }

    @Test(arguments: [
        "registry.invalid", ".invalid", "*.invalid", "invalid", "*", "other,*",
        "other, registry.invalid:80,registry.invalid:443",
    ])
    func `an exception is asked without it`(_ exceptions: String) throws {
        let error = #expect(throws: RegistryError.self) {
            try tags(["all_proxy": "http://\(proxy.host)", "no_proxy": exceptions])
        }
        #expect(error?.reason.contains("no address is known for registry.invalid") == true, "\(error as Any)")
        #expect(proxy.requests.isEmpty)
    }

    @Test func `this machine is asked without it`() throws {
        let registry = FakeRegistry()
        registry.add(RegistrySample.image, to: "app", tag: "1")
        let fixture = try PullFixture(["all_proxy": "http://\(proxy.host)"])
        #expect(try fixture.pull("\(registry.host)/app:1").manifestDigest == RegistrySample.image.digest)
        #expect(proxy.requests.isEmpty)
    }
}
