// SPDX-License-Identifier: Apache-2.0

import Testing
import Web

@testable import Registry

/// Addresses as registries send them.
@Suite(.timeLimit(.minutes(15))) struct WebAddressTests {
    static let good: [(text: String, expected: String, host: String, port: Int)] = [
        ("https://registry.example", "https://registry.example/", "registry.example", 443),
        ("HTTPS://Registry.Example:443/v2/", "https://registry.example/v2/", "registry.example", 443),
        ("http://localhost:5000/v2/?n=1#part", "http://localhost:5000/v2/?n=1", "localhost", 5000),
        ("http://[::1]:5000/a", "http://[::1]:5000/a", "::1", 5000),
        ("http://[::1]/a", "http://[::1]/a", "::1", 80),
        ("https://a?b=c", "https://a/?b=c", "a", 443),
    ]

    @Test(arguments: good.indices)
    func `an address is read and written`(_ index: Int) throws {
        let (text, expected, host, port) = Self.good[index]
        let address = try #require(WebAddress(parsing: text))
        #expect("\(address)" == expected)
        #expect(address.host == host)
        #expect(address.port == port)
    }

    @Test(arguments: [
        "", "ftp://a/", "https://", "https:///x", "https://user@host/", "https://a b/", "https://a:99999/",
        "https://a:x/", "https://a/\u{e9}", "https://a/\r\nHost: b", "//a/b", "/v2/", "https://a:+443/",
        "https://[::1]x443/", "https://[::1/", "https://[]/",
        "https://a\\b/", "https://a%2eb/", "https://:443/", "https://a:/", "https://a;b/", "https://[::1]:/",
    ])
    func `what is no address is refused`(_ text: String) {
        #expect(WebAddress(parsing: text) == nil)
    }

    @Test(arguments: [
        ("/v2/x", "https://a:5000/v2/x"), ("y?z=1", "https://a:5000/b/y?z=1"), ("?n=2", "https://a:5000/b/c?n=2"),
        ("//other/x", "https://other/x"), ("http://other/x", "http://other/x"),
    ])
    func `a reference is resolved as the specification says`(_ reference: String, _ expected: String) throws {
        let base = try #require(WebAddress(parsing: "https://a:5000/b/c?d=e"))
        #expect(base.resolving(reference).map { "\($0)" } == expected)
    }

    @Test(arguments: ["ftp://a/b", "javascript:x", "http://", "https://u:p@a/"])
    func `a reference to something else is refused`(_ reference: String) throws {
        let base = try #require(WebAddress(parsing: "https://a/b"))
        #expect(base.resolving(reference) == nil)
    }

    @Test func `an origin is scheme, host and port`() throws {
        let base = try #require(WebAddress(parsing: "https://a/b"))
        for (text, isSame) in [
            ("https://a:443/c", true), ("https://A/", true), ("http://a/b", false), ("https://a:444/", false),
            ("https://b.a/", false),
        ] {
            #expect(try base.hasSameOrigin(as: #require(WebAddress(parsing: text))) == isSame, "\(text)")
        }
    }
}
