// SPDX-License-Identifier: Apache-2.0

import Glibc
import LayerStore
import OCI
import SystemPackage
import TestSupport
import Testing
import Web

@testable import Registry

/// What `registries.conf` says, and what follows from it.
@Suite(.timeLimit(.minutes(15))) struct RegistriesConfigurationTests {
    private static func parsed(_ text: String) throws -> RegistriesConfiguration {
        var configuration = RegistriesConfiguration()
        try configuration.merge(Array(text.utf8), name: "registries.conf")
        return configuration
    }

    private static let example = """
        # A comment with "quotes" and [brackets]
        unqualified-search-registries = [ "first.example", # why
            'second.example/team', ]
        short-name-mode = "permissive"
        credential-helpers = ["containers-auth.json"]

        [aliases]
        "alpine" = "docker.io/library/alpine"
        'team/tool' = "quay.example/team/tool"

        [[registry]]
        prefix = "docker.io"
        location = "proxy.example/hub"
        [[registry.mirror]]
        location = "mirror.example/hub"
        insecure = true
        pull-from-mirror = "digest-only"

        [[registry]]
        location = "plain.example:5000"
        insecure = true

        [[registry]]
        prefix = "bad.example/evil"
        blocked = true

        [[registry]]
        prefix = "*.wild.example"
        location = "tame.example/all"
        mirror = [ { location = "near.example", insecure = false } ]
        """

    private func routes(_ name: String) throws -> [String] {
        try Self.parsed(Self.example).routes(to: Reference(parsing: name))
            .map { "\($0.host)/\($0.repository)\($0.isInsecure ? "!" : "")" }
    }

    @Test func `prefixes, locations and mirrors lead somewhere`() throws {
        #expect(try routes("alpine:1") == ["proxy.example/hub/library/alpine"])
        let digest = Digest(of: [])
        #expect(
            try routes("alpine@\(digest)")
                == ["mirror.example/hub/library/alpine!", "proxy.example/hub/library/alpine"])
        #expect(try routes("plain.example:5000/app") == ["plain.example:5000/app!"])
        #expect(try routes("plain.example:5001/app") == ["plain.example:5001/app"])
        #expect(try routes("a.wild.example/x/y") == ["near.example/x/y", "tame.example/all/x/y"])
        #expect(try routes("wild.example/x") == ["wild.example/x"])
        #expect(try routes("bad.example/evilx/y") == ["bad.example/evilx/y"])
        #expect(throws: RegistryError.self) { try routes("bad.example/evil/app") }
    }

    @Test func `a prefix may have a tag or a digest`() throws {
        let digest = Digest(of: [])
        let configuration = try Self.parsed(
            """
            [[registry]]
            prefix = "a.example/app:latest"
            blocked = true
            [[registry]]
            prefix = "a.example/app@\(digest)"
            location = "b.example/other"
            """)
        func hosts(_ name: String) throws -> [String] {
            try configuration.routes(to: Reference(parsing: name)).map { "\($0.host)/\($0.repository)" }
        }
        #expect(throws: RegistryError.self) { try hosts("a.example/app") }
        #expect(throws: RegistryError.self) { try hosts("a.example/app:latest") }
        #expect(try hosts("a.example/app:latest2") == ["a.example/app"])
        #expect(try hosts("a.example/app@\(digest)") == ["b.example/other"])
    }

    @Test func `only what is said to be insecure is`() throws {
        let configuration = try Self.parsed(Self.example)
        #expect(configuration.isInsecure(host: "plain.example:5000"))
        // A mirror is no registry that is spoken of, and what is said of a repository is not said of others.
        #expect(!configuration.isInsecure(host: "mirror.example"))
        let some = try Self.parsed("[[registry]]\nlocation = \"a.example/team\"\ninsecure = true")
        #expect(!some.isInsecure(host: "a.example"))
        #expect(try some.routes(to: Reference(parsing: "a.example/team/app")).map(\.isInsecure) == [true])
        #expect(try some.routes(to: Reference(parsing: "a.example/other")).map(\.isInsecure) == [false])
        let wild = try Self.parsed("[[registry]]\nprefix = \"*.b.example\"\ninsecure = true")
        #expect(wild.isInsecure(host: "x.b.example"))
        #expect(
            try wild.routes(to: Reference(parsing: "x.b.example/app"))
                == [RegistryRoute(host: "x.b.example", repository: "app", isInsecure: true)])
        #expect(!configuration.isInsecure(host: "plain.example"))
        #expect(!configuration.isInsecure(host: "proxy.example"))
    }

    @Test func `short names are completed in the order of the configuration`() throws {
        let configuration = try Self.parsed(Self.example)
        func candidates(_ text: String) throws -> [String] { try configuration.candidates(for: text).map { "\($0)" } }
        #expect(try candidates("alpine:3") == ["docker.io/library/alpine:3"])
        #expect(try candidates("team/tool") == ["quay.example/team/tool"])
        #expect(try candidates("app:1") == ["first.example/app:1", "second.example/team/app:1"])
        #expect(try candidates("localhost/app") == ["localhost/app"])
        #expect(try RegistriesConfiguration().candidates(for: "app").map { "\($0)" } == ["docker.io/library/app"])
    }

    @Test(arguments: [
        ("a = 1\na = 2", "line 2: \"a\" is given twice, or as two different things"),
        ("a = \"x", "line 1: the string has no end"), ("a = [1", "line 1: the array has no end"),
        ("[a", "line 1: the table's name has no end"), ("a", "line 1: has no = after a key"),
        ("a = x", "line 1: \"x\" is no value; texts stand in quotes"),
        ("\n\n= 1", "line 3: has no key where one must be"),
        ("a = 1 2", "line 1: has more than one value"), ("a = \"\\x\"", "line 1: has an unknown escape in a string"),
        ("a = \"\"\"x\"\"\"", "line 1: has a multi-line string, which is not supported"),
        ("a = \"\\ud800\"", "line 1: has an escape that is no character"),
        ("unqualified-search-registries = 1", "unqualified-search-registries: is no array of strings"),
        ("[[registry]]\nblocked = true", "registry[0]: has neither a prefix nor a location"),
        ("[registries.search]\nregistries = []", "is of the first version of its format; write [[registry]] instead"),
    ])
    func `a mistake is told with its line`(_ text: String, _ expected: String) {
        let error = #expect(throws: FormatError.self) { try Self.parsed(text) }
        #expect(error.map { "\($0)" } == "registries.conf: \(expected)")
    }

    @Test func `nesting without end is refused`() {
        let deep = "a = " + String(repeating: "[", count: 100_000)
        #expect(throws: FormatError.self) { try Self.parsed(deep) }
        let keys = Array(repeating: "a", count: 100_000).joined(separator: ".") + " = 1"
        #expect(throws: FormatError.self) { try Self.parsed(keys) }
    }

    @Test func `any bytes give an answer or an error`() {
        var generator = SeededGenerator(seed: 5)
        let example = Array(Self.example.utf8)
        for _ in 0..<2000 {
            var bytes = example
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let position = Int.random(in: 0..<bytes.count, using: &generator)
                if Bool.random(using: &generator) {
                    bytes[position] = UInt8.random(in: 0...255, using: &generator)
                } else {
                    bytes.removeSubrange(position..<min(bytes.count, position + 20))
                }
            }
            var configuration = RegistriesConfiguration()
            // Whichever it is, it ends.
            try? configuration.merge(bytes, name: "registries.conf")
        }
    }

    @Test func `the user's file goes before the system's and drop-ins add to both`() throws {
        let scratch = ScratchDirectory()
        scratch.file("etc/containers/registries.conf", "unqualified-search-registries = [\"system.example\"]")
        scratch.file(
            "etc/containers/registries.conf.d/1.conf", "[aliases]\na = \"one.example/a\"\nb = \"one.example/b\"")
        scratch.file("etc/containers/registries.conf.d/2.conf", "[aliases]\na = \"two.example/a\"")
        scratch.file("etc/containers/registries.conf.d/note.txt", "no TOML")
        let environment = UserEnvironment(
            ["HOME": "\(scratch.path)/home"], systemDirectory: scratch.path.appending("etc"))
        var read = try RegistriesConfiguration.read(environment: environment)
        #expect(read.searchRegistries == ["system.example"])
        #expect(read.aliases == ["a": "two.example/a", "b": "one.example/b"])
        scratch.file("home/.config/containers/registries.conf", "unqualified-search-registries = [\"user.example\"]")
        read = try RegistriesConfiguration.read(environment: environment)
        #expect(read.searchRegistries == ["user.example"])
        // Drop-ins that are not there add nothing; those that cannot be read may forbid something.
        let dropIns = scratch.path("home/.config/containers/registries.conf.d").string
        #expect(symlink("registries.conf.d", dropIns) == 0)
        let error = #expect(throws: RegistryError.self) {
            try RegistriesConfiguration.read(environment: environment)
        }
        #expect(error.map { "\($0)" }?.hasPrefix("\(dropIns): cannot be read: ") == true)
    }

    @Test func `a mirror that has the image is asked, and the registry where it has not`() throws {
        let (mirror, origin) = (FakeRegistry(), FakeRegistry())
        let other = ImageBuilder([LayerBuilder { $0.file("other", "") }])
        mirror.add(RegistrySample.image, to: "cache/app", tag: "1")
        origin.add(other, to: "app", tag: "1")
        origin.add(other, to: "app", tag: "2")
        var fixture = try PullFixture()
        fixture.settings.registries = try Self.parsed(
            """
            [[registry]]
            location = "\(origin.host)"
            [[registry.mirror]]
            location = "\(mirror.host)/cache"
            """)
        #expect(try fixture.pull("\(origin.host)/app:1").manifestDigest == RegistrySample.image.digest)
        #expect(origin.server.requests.isEmpty)
        #expect(try fixture.pull("\(origin.host)/app:2").manifestDigest == other.digest)
    }
}
