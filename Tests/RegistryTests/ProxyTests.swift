// SPDX-License-Identifier: Apache-2.0

import LayerStore
import OCI
import TestSupport
import Testing
import Web

@testable import Registry

/// Registries that are asked through somebody else, as the variables of the environment have it.
@Suite(.timeLimit(.minutes(15))) struct ProxyTests {
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
                + "whether a proxy runs there")
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

    @Test func `a tunnel is asked for where the connection is encrypted`() throws {
        guard DistributionServer.isInstalled else { return }
        let registry = try DistributionServer(.passwordOverTLS)
        let tunnel = TunnelServer(to: try #require(Int(registry.host.split(separator: ":").last ?? "")))
        var fixture = try PullFixture(["https_proxy": "http://127.0.0.1:\(tunnel.port)"])
        fixture.settings.verifiesTLS = false
        fixture.settings.credentials.given = try Credential(parsing: "me:secret")
        #expect(try fixture.client.registry("registry.invalid").repositories() == [])
        #expect(Set(tunnel.requests) == ["connect registry.invalid:443"])
    }

    @Test(arguments: [true, false])
    func `a proxy may be one of SOCKS, which looks the name up`(_ wantsUser: Bool) throws {
        let registry = FakeRegistry()
        registry.add(RegistrySample.image, to: "app", tag: "1")
        let tunnel = TunnelServer(to: registry.server.port, wantsUser: wantsUser)
        let user = wantsUser ? "me:se%40cret@" : ""
        #expect(try tags(["ALL_PROXY": "socks5h://\(user)127.0.0.1:\(tunnel.port)"]) == ["1"])
        let told = wantsUser ? "me:se@cret " : ""
        #expect(
            Set(tunnel.requests) == [
                "socks \(told)registry.invalid:443", "socks \(told)registry.invalid:80",
            ])
    }

    @Test func `a proxy that wants a password or refuses says so, once`() throws {
        let refusing = LoopbackServer { _ in .init(407) }
        for (variables, object) in [
            (["all_proxy": "http://a:b@\(refusing.host)"], "docker://registry.invalid/app"),
            (["https_proxy": "http://\(refusing.host)"], nil),
        ] {
            let error = #expect(throws: RegistryError.self) { try tags(variables) }
            guard let object else {
                #expect(error?.reason.contains("no address is known for registry.invalid") == true)
                continue
            }
            #expect(error?.object == object)
            #expect(
                error?.reason
                    == "proxy http://\(refusing.host): answers 407; give it a user and password: "
                    + "http://USER:SECRET@HOST:PORT in its variable")
        }
        let count = refusing.requests.count
        var fixture = try PullFixture(["https_proxy": "http://a:b@\(refusing.host)"])
        fixture.settings.limits.attempts = 3
        let error = #expect(throws: RegistryError.self) {
            try fixture.client.registry("registry.invalid").check()
        }
        #expect(
            error?.description
                == "registry registry.invalid: proxy http://\(refusing.host): CONNECT tunnel failed, response 407; give "
                + "it a user and password: http://USER:SECRET@HOST:PORT in its variable")
        #expect(refusing.requests.count == count + 1)
    }

    @Test func `a proxy that cannot reach a registry is asked once more`() throws {
        let failing = LoopbackServer { _ in .init(503) }
        let fixture = try PullFixture(["https_proxy": "http://\(failing.host)"])
        let error = #expect(throws: RegistryError.self) {
            try fixture.client.registry("registry.invalid").check()
        }
        #expect(
            error?.description
                == "registry registry.invalid: proxy http://\(failing.host): CONNECT tunnel failed, response 503 "
                + "(2 attempts); try again later")
        #expect(failing.requests.count == 2)
    }

    @Test func `a program of a web server does not believe HTTP_PROXY`() throws {
        let address = try #require(WebAddress(parsing: "http://registry.example/"))
        func proxy(_ variables: [String: String]) throws -> String? {
            try HTTPProxy(for: address, in: UserEnvironment(variables))?.address
        }
        #expect(try proxy(["HTTP_PROXY": "evil:1", "REQUEST_METHOD": "GET"]) == nil)
        #expect(try proxy(["HTTP_PROXY": "evil:1", "http_proxy": "good:1", "REQUEST_METHOD": "GET"]) == "good:1")
        #expect(try proxy(["HTTP_PROXY": "good:1"]) == "good:1")
        #expect(try proxy(["https_proxy": "other:1"]) == nil)
    }

    @Test(arguments: ["ftp://proxy:21", "http://", "http://a b", "socks://me:secret@proxy"])
    func `what is no proxy is told with its variable, and without the secret`(_ value: String) throws {
        let address = try #require(WebAddress(parsing: "https://registry.example/"))
        let error = #expect(throws: RegistryError.self) {
            try HTTPProxy(for: address, in: UserEnvironment(["HTTPS_PROXY": value]))
        }
        #expect(error?.object == "HTTPS_PROXY \(value.replacing("me:secret@", with: ""))")
        #expect(error?.reason.hasPrefix("is no proxy: [SCHEME://]") == true)
    }

    private static let exceptions: [(list: String, address: String, isException: Bool)] = [
        ("registry.example", "https://registry.example/", true),
        ("registry.example", "https://eu.registry.example:5000/", true),
        ("registry.example", "https://notregistry.example/", false),
        ("REGISTRY.example.", "https://registry.example/", true),
        (".example", "https://registry.example/", true), ("*.example", "https://registry.example/", true),
        ("registry.example:5000", "https://registry.example:5000/", true),
        ("registry.example:5000", "https://registry.example/", false),
        ("registry.example:443", "https://registry.example/", true),
        ("registry.example:80", "https://registry.example/", false),
        ("a,b c\td.example", "https://d.example/", true), ("*", "https://10.1.2.3/", true),
        ("10.0.0.0/8", "https://10.1.2.3:5000/", true), ("10.0.0.0/8", "https://11.1.2.3/", false),
        ("10.1.2.0/23", "https://10.1.3.9/", true), ("10.1.2.0/23", "https://10.1.4.9/", false),
        ("0.0.0.0/0", "https://192.0.2.1/", true), ("0.0.0.0/0", "https://[2001:db8::1]/", false),
        ("0.0.0.0/0", "https://registry.example/", false), ("10.0.0.0/33", "https://10.0.0.0/", false),
        ("10.1.2.3", "https://10.1.2.3/", true), ("1.2.3", "https://10.1.2.3/", false),
        ("2.3", "https://10.1.2.3/", false), ("10.1.2.3:5000", "https://10.1.2.3/", false),
        ("2001:db8::/32", "https://[2001:db8:1::2]:5000/", true), ("2001:db8::/32", "https://[2001:db9::2]/", false),
        ("2001:db8::1", "https://[2001:0DB8:0:0::1]/", true), ("[2001:db8::1]:5000", "https://[2001:db8::1]/", false),
        ("[2001:db8::1]:5000", "https://[2001:db8::1]:5000/", true), ("[2001:db8::1]", "https://[2001:db8::1]/", true),
        ("[2001:db8::]/32", "https://[2001:db8::1]/", true), ("::ffff:10.1.2.3", "https://[::ffff:a01:203]/", true),
        ("2001:db8::x", "https://[2001:db8::1]/", false), ("registry.example:port", "https://registry.example/", false),
        ("", "https://registry.example/", false), (" , .,*.", "https://registry.example/", false),
    ]

    @Test(arguments: exceptions.indices)
    func `exceptions are names, addresses and networks, with ports or without`(_ index: Int) throws {
        let (list, text, expected) = Self.exceptions[index]
        let address = try #require(WebAddress(parsing: text))
        #expect(ProxyExceptions(list).contain(address) == expected, "\(list) \(text)")
    }
}
