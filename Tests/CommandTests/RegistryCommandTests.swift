// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import Synchronization
import TestSupport
import Testing

/// Commands that speak with a registry: one in memory that the tests can look into.
@Suite(.timeLimit(.minutes(15))) struct RegistryCommandTests {
    private let registry = FakeRegistry()
    private var host: String { registry.host }
    private let old = Sample.old
    private let new = Sample.new

    private func bench() -> Workbench {
        registry.add(old, to: "app", tag: "old")
        registry.add(new, to: "app", tag: "new")
        return Workbench()
    }

    @Test func `pull names what it took and prints its digest`() throws {
        let bench = bench()
        let outcome = try bench.cimg("pull", "\(host)/app:old")
        let layer = old.layers[0]
        #expect(
            outcome
                == Outcome(
                    0, "\(host)/app:old \(old.digest)\n",
                    errors: "layer \(layer.digest.hex.prefix(12)): \(layer.blob.count) B verified\n"))
        try expect(
            bench.cimg("images", "--quiet"), is: .success("\(old.digest)\n"))
        try expect(bench.cimg("pull", "-q", "docker://\(host)/app:old", "mine"), is: .success("\(old.digest)\n"))
        try expect(bench.cimg("inspect", "--raw", "mine").output, is: old.manifest.text)
        try expect(bench.cimg("fsck").code, is: 0)
    }

    @Test func `a pull that was interrupted goes on with what is missing`() throws {
        let bench = bench()
        let (first, second) = (new.layers[0].digest, new.layers[1].digest)
        registry.distort { request, answer in
            if request.path.hasSuffix("\(second)") { answer.stallsAfter = 10 }
        }
        let script = "timeout -s INT 5 \"\(Workbench.builtProgram)\" pull -q \(host)/app:new"
        try expect(bench.shell(script).code, is: 124)
        registry.distort { _, _ in }
        let before = registry.server.requests.count
        try expect(bench.cimg("pull", "-q", "\(host)/app:new"), is: .success("\(new.digest)\n"))
        let asked = registry.server.requests.dropFirst(before).map(\.path)
        #expect(asked.contains { $0.hasSuffix("\(second)") })
        #expect(!asked.contains { $0.hasSuffix("\(first)") })
        try expect(bench.cimg("fsck").code, is: 0)
    }

    @Test func `an image of a registry is compared where it is named`() throws {
        let bench = bench()
        _ = try Sample.bench(bench)
        let expected = try bench.cimg("diff", "old", "new").output
        let outcome = try bench.cimg("diff", "\(host)/app:old", "docker://\(host)/app:new")
        expect(outcome.output, is: expected)
        expect(outcome.code, is: 1)
        // The layers were in the store: nothing but documents was fetched.
        let layers = new.layers.map { "\($0.digest)" }
        #expect(registry.server.requests.allSatisfy { request in !layers.contains { request.path.hasSuffix($0) } })
    }

    @Test(.enabled(if: Requirements.fuse)) func `an image of a registry is mounted`() throws {
        let bench = bench()
        try expect(bench.cimg("mount", "\(host)/app:new", "mnt").code, is: 0)
        try expect(bench.run("/bin/cat", ["mnt/etc/name"]).output, is: "newer\n")
        try expect(bench.cimg("umount", "mnt").code, is: 0)
        // Looking has named nothing: the registry is asked again.
        try expect(bench.cimg("images", "-q"), is: .success())
        try expect(bench.cimg("pull", "-q", "\(host)/app:new").code, is: 0)
        // It is in the store now, and no network is needed.
        registry.intercept { _ in .init(500) }
        for policy in ["missing", "never", "newer"] {
            try expect(bench.cimg("mount", "--pull", policy, "\(host)/app:new", "mnt").code, is: 0, policy)
            try expect(bench.cimg("umount", "mnt").code, is: 0)
        }
        try expect(bench.cimg("mount", "--pull", "always", "\(host)/app:new", "mnt").code, is: 2)
        try expect(bench.cimg("mount", "docker://\(host)/app:new", "mnt").code, is: 2)
        // Which one it is, and since when, is told without a wish and without a question to anybody.
        let told = try bench.cimg("mount", "\(host)/app:new", "mnt")
        let line = /cimg: \S+\/app:new: as the store has it since 20[-0-9]+ [0-9:]+ UTC: sha256:[0-9a-f]{64}; .*\n/
        #expect(told.code == 0 && told.errors.wholeMatch(of: line) != nil, "\(told)")
        #expect(told.errors.hasSuffix("\(new.digest); --pull newer asks the registry\n"))
        try expect(bench.cimg("umount", "mnt").code, is: 0)
    }

    @Test func `what is only looked at moves no name`() throws {
        let bench = bench()
        try expect(bench.cimg("pull", "-q", "docker://\(host)/app:old", "\(host)/app:new").code, is: 0)
        for _ in 0..<2 {
            try expect(bench.cimg("diff", "\(host)/app:new", "docker://\(host)/app:new").code, is: 1)
            let outcome = try bench.cimg("diff", "--pull", "newer", "\(host)/app:new", "docker://\(host)/app:new")
            #expect(outcome.code == 0 && outcome.output == "", "\(outcome)")
        }
        try expect(bench.cimg("images", "-q"), is: .success("\(old.digest)\n"))
        // Every command that opens an image can ask for the newer one, and tells that it is another.
        let name = "\(host)/app:new"
        for (command, rest) in [("ls", ["/etc"]), ("cat", ["/etc/name"]), ("find", ["/etc", "-name", "name"])] {
            let stored = try bench.cimg([command, name] + rest)
            let newer = try bench.cimg([command, "--pull", "newer", name] + rest)
            #expect(stored.errors.isEmpty && stored.code == 0, "\(stored)")
            #expect(newer.code == 0)
            let start = "cimg: \(name): \(new.digest), as the registry has it now; the store has \(old.digest) since 20"
            #expect(newer.errors.hasPrefix(start), "\(newer)")
            #expect(newer.errors.hasSuffix(" UTC, until \"cimg pull \(name)\"\n"), "\(newer)")
        }
        try expect(bench.cimg("cat", name, "/etc/name").output, is: "old\n")
        try expect(bench.cimg("cat", "--pull", "always", name, "/etc/name").output, is: "newer\n")
        try expect(bench.cimg("cp", "--pull=always", "\(name):/etc/name", "copied").code, is: 0)
        try expect(bench.run("/bin/cat", ["copied"]).output, is: "newer\n")
        try expect(bench.cimg("packages", "--pull", "always", name).code, is: 0)
        try expect(bench.cimg("images", "-q"), is: .success("\(old.digest)\n"))
        try expect(
            bench.cimg("diff", "--pull", "never", "\(host)/app:old", "\(host)/app:new"),
            is: .trouble(
                "\"\(host)/app:old\": is not in the store \(bench.path)/store; drop --pull never to fetch it"))
    }

    @Test func `import takes an image of a registry too`() throws {
        let bench = bench()
        let outcome = try bench.cimg("import", "docker://\(host)/app:old", "mine")
        expect(outcome.output, is: "mine \(old.digest)\n")
        expect(outcome.code, is: 0)
    }

    @Test func `inspect shows skopeo's fields and fetches no layer`() throws {
        let bench = bench()
        let outcome = try bench.cimg("inspect", "docker://\(host)/app:new")
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(object["Name"] as? String == "\(host)/app")
        #expect(object["Digest"] as? String == "\(new.digest)")
        #expect(object["RepoTags"] as? [String] == ["new", "old"])
        #expect(object["Created"] as? String == "2025-01-02T03:04:05Z")
        #expect(object["Labels"] as? [String: String] == ["key": "value"])
        #expect(object["Architecture"] as? String == "amd64")
        #expect(object["Layers"] as? [String] == new.layers.map { "\($0.digest)" })
        #expect(object["Env"] as? [String] == ["PATH=/bin"])
        #expect(object["Size"] as? Int == new.layers.reduce(0) { $0 + $1.blob.count })
        try expect(
            bench.cimg("inspect", "--format", "{{.Digest}} {{.Labels.key}} {{json .Env}}", "docker://\(host)/app:new"),
            is: .success("\(new.digest) value [\"PATH=/bin\"]\n"))
        try expect(bench.cimg("inspect", "--raw", "docker://\(host)/app:new").output, is: new.manifest.text)
        try expect(bench.cimg("inspect", "--config", "docker://\(host)/app:new").output, is: new.configuration.text)
        let layers = try bench.cimg("inspect", "--layers", "docker://\(host)/app:new")
        #expect(layers.output.contains("\(new.layers[1].digest)"))
        #expect(layers.output.hasSuffix("2 layers, \(new.layers.reduce(0) { $0 + $1.blob.count }) B\n"))
        try expect(bench.cimg("inspect", "--history", "docker://\(host)/app:new").output.contains("step 1"), is: true)
        let digests = (old.layers + new.layers).map { "\($0.digest)" }
        #expect(registry.server.requests.allSatisfy { request in !digests.contains { request.path.hasSuffix($0) } })
        try expect(bench.stored("blobs/sha256"), is: [])
    }

    @Test func `push sends what came in, and only what is missing`() throws {
        let bench = try Sample.bench()
        let outcome = try bench.cimg("push", "-q", "new", "\(host)/pushed/app:1")
        expect(outcome, is: .success("\(new.digest)\n"))
        registry.content.withLock { content in
            #expect(content.manifests["pushed/app"]?["1"]?.bytes == new.manifest.bytes)
            for blob in new.blobs.dropLast() { #expect(content.blobs[Digest(of: blob)] == blob) }
        }
        let before = registry.server.requests.count
        try expect(bench.cimg("push", "-q", "new", "\(host)/pushed/app:2").code, is: 0)
        #expect(registry.server.requests.dropFirst(before).allSatisfy { $0.method != "POST" })
        try expect(
            bench.cimg("push", "new"),
            is: .trouble("\"new\": names no registry to push to; give HOST[:PORT]/REPOSITORY[:TAG]"))
        try expect(bench.cimg("tags", "\(host)/pushed/app"), is: .success("1\n2\n"))
        try expect(bench.cimg("tags", "\(host)/"), is: .success("pushed/app\n"))
    }

    @Test func `a list in pages is read to its end`() throws {
        let bench = Workbench()
        for number in 0..<25 { registry.add(old, to: "app", tag: "v\(100 + number)") }
        registry.content.withLock { $0.pageSize = 10 }
        try expect(
            bench.cimg("tags", "\(host)/app"), is: .success((0..<25).map { "v\(100 + $0)\n" }.joined()))
    }

    @Test func `copying leads from each place to each other and keeps digests`() throws {
        let bench = bench()
        let places = ["oci:layout:1", "dir:flat", "oci-archive:layout.tar:1", "docker://\(host)/copy:1", "stored"]
        var source = "docker://\(host)/app:new"
        for place in places + ["docker://\(host)/copy/again:2"] {
            let outcome = try bench.cimg("copy", "-q", source, place)
            expect(outcome, is: .success("\(new.digest)\n"), "\(source) to \(place)")
            try expect(bench.cimg("inspect", "--raw", place).output, is: new.manifest.text, place)
            source = place
        }
        try expect(
            bench.cimg("copy", "stored", "oci-archive:layout.tar:1"),
            is: .trouble("oci-archive:layout.tar: is there already; remove it or write another"))
    }

    @Test func `all platforms are pulled, pushed and copied with their index`() throws {
        let arm = ImageBuilder([LayerBuilder(.gzip) { $0.file("arm", "") }], architecture: "arm64")
        let digest = registry.add(index: [arm, old], attesting: old, to: "multi", tag: "1")
        let bench = Workbench()
        try expect(bench.cimg("pull", "-q", "--all", "\(host)/multi:1"), is: .success("\(digest)\n"))
        try expect(bench.cimg("inspect", "--format", "ManifestDigest", "\(host)/multi:1").output, is: "\(old.digest)\n")
        try expect(
            bench.cimg("inspect", "--platform", "linux/arm64", "--format", "ManifestDigest", "\(host)/multi:1").output,
            is: "\(arm.digest)\n")
        try expect(
            bench.cimg("push", "-q", "--all", "\(host)/multi:1", "\(host)/pushed:1"), is: .success("\(digest)\n"))
        #expect(registry.content.withLock { $0.manifests["pushed"]?.count == 5 })
        for place in ["oci:layout:1", "dir:flat", "oci-archive:layout.tar:1"] {
            try expect(
                bench.cimg("copy", "-q", "--all", "docker://\(host)/pushed:1", place), is: .success("\(digest)\n"))
            try expect(
                bench.cimg("copy", "-q", "--all", place, "docker://\(host)/back:1"), is: .success("\(digest)\n"))
        }
        try expect(bench.cimg("push", "-q", "\(host)/multi:1", "\(host)/one:1"), is: .success("\(old.digest)\n"))
        try expect(bench.cimg("fsck").code, is: 0)
    }

    @Test func `trouble is a line with what to do`() throws {
        let bench = bench()
        try expect(
            bench.cimg("pull", "\(host)/app:none"),
            is: .trouble(
                "docker://\(host)/app:none: not found: \(host) answers 404: MANIFEST_UNKNOWN: it is so; "
                    + "\"cimg tags \(host)/app\" lists what there is"))
        try expect(
            bench.cimg("pull", "127.0.0.1:1/app"),
            is: .trouble(
                "registry 127.0.0.1:1: connection refused; check host and port, and whether a registry runs there"))
        try expect(
            bench.cimg("pull", "nobody.invalid/app"),
            is: .trouble(
                "docker://nobody.invalid/app:latest: nobody.invalid: no address is known for nobody.invalid; check the "
                    + "name, and whether this machine has a network"))
        try expect(
            bench.cimg("pull", "--platform", "linux/s390x", "\(host)/app:old"),
            is: .trouble(
                "docker://\(host)/app@\(old.digest): no image for linux/s390x; it has: linux/amd64; choose one "
                    + "with --platform"))
        try expect(
            bench.cimg("pull", "localhost/Case"),
            is: .trouble("image name \"localhost/Case\": must be lower-case"))
        try expect(
            bench.cimg("tags", "\(host)/none"),
            is: .trouble(
                "docker://\(host)/none: not found: \(host) answers 404: NAME_UNKNOWN: it is so; \"cimg tags \(host)/\" "
                    + "lists the repositories"))
        try expect(bench.cimg("push", "old").errors.hasSuffix("; one of a registry is docker://old\n"), is: true)
        try expect(bench.stored("blobs/sha256"), is: [])
    }

    @Test func `a login is kept and forgotten`() throws {
        let bench = bench()
        bench.environment["XDG_RUNTIME_DIR"] = "\(bench.path)/run"
        let password = "Basic " + Data("me:secret".utf8).base64EncodedString()
        registry.intercept { request in
            request.header("Authorization") == password
                ? nil : .init(401, headers: [("WWW-Authenticate", "Basic realm=\"x\"")])
        }
        try expect(
            bench.cimg("login", "-u", "me", "-p", "wrong", host).errors,
            is: "cimg: registry \(host): \(host) refuses this user and password; give others\n")
        try expect(bench.stored("../run"), is: [])
        let file = "\(bench.path)/run/containers/auth.json"
        try expect(
            bench.shell("echo secret | cimg login -u me --password-stdin \(host)"),
            is: .success("logged in to \(host); kept in \(file)\n"))
        try expect(bench.run("/usr/bin/stat", ["-c", "%a", file]).output, is: "600\n")
        try expect(bench.cimg("pull", "-q", "\(host)/app:old"), is: .success("\(old.digest)\n"))
        try expect(bench.cimg("logout", host), is: .success("logged out of \(host)\n"))
        try expect(bench.cimg("logout", host), is: .trouble("\(host): not logged in"))
        try expect(bench.cimg("pull", "-q", "\(host)/app:new").code, is: 2)
        try expect(
            bench.cimg("pull", "-q", "--creds", "me:secret", "\(host)/app:new"), is: .success("\(new.digest)\n"))
    }

    @Test func `a password that is broken off leaves the terminal as it was`() throws {
        let bench = bench()
        bench.scratch.file(
            "session",
            """
            "\(Workbench.builtProgram)" login -u me \(host)
            echo "code $?"
            stty -a | grep -ow -e '-\\?echo'
            """)
        let outcome = try bench.shell(
            "(sleep 2; printf 'abc\\003'; sleep 1) | script -qec 'sh session' /dev/null | tr -d '\\r' | tail -n 2")
        expect(outcome.output, is: "code 130\necho\n")
        #expect(registry.server.requests.isEmpty)
    }

    @Test func `a password is shown to one registry alone`() throws {
        let bench = bench()
        let other = FakeRegistry()
        for (registry, user) in [(registry, "me:one"), (other, "you:two")] {
            let password = "Basic " + Data(user.utf8).base64EncodedString()
            registry.intercept { request in
                request.header("Authorization") == password
                    ? nil : .init(401, headers: [("WWW-Authenticate", "Basic realm=\"x\"")])
            }
        }
        let (source, destination) = ("docker://\(host)/app:old", "docker://\(other.host)/app:1")
        try expect(
            bench.cimg("copy", "--creds", "me:one", source, destination),
            is: .trouble(
                "--creds: two registries, \(host) and \(other.host); give --src-creds or --dest-creds"))
        try expect(bench.cimg("copy", "--creds", "a:b", "--src-creds", "a:b", source, destination).code, is: 2)
        #expect(other.server.requests.isEmpty)
        try expect(
            bench.cimg("copy", "-q", "--src-creds", "me:one", "--dest-creds", "you:two", source, destination),
            is: .success("\(old.digest)\n"))
        try expect(
            bench.cimg("copy", "-q", "--creds", "me:one", source, "docker://\(host)/again:1"),
            is: .success("\(old.digest)\n"))
    }

    @Test func `a credential helper is asked, told and made to forget`() throws {
        let bench = bench()
        let password = "Basic " + Data("me:secret".utf8).base64EncodedString()
        registry.intercept { request in
            request.header("Authorization") == password
                ? nil : .init(401, headers: [("WWW-Authenticate", "Basic realm=\"x\"")])
        }
        bench.scratch.file(
            "bin/docker-credential-test",
            """
            #!/bin/sh
            case $1 in
            get) read server; [ -f "$HOME/kept" ] || { echo "credentials not found in native keychain"; exit 1; }
                echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"me\\",\\"Secret\\":\\"$(cat $HOME/kept)\\"}" ;;
            store) grep -q '"Secret":"secret"' && printf secret >$HOME/kept ;;
            erase) rm "$HOME/kept" ;;
            esac
            """)
        bench.scratch.file("home/.docker/config.json", #"{"credsStore":"test"}"#)
        let path = "chmod +x bin/*; PATH=$PATH:$PWD/bin; "
        try expect(
            bench.shell(path + "cimg login --authfile home/.docker/config.json -u me -p secret \(host)"),
            is: .success("logged in to \(host); kept in docker-credential-test\n"))
        try expect(bench.shell(path + "cimg pull -q \(host)/app:old"), is: .success("\(old.digest)\n"))
        try expect(
            bench.shell(path + "cimg logout --authfile home/.docker/config.json \(host)"),
            is: .success("logged out of \(host)\n"))
        try expect(bench.shell(path + "cimg pull -q \(host)/app:new").code, is: 2)
    }
}
