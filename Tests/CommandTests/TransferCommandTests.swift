// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import Synchronization
import TestSupport
import Testing

/// What is copied that is no image, over pipes, and from registries whose names are addresses.
@Suite(.timeLimit(.minutes(15))) struct TransferCommandTests {
    private let registry = FakeRegistry()

    /// Something that is no image: one file with a type of its own.
    private static let artifact: ImageBuilder = {
        let text = Array("a chart".utf8)
        var artifact = ImageBuilder([LayerBuilder(tar: text)])
        artifact.configuration = [:]
        artifact.configurationMediaType = "application/vnd.oci.empty.v1+json"
        artifact.manifestMembers = [
            ("artifactType", "application/vnd.example.chart"),
            ("layers", [.descriptor("application/vnd.example.chart.content", of: text)]),
        ]
        return artifact
    }()

    @Test func `an artifact goes every way that an image goes`() throws {
        let bench = Workbench()
        let artifact = Self.artifact
        let done = Outcome.success("\(artifact.digest)\n")
        OCILayoutBuilder { $0.image(artifact, tag: "1") }.write(to: bench.scratch)
        let name = "docker://\(registry.host)/chart:1"
        for (from, to) in [
            ("oci:layout:1", name), (name, "oci:second:1"), (name, "chart"), ("chart", "oci-archive:third.tar:1"),
            ("oci-archive:third.tar:1", "dir:fourth"), ("dir:fourth", "other"),
            ("other", "docker://\(registry.host)/again:1"),
        ] {
            try expect(bench.cimg("copy", "-q", from, to), is: done, "\(from) \(to)")
            try expect(bench.cimg("inspect", "--raw", to), is: .success(artifact.manifest.text), to)
        }
        // So does import, from every source.
        for (source, given, expected) in [
            ("oci:layout:1", nil, "layout:1"), ("oci-archive:third.tar:1", "third", "third"),
            ("dir:fourth", nil, "fourth"),
            (name, "remote", "remote"),
        ] {
            try expect(
                bench.cimg(["import", source] + (given.map { [$0] } ?? [])),
                is: .success("\(expected) \(artifact.digest)\n"), source)
            try expect(bench.cimg("inspect", "--raw", expected), is: .success(artifact.manifest.text))
        }
        try expect(bench.cimg("pull", "-q", "\(registry.host)/again:1", "pulled"), is: done)
        try expect(bench.cimg("push", "-q", "pulled", "\(registry.host)/pushed:1"), is: done)
        try expect(bench.cimg("fsck").code, is: 0)
        try expect(bench.cimg("prune").code, is: 0)
        try expect(
            bench.cimg("images", "--filter", "name=pulled"),
            is: .success(
                """
                NAME    DIGEST        PLATFORM  CREATED  LAYERS  SIZE
                pulled  \(artifact.digest.hex.prefix(12))  artifact  -        1       7 B

                """))
        let error = "manifest \(artifact.digest): is no container image (artifact type application/vnd.example.chart)"
        try expect(bench.cimg("inspect", "pulled"), is: .trouble(error))
        try expect(bench.cimg("mount", "pulled", "mnt"), is: .trouble(error))
    }

    @Test func `an index may list artifacts beside images`() throws {
        let bench = Workbench()
        _ = registry.add(index: [Sample.old, Self.artifact], to: "app", tag: "1")
        try expect(bench.cimg("pull", "-q", "--all", "\(registry.host)/app:1", "all").code, is: 0)
        try expect(bench.shell("umask 022; cimg copy -q --all all oci:out:1").code, is: 0)
        // As files are made: for everybody, but for the umask.
        try expect(
            bench.shell("stat -c %a out out/blobs out/blobs/sha256 out/index.json"),
            is: .success("755\n755\n755\n644\n"))
        try expect(bench.cimg("fsck").code, is: 0)
    }

    @Test func `a manifest of any kind is printed as it is`() throws {
        let bench = Workbench()
        let old = #"{"schemaVersion":1,"name":"a","tag":"1","fsLayers":[],"history":[]}"#
        registry.content.withLock {
            $0.manifests["app"] = [
                "1": ("application/vnd.docker.distribution.manifest.v1+json", Array(old.utf8))
            ]
        }
        try expect(bench.cimg("inspect", "--raw", "docker://\(registry.host)/app:1"), is: .success(old))
        bench.scratch.file("old/manifest.json", old)
        bench.scratch.file("old/version", "Directory Transport Version: 1.1\n")
        try expect(bench.cimg("inspect", "--raw", "dir:old"), is: .success(old))
        let refused = try bench.cimg("inspect", "dir:old")
        #expect(refused.errors.contains("is a Docker schema 1 manifest, a format replaced in 2016"))
    }

    @Test func `archives go through pipes`() throws {
        let bench = Workbench()
        OCILayoutBuilder { $0.image(Sample.new, tag: "1") }.write(to: bench.scratch)
        try expect(
            bench.shell(
                """
                cimg copy oci:layout:1 docker-archive:-:app 2>note | cimg import -q docker-archive:- piped
                cat note; cimg copy -q piped oci-archive:- | tee whole.tar | cimg inspect oci-archive:- | head -n 1
                cimg copy -q oci-archive:- oci:out:1 <whole.tar >/dev/null; cimg diff oci:layout:1 oci:out:1
                gzip -c whole.tar | cimg diff oci-archive:- oci:layout:1
                """.replacing("import -q", with: "import")
            ).code, is: 0)
        let names = try bench.shell(
            "cimg copy -q oci:layout:1 docker-archive:-:app | tar -xOf - manifest.json | grep -o 'RepoTags[^]]*]'")
        expect(names, is: .success("RepoTags\":[\"app:latest\"]\n"))
        let note = try bench.cimg("copy", "oci:layout:1", "oci-archive:./-")
        #expect(note.output.hasPrefix("oci-archive:./- sha256:"))
        try expect(bench.shell("cimg diff oci-archive:- oci:layout:1 <./-"), is: .success())
        let empty = try bench.shell("cimg import docker-archive:- nothing </dev/null")
        #expect(empty.errors.hasPrefix("cimg: docker-archive:-: "), "\(empty)")
    }

    @Test func `a Docker archive gets names that can be loaded`() throws {
        let bench = try Sample.bench()
        let refused = try bench.cimg("copy", "old", "docker-archive:a.tar:App")
        expect(
            refused, is: .trouble("docker-archive:a.tar: image name \"App\": must be lower-case"))
        try expect(bench.cimg("copy", "-q", "old", "docker-archive:a.tar:app").code, is: 0)
        try expect(
            bench.shell("tar -xOf a.tar manifest.json | grep -o 'RepoTags[^]]*]'"),
            is: .success("RepoTags\":[\"app:latest\"]\n"))
    }

    @Test func `an archive of docker has the digest of its configuration, and is told by it`() throws {
        let bench = try Sample.bench()
        let line =
            "docker-archive:a.tar:app \(Digest(of: Array(Sample.old.configuration.text.utf8))) "
            + "(the configuration's; no manifest goes along)\n"
        let copied = try bench.cimg("copy", "old", "docker-archive:a.tar:app")
        #expect(copied.code == 0 && copied.output == line, "\(copied)")
        #expect(
            try bench.shell(
                "tar -xOf a.tar manifest.json | grep -o '[0-9a-f]*[.]json' | sed 's/^/sha256:/; s/[.]json//'"
            ).output
                == "\(Digest(of: Array(Sample.old.configuration.text.utf8)))\n")
    }

    @Test func `a name of the store is told as one, and what could be meant beside it`() throws {
        let bench = try Sample.bench()
        let name = "\(registry.host)/app:2"
        try expect(
            bench.cimg("copy", "old", name),
            is: Outcome(
                0, "\(name) \(Sample.old.digest) (a name of the store)\n",
                errors: "cimg: \(name): is a name of the store now, nothing went to a registry; for that write "
                    + "docker://\(name), or \"cimg push\"\n"))
        try expect(
            bench.cimg("copy", "old", "plain"), is: .success("plain \(Sample.old.digest) (a name of the store)\n"))
        try expect(bench.cimg("copy", "-q", "old", name), is: .success("\(Sample.old.digest)\n"))
        #expect(registry.content.withLock { $0.manifests["app"] == nil })
        let absent = "\(registry.host)/none:1"
        try expect(
            bench.cimg("copy", absent, "dir:d"),
            is: .trouble(
                "\"\(absent)\": no image of this name in the store; \"cimg images\" lists them; one of a registry is "
                    + "docker://\(absent)"))
        try expect(
            bench.cimg("copy", "./layout", "dir:d"),
            is: .trouble("\"./layout\": no image of this name in the store; did you mean oci:./layout?"))
    }

    @Test(arguments: ["", "/"])
    func `the repositories of a registry are listed by its host and port`(_ end: String) throws {
        let bench = Workbench()
        registry.add(Sample.old, to: "app/b", tag: "1")
        try expect(bench.cimg("tags", registry.host + end), is: .success("app/b\n"))
        try expect(
            bench.cimg("tags", "myhost:5000"),
            is: .trouble(
                "\"myhost:5000\": a repository and a tag, or a registry and a port? For the repositories of a registry "
                    + "put a slash behind it: myhost:5000/"))
    }

    @Test func `a store that was named and is not there is not made by looking into it`() throws {
        let bench = Workbench()
        for arguments in [["images"], ["images", "list"], ["prune"], ["fsck"], ["rm", "a"], ["tag", "a", "b"]] {
            let outcome = try bench.cimg(arguments + ["--root", "mistyped"])
            expect(
                outcome,
                is: .trouble(
                    "store mistyped: is not there; check --root and CIMG_ROOT, \"cimg import\" and \"cimg pull\" make "
                        + "one"), "\(arguments)")
        }
        for command in [["inspect", "a"], ["ls", "a"], ["mount", "a", "mnt"], ["diff", "a", "b"], ["layers", "a"]] {
            let outcome = try bench.cimg(command + ["--root", "mistyped"])
            #expect(outcome.code == 2, "\(command)")
            #expect(outcome.errors.contains("in the store mistyped, which is not there"), "\(command): \(outcome)")
        }
        try expect(bench.shell("ls -d mistyped").code, is: 2)
    }

    @Test func `directories of the environment that are no whole paths do not count`() throws {
        let bench = Workbench()
        OCILayoutBuilder { $0.image(Sample.old, tag: "1") }.write(to: bench.scratch)
        let bare = "env -u CIMG_ROOT -u HOME XDG_DATA_HOME=relative"
        let script = "\(bare) \"$CIMG\" images >/dev/null; ls -d relative 2>/dev/null; echo done"
        bench.environment["CIMG"] = Workbench.builtProgram
        try expect(bench.shell(script).output, is: "done\n")
    }

    @Test func `a layout without its prefix is guessed`() throws {
        let bench = try Sample.bench()
        _ = try bench.shell("mkdir made && cp layout/oci-layout made")
        for (name, words) in [
            ("layout:new", ["push", "layout:new", "localhost:1/a"]), ("./layout", ["copy", "./layout", "oci:x:1"]),
            ("made:1", ["push", "made:1", "localhost:1/a"]),
        ] {
            try expect(
                bench.cimg(words),
                is: .trouble("\"\(name)\": no image of this name in the store; did you mean oci:\(name)?"))
        }
    }
}
