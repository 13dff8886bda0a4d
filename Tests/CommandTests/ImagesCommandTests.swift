// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import Synchronization
import TestSupport
import Testing

/// The words behind `cimg images`.
@Suite(.timeLimit(.minutes(15))) struct ImagesCommandTests {
    private let registry = FakeRegistry()
    private var host: String { registry.host }

    private static func labelled(_ labels: [(String, JSON)], _ layers: [LayerBuilder] = [Sample.base]) -> ImageBuilder {
        var image = ImageBuilder(layers)
        image.configuration["config"] = ["Labels": .object(labels)]
        return image
    }

    private static let first = labelled([("Name", "app"), ("Version", "1.0"), ("Release", "3")])
    private static let second = labelled(
        [("name", "app"), ("version", "1.1"), ("release", "1")],
        [Sample.base, LayerBuilder(.gzip) { $0.file("more", "") }])

    @Test func `the list is the word that may be left out`() throws {
        let bench = try Sample.bench()
        for arguments in [[], ["--json"], ["-q"], ["-n"]] {
            try expect(bench.cimg(["images", "list"] + arguments), is: bench.cimg(["images"] + arguments))
        }
    }

    @Test func `a list is filtered by words in its columns`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("tag", "old", "localhost/team/App:v1").code, is: 0)
        func names(_ filters: String...) throws -> [String] {
            let outcome = try bench.cimg(["images", "-n"] + filters.flatMap { ["-f", $0] })
            return outcome.output.split(separator: "\n").map { String($0.prefix { $0 != " " }) }
        }
        #expect(try names("tag=V1") == ["localhost/team/App:v1"])
        #expect(try names("repo=TEAM/app") == ["localhost/team/App:v1"])
        #expect(try names("created=2025") == ["new"])
        #expect(try names("id=\(Sample.old.digest.hex.prefix(20))") == ["localhost/team/App:v1", "old"])
        #expect(try names("id=\(Sample.old.digest.hex.prefix(20))", "name=old") == ["old"])
        #expect(try names("platform=s390x") == [])
        try expect(
            bench.cimg("images", "-f", "nonsense"),
            is: .trouble(
                "--filter \"nonsense\": write WORD=TEXT, where WORD is one of name, repo, tag, id, platform, created, "
                    + "size"))
        #expect(try bench.cimg("images", "--no-trunc").output.contains("\(Sample.old.digest) "))
    }

    @Test func `versions come from labels, here and in a registry`() throws {
        registry.add(Self.first, to: "app", tag: "1")
        registry.add(Self.second, to: "app", tag: "2")
        registry.add(Sample.old, to: "plain", tag: "latest")
        let bench = Workbench()
        try expect(bench.cimg("pull", "-q", "\(host)/app:1", "first").code, is: 0)
        try expect(bench.cimg("pull", "-q", "\(host)/app:2", "second").code, is: 0)
        let (first, second) = (Self.first.digest.hex.prefix(12), Self.second.digest.hex.prefix(12))
        try expect(
            bench.cimg("images", "version", "first"),
            is: .success("IMAGE NAME  VERSION    IMAGE ID\nfirst       app-1.0-3  \(first)\n"))
        try expect(
            bench.cimg("images", "version", "-r", "second"),
            is: .success(
                "IMAGE NAME  VERSION    IMAGE ID\nsecond      app-1.1-1  \(second)\n  first     app-1.0-3  \(first)\n"))
        let plain = Sample.old.digest.hex.prefix(12)
        let name = "\(host)/plain"
        let gap = String(repeating: " ", count: name.count - 10)
        try expect(
            bench.cimg("images", "version", name),
            is: .success("IMAGE NAME\(gap)  VERSION       IMAGE ID\n\(name)  \(plain)  \(plain)\n"))
        try expect(
            bench.cimg("images", "info", "first"),
            is: .success("Image Name: first\nName: app\nRelease: 3\nVersion: 1.0\n"))
        try expect(
            bench.cimg("images", "info", "--remote", "\(host)/app:2"),
            is: .success("Image Name: \(host)/app:2\nname: app\nrelease: 1\nversion: 1.1\n"))
        try expect(bench.cimg("images", "version", "nope").code, is: 2)
    }

    @Test func `verify tells what is newer, and in which layers`() throws {
        registry.add(Self.first, to: "app", tag: "latest")
        let bench = Workbench()
        try expect(bench.cimg("pull", "-q", "\(host)/app").code, is: 0)
        let name = "\(host)/app:latest"
        let heading = "NAME\(String(repeating: " ", count: name.count - 4))  LOCAL VERSION  REMOTE VERSION  DIFFERS\n"
        try expect(
            bench.cimg("images", "verify"), is: .success(heading + "\(name)  app-1.0-3      app-1.0-3       no\n"))
        registry.add(Self.second, to: "app", tag: "latest")
        let expected = """
            \(heading)\(name)  app-1.0-3      app-1.1-1       yes

            \(name): \(Self.first.digest) here, \(Self.second.digest) there
              + layer \(Self.second.layers[1].digest)

            """
        try expect(bench.cimg("images", "verify", name), is: Outcome(1, expected))
        try expect(bench.cimg("import", "docker://\(host)/app", "mine").code, is: 0)
        try expect(
            bench.cimg("images", "verify", "mine"), is: .trouble("\"mine\": its name has no registry to ask"))
        // One registry that is away does not hide what others say.
        try expect(bench.cimg("tag", "mine", "127.0.0.1:1/gone:1").code, is: 0)
        let refused = "connection refused; check host and port, and whether a registry runs there"
        try expect(
            bench.cimg("images", "verify"),
            is: Outcome(2, expected, errors: "cimg: registry 127.0.0.1:1: \(refused)\n"))
    }

    @Test func `names are deleted here and in a registry`() throws {
        registry.add(Self.first, to: "app", tag: "1")
        let bench = try Sample.bench()
        try expect(
            bench.cimg("images", "delete", "--remote", "\(host)/app:1"),
            is: .success("\(host)/app:1 \(Self.first.digest)\n"))
        #expect(registry.content.withLock { $0.manifests["app"] ?? [:] }.isEmpty)
        try expect(bench.cimg("images", "delete", "old"), is: .success())
        try expect(bench.cimg("images", "-q"), is: .success("\(Sample.new.digest)\n"))
        try expect(bench.cimg("images", "delete", "--all"), is: .success())
        try expect(bench.cimg("images", "-q"), is: .success())
        try expect(bench.cimg("images", "delete"), is: .trouble("name an image, or give --all"))
        try expect(bench.cimg("images", "prune").output.hasPrefix("removed "), is: true)
    }

    @Test func `a registry's folder is listed, mounted, compared and copied`() throws {
        let bench = try Sample.bench()
        let folder = RegistryFolderBuilder(bench.scratch)
        folder.image(Sample.old, "team/app", tag: "old")
        folder.image(Sample.new, "team/app", tag: "new")
        let (old, new) = (Sample.old.digest.hex.prefix(12), Sample.new.digest.hex.prefix(12))
        try expect(
            bench.cimg("images", "--in", "registry-dir:storage"),
            is: .success(
                "NAME          DIGEST        PLATFORM\nteam/app:new  \(new)  -\nteam/app:old  \(old)  -\n"))
        try expect(
            bench.cimg("images", "-q", "--in", "oci:layout"),
            is: .success("\(Sample.old.digest)\n\(Sample.new.digest)\n"))
        let files = try bench.filesOutsideStore()
        try expect(
            bench.cimg("diff", "registry-dir:storage//team/app:old", "registry-dir:storage//team/app:new"),
            is: bench.cimg("diff", "old", "new"))
        try expect(bench.filesOutsideStore(), is: files)
        try expect(
            bench.cimg("copy", "-q", "registry-dir:storage//team/app:new", "oci:copied:1"),
            is: .success("\(Sample.new.digest)\n"))
        try expect(
            bench.cimg("import", "registry-dir:storage//team/app:new"),
            is: .success("team/app:new \(Sample.new.digest)\n"))
        try expect(
            bench.cimg("copy", "old", "registry-dir:storage//x").errors,
            is: "cimg: \"registry-dir:storage//x\": images cannot be written there\n")
    }

    @Test(.enabled(if: DistributionServer.isInstalled))
    func `a folder that docker-registry wrote is read`() throws {
        let server = try DistributionServer()
        let bench = try Sample.bench()
        try expect(bench.cimg("push", "-q", "new", "\(server.host)/deep/er/app:1").code, is: 0)
        try expect(
            bench.cimg("images", "-n", "--in", "registry-dir:\(server.storage)"),
            is: .success("deep/er/app:1  \(Sample.new.digest.hex.prefix(12))  -\n"))
        try expect(
            bench.cimg("inspect", "--raw", "registry-dir:\(server.storage)//deep/er/app"),
            is: .success(Sample.new.manifest.text))
    }
}
