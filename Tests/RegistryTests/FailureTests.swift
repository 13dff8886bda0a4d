// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import Foundation
    import LayerStore
    import LinuxIO
    import OCI
    import SystemPackage
    import TestSupport
    import Testing

    @testable import Registry
    import Threads

    /// Each system call of a pull and of each change of credentials fails once, and from each on all of them do.
    @Suite(.timeLimit(.minutes(15))) struct FailureTests {
        private static let image = ImageBuilder([
            LayerBuilder(.gzip) { $0.file("etc/name", "old\n") }, LayerBuilder(.none) { $0.file("etc/name", "new\n") },
        ])

        @Test func `an image is pulled whole or not at all`() throws {
            let registry = FakeRegistry()
            registry.add(Self.image, to: "app", tag: "1")
            var loop = FailureLoop(
                "pull", make: { try PullFixture() },
                operation: { fixture in
                    let image = try fixture.pull("\(registry.host)/app:1")
                    try fixture.store.setReference("app:1", to: image.manifestDigest)
                },
                state: { fixture -> [String] in
                    let store = try Store(fixture.store.path)
                    let problems = try store.fsck(repairs: false).problems
                    guard problems.isEmpty else { throw StoreError(.damaged, "store", "\(problems)") }
                    return try store.references().map { reference in
                        let image = try store.describe(reference.descriptor.digest)
                        _ = try store.tree(of: image)
                        return "\(reference.name) \(image.digest)"
                    }
                },
                leftovers: { try names(in: $0.store.path.appending("tmp")) })
            // A failure of the network is tried again, and told in the network's words.
            loop.tells = nil
            try loop.run()
        }

        private func names(in directory: FilePath) throws -> [String] {
            try Descriptor.open(directory, O_RDONLY | O_DIRECTORY).entryNames().map {
                String(decoding: $0, as: UTF8.self)
            }
        }

        private func loop(
            _ name: String, _ before: String?, _ operation: @escaping (Login) throws -> Void
        ) -> FailureLoop<ScratchDirectory, String?> {
            FailureLoop(
                name,
                make: {
                    let scratch = ScratchDirectory()
                    if let before { scratch.file("containers/auth.json", before, mode: 0o600) }
                    return scratch
                },
                operation: { try operation(Login(file: $0.path("containers/auth.json"))) },
                state: { place in
                    let file = place.path("containers/auth.json")
                    return fileExists(file)
                        ? String(decoding: try Descriptor.open(file).readToEnd(), as: UTF8.self) : nil
                },
                leftovers: { place in
                    guard fileExists(place.path("containers")) else { return [] }
                    return try names(in: place.path("containers")).filter {
                        $0 != "auth.json" && $0 != ".auth.json.lock"
                    }
                })
        }

        private static let file = #"{"auths":{"a.example":{"auth":"YTpi"},"b.example":{"auth":"Yzpk"}},"other":1}"#

        @Test func `credentials are added or not`() throws {
            try loop("login", Self.file) { _ = try $0.store(host: "c.example", user: "e", password: "f") }.run()
        }

        @Test func `a first file of credentials is made whole`() throws {
            try loop("first login", nil) { _ = try $0.store(host: "c.example", user: "e", password: "f") }.run()
        }

        @Test func `credentials are forgotten or not`() throws {
            try loop("logout", Self.file) { _ = try $0.erase(host: "a.example") }.run()
        }

        @Test func `many who log in at once are all kept`() throws {
            let scratch = ScratchDirectory()
            let login = Login(file: scratch.path("auth.json"))
            let hosts = (0..<16).map { "host\($0).example" }
            let threads = hosts.map { host in
                WorkerThread { _ = try login.store(host: host, user: "u", password: host) }
            }
            for thread in threads { try thread.join() }
            for host in hosts {
                let answer = try #require(try CredentialFile(login.file)).find(host: host, repository: "")
                #expect(answer == .credential(.password(user: "u", password: host)))
            }
            #expect(try names(in: scratch.path).sorted() == [".auth.json.lock", "auth.json"])
        }

        @Test func `what is no regular file is not replaced`() throws {
            let scratch = ScratchDirectory()
            #expect(mkfifo("\(scratch.path("auth.json"))", 0o600) == 0)
            #expect(throws: RegistryError.self) {
                try Login(file: scratch.path("auth.json")).store(host: "a.example", user: "u", password: "p")
            }
            #expect(
                try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY).entryStatus(Array("auth.json".utf8)).st_mode
                    & S_IFMT == S_IFIFO)
        }

        @Test(.enabled(if: Requirements.root)) func `root's login leaves a user's file to the user`() throws {
            let scratch = ScratchDirectory()
            scratch.directory("containers")
            #expect(chown("\(scratch.path("containers"))", 1234, 5678) == 0)
            let file = scratch.path("containers/auth.json")
            _ = try Login(file: file).store(host: "a.example", user: "u", password: "p")
            let status = try Descriptor.open(file).status()
            #expect([status.st_uid, status.st_gid, status.st_mode & 0o777] == [1234, 5678, 0o600])
            let lock = try Descriptor.open(scratch.path("containers/.auth.json.lock")).status()
            #expect([lock.st_uid, lock.st_gid, lock.st_mode & 0o777] == [1234, 5678, 0o600])
        }

        @Test(.enabled(if: Requirements.root)) func `root gives away no file that a user has put in the way`() throws {
            let scratch = ScratchDirectory()
            let victim = scratch.file("victim", "root's", mode: 0o644)
            scratch.directory("containers")
            #expect(link("\(victim)", "\(scratch.path("containers/.auth.json.lock"))") == 0)
            #expect(chown("\(scratch.path("containers"))", 1234, 5678) == 0)
            _ = try Login(file: scratch.path("containers/auth.json")).store(
                host: "a.example", user: "u", password: "p")
            #expect(try Descriptor.open(victim).status().st_uid == 0)
        }
    }
#endif
