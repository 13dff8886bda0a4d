// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage
import TOML
import TestSupport
import Testing

@testable import Engines

/// Where engines are looked for, by their configuration files and the environment.
@Suite("Configurations of engines", .timeLimit(.minutes(15)))
struct ConfigurationTests {
    @Test("strings, lists and truth values of tables are read, and other things passed over")
    func text() {
        let file = ConfigurationText(
            text: Array(
                """
                # comment
                root = "/a\\tb\\u00e9" # behind
                literal = '/c\\d'
                number = 5
                [one]
                  list = [ "x", # first
                    'y' ,
                  ]
                  nested = [["x"], ["y"]]
                  inline = { a = "b" }
                  yes = true
                  text.dotted = "z"
                [ one . "two.three" ]
                key = "value"
                unclosed = "abc
                after = "d"
                [[array]]
                key = "of array"
                [last]
                no = false
                garbage
                = "no key"
                long = \"\"\"
                """.utf8))
        #expect(file.string("root") == "/a\tb\u{e9}")
        #expect(file.string("literal") == "/c\\d")
        #expect(file.strings("one", "list") == ["x", "y"])
        #expect(file.isTrue("one", "yes"))
        #expect(file.string("one", "text", "dotted") == "z")
        #expect(file.string("one", "two.three", "key") == "value")
        #expect(file.string("one", "two.three", "after") == "d")
        #expect(!file.isTrue("last", "no"))
        #expect(
            Set(file.values.keys) == [
                ["root"], ["literal"], ["one", "list"], ["one", "yes"], ["one", "text", "dotted"],
                ["one", "two.three", "key"], ["one", "two.three", "after"], ["last", "no"], ["last", "long"],
            ])
    }

    @Test("any bytes end")
    func anyBytes() {
        var generator = SeededGenerator(seed: 1)
        let alphabet = Array("[]=\"'\\#\n ,.au{}\u{0}".utf8) + [0xFF]
        for _ in 0..<2000 {
            let text = (0..<60).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            #expect(ConfigurationText(text: text).values.count <= 60)
        }
    }

    private func place(_ surroundings: EngineSurroundings) throws -> [String] {
        let found = try StorageConfiguration(surroundings)
        return [found.graphRoot.string, found.runRoots.first?.string ?? "-", found.driver ?? "-"]
    }

    @Test("podman's storage is where its configuration says, for root and for others")
    func podman() throws {
        let scratch = ScratchDirectory()
        let top = scratch.path.string
        func around(_ user: UInt32, _ environment: [String: String] = [:]) -> EngineSurroundings {
            EngineSurroundings(user: user, home: scratch.path("home"), environment: environment, root: scratch.path)
        }
        #expect(try place(around(0)) == ["\(top)/var/lib/containers/storage", "\(top)/run/containers/storage", "-"])
        #expect(
            try place(around(7)) == [
                "\(top)/home/.local/share/containers/storage", "\(top)/run/user/7/containers", "-",
            ])
        scratch.file("usr/share/containers/storage.conf", "[storage]\ndriver = 'vfs'\ngraphroot = '/usr/graph'\n")
        #expect(try place(around(0)) == ["/usr/graph", "\(top)/run/containers/storage", "vfs"])
        scratch.file(
            "etc/containers/storage.conf",
            "[storage]\ndriver = 'overlay'\ngraphroot = '/graph'\nrunroot = '/run-root'\nrootless_storage_path = '/for/$UID/x'\n"
        )
        #expect(try place(around(0)) == ["/graph", "/run-root", "overlay"])
        #expect(try place(around(7)) == ["/for/7/x", "\(top)/run/user/7/containers", "overlay"])
        #expect(
            try place(around(7, ["XDG_RUNTIME_DIR": "/xdg", "XDG_DATA_HOME": ""])) == [
                "/for/7/x", "/xdg/containers", "overlay",
            ])
        scratch.file("home/.config/containers/storage.conf", "[storage]\ngraphroot = \"$HOME/mine\"\n")
        #expect(try place(around(7)) == ["\(top)/home/mine", "\(top)/run/user/7/containers", "overlay"])
        #expect(try place(around(0)) == ["/graph", "/run-root", "overlay"])
        let named = scratch.file("other.conf", "[storage]\ngraphroot = '/named'\n").string
        #expect(try place(around(0, ["CONTAINERS_STORAGE_CONF": named])).first == "/named")
        #expect(try place(around(7, ["CONTAINERS_STORAGE_CONF": named, "STORAGE_DRIVER": "vfs"])).last == "vfs")
        #expect(throws: EngineError("CONTAINERS_STORAGE_CONF /nowhere.conf", "is missing")) {
            try place(around(0, ["CONTAINERS_STORAGE_CONF": "/nowhere.conf"]))
        }
    }

    @Test("Docker's data root is where its configuration says")
    func docker() throws {
        let scratch = ScratchDirectory()
        func root(_ user: UInt32 = 0, _ environment: [String: String] = [:]) throws -> String {
            try DockerPlace(
                EngineSurroundings(
                    user: user, home: scratch.path("home"), environment: environment, root: scratch.path)
            ).dataRoot.string.replacing(scratch.path.string, with: "$")
        }
        #expect(try root() == "$/var/lib/docker")
        scratch.file("etc/docker/daemon.json", "{\"data-root\": \"/elsewhere\", \"debug\": true}")
        #expect(try root() == "/elsewhere")
        #expect(try root(7) == "/elsewhere")
        scratch.directory("home/.local/share/docker")
        #expect(try root(7) == "$/home/.local/share/docker")
        scratch.file("etc/docker/daemon.json", "{\"data-root\": \"/elsewhere\", \"userns-remap\": \"root:root\"}")
        scratch.file("etc/subuid", "root:123456:65536\n")
        scratch.file("etc/subgid", "root:234567:65536\n")
        #expect(try root() == "/elsewhere/123456.234567")
        #expect(try root(0, ["DOCKER_HOST": "tcp://localhost:1"]) == "/elsewhere/123456.234567")
        #expect(throws: EngineError("docker unix:///nowhere.sock", "no daemon answers: start it, or unset DOCKER_HOST"))
        {
            try root(0, ["DOCKER_HOST": "unix:///nowhere.sock"])
        }
        scratch.file("etc/docker/daemon.json", "{")
        #expect(throws: EngineError.self) { try root() }
    }

    @Test("containerd's root is where its configuration says")
    func containerd() throws {
        let scratch = ScratchDirectory()
        scratch.directory("var/lib/containerd")
        func place(_ environment: [String: String] = [:]) throws -> [String] {
            let found = try ContainerdPlace(
                EngineSurroundings(user: 0, home: "/", environment: environment, root: scratch.path))
            return [found.root, found.state, found.snapshotter].map {
                $0.string.replacing(scratch.path.string, with: "$")
            }
        }
        let name = "io.containerd.snapshotter.v1.overlayfs"
        #expect(try place() == ["$/var/lib/containerd", "$/run/containerd", "$/var/lib/containerd/\(name)"])
        scratch.file(
            "etc/containerd/config.toml",
            "version = 2\nroot = '\(scratch.path)'\nstate = '/b'\n[plugins.\"\(name)\"]\nroot_path = '/snaps'\n")
        #expect(try place() == ["$", "/b", "/snaps"])
        #expect(throws: EngineError.self) { try place(["CONTAINERD_ADDRESS": "/nowhere.sock"]) }
    }

    @Test("an engine that is not there is no error")
    func absent() {
        let scratch = ScratchDirectory()
        scratch.directory("var/lib/containerd")
        let around = EngineSurroundings(user: 0, home: scratch.path("home"), root: scratch.path)
        let (engines, problems) = Engines.discover(around)
        #expect(engines.map(\.kind) == [.containerd])
        #expect(problems == [])
        #expect(throws: Never.self) { try engines.first?.containers().items.isEmpty }
    }
}
