// SPDX-License-Identifier: Apache-2.0

import OCI
import TestSupport
import Testing

/// `cimg import`: every form of source, names and platforms.
@Suite(.timeLimit(.minutes(15))) struct ImportTests {
    /// A source, what it is called when the user gives no name, and whether it has a manifest of its own.
    struct Form: Sendable, CustomTestStringConvertible {
        var source: String
        var name: String
        var hasManifest = true

        var testDescription: String { source }
    }

    static let forms: [Form] = [
        Form(source: "oci:layout:new", name: "layout:new"),
        Form(source: "oci:layout@\(Sample.new.digest)", name: "layout"),
        Form(source: "oci:single", name: "single:1.0"),
        Form(source: "oci:unnamed", name: "unnamed"),
        Form(source: "oci:whole", name: "example.org/app:2"),
        Form(source: "oci-archive:layout.tar:new", name: "layout:new"),
        Form(source: "oci-archive:layout.tar.gz:new", name: "layout:new"),
        Form(source: "oci-archive:layout.tar.zst:new", name: "layout:new"),
        Form(source: "docker-archive:saved.tar", name: "app:new"),
        Form(source: "docker-archive:saved.tar:app:new", name: "app:new"),
        Form(source: "docker-archive:saved.tgz", name: "app:new"),
        Form(source: "docker-archive:legacy.tar", name: "app:new", hasManifest: false),
        Form(source: "docker-archive:legacy.tar.gz:app:new", name: "app:new", hasManifest: false),
        Form(source: "dir:flat", name: "flat"),
        Form(source: "rootfs:root.tar", name: "root", hasManifest: false),
        Form(source: "rootfs:root.tar.gz", name: "root", hasManifest: false),
    ]

    private static func sources() -> Workbench {
        let bench = Workbench()
        let scratch = bench.scratch
        Sample.layout.write(to: scratch)
        OCILayoutBuilder { $0.image(Sample.new, tag: "1.0") }.write(to: scratch, "single")
        OCILayoutBuilder { $0.image(Sample.new) }.write(to: scratch, "unnamed")
        OCILayoutBuilder { $0.image(Sample.new, tag: "example.org/app:2") }.write(to: scratch, "whole")
        scratch.file("layout.tar", Sample.layout.archive())
        scratch.file("layout.tar.gz", LayerCompression.gzip(Sample.layout.archive(prefix: "./")))
        scratch.file("layout.tar.zst", LayerCompression.zstd(Sample.layout.archive()))
        let saved = DockerArchiveBuilder(.oci, Sample.new, tags: ["app:new"]).bytes
        scratch.file("saved.tar", saved)
        scratch.file("saved.tgz", LayerCompression.gzip(saved))
        let legacy = DockerArchiveBuilder(.legacy, Sample.new, tags: ["app:new"]).bytes
        scratch.file("legacy.tar", legacy)
        scratch.file("legacy.tar.gz", LayerCompression.gzipMembers(legacy))
        Sample.new.writeDirectory(to: scratch, "flat")
        // The same files as the image's two layers make.
        let root = TarBuilder {
            $0.directory("bin")
            $0.file("bin/tool", "#!/bin/sh\n", mode: 0o4755)
            $0.hardLink("bin/other", to: "bin/tool")
            $0.directory("etc")
            $0.symlink("etc/link", to: "name")
            $0.file("etc/name", "newer\n")
            $0.file("etc/shadow", "root:*\n", mode: 0o640, gid: 42)
            $0.directory("srv", mode: 0o700)
            $0.file("srv/data", "data\n")
        }.bytes
        scratch.file("root.tar", root)
        scratch.file("root.tar.gz", LayerCompression.gzip(root))
        return bench
    }

    @Test(arguments: forms)
    func `every form of source brings the same files`(_ form: Form) throws {
        let bench = Self.sources()
        let outcome = try bench.cimg("import", form.source)
        let digest = String(outcome.output.dropFirst(form.name.count + 1).dropLast())
        #expect(outcome == .success("\(form.name) \(digest)\n"))
        if form.hasManifest { #expect(digest == "\(Sample.new.digest)") }
        try expect(bench.cimg("images", "--quiet"), is: .success("\(digest)\n"))
        try expect(bench.cimg("diff", form.name, "oci:layout:new"), is: .success())
        try expect(bench.stored("tmp"), is: [])
        try expect(bench.filesOutsideStore().filter { $0.hasPrefix("tmp/") }, is: [])
    }

    @Test func `an archive may come through a pipe`() throws {
        let bench = Self.sources()
        for file in ["saved.tar", "saved.tgz", "legacy.tar.gz"] {
            let outcome = try bench.shell("cat \(file) | cimg import docker-archive:/dev/stdin piped")
            #expect(outcome.errors == "")
            #expect(outcome.output.hasPrefix("piped sha256:"))
            try expect(bench.cimg("diff", "piped", "oci:layout:new"), is: .success())
            try expect(bench.cimg("rm", "piped"), is: .success())
        }
    }

    @Test func `a directory is imported as it is`() throws {
        let bench = Workbench()
        bench.scratch.file("tree/etc/name", "name\n", mode: 0o604)
        let outcome = try bench.cimg("import", "rootfs:tree", "mine")
        #expect(outcome.errors == "")
        #expect(outcome.code == 0)
        try expect(bench.cimg("diff", "--times", "mine", "./tree"), is: .success())
    }

    @Test func `JSON tells name, digest and layers`() throws {
        let bench = Self.sources()
        #expect(
            try bench.cimg("import", "--json", "oci:layout:new", "x")
                == .success(
                    """
                    {
                      "name": "x",
                      "digest": "\(Sample.new.digest)",
                      "layers": [
                        "\(Sample.new.layers[0].diffID)",
                        "\(Sample.new.layers[1].diffID)"
                      ]
                    }

                    """))
    }

    @Test func `verbose tells what is read and what is made`() throws {
        let bench = Self.sources()
        let outcome = try bench.cimg("import", "-v", "oci:layout:old", "x")
        let layer = Sample.base
        let lines = outcome.errors.split(separator: "\n").map(String.init)
        #expect(
            lines.dropLast() == [
                "cimg: oci:layout:old: manifest \(Sample.old.digest), linux/amd64, 1 layer",
                "cimg: layer \(layer.digest): \(layer.blob.count) B", "cimg: x: names \(Sample.old.digest)",
            ])
        let tree = ChainID([layer.diffID])
        #expect(lines.last?.hasPrefix("cimg: x: tree \(tree) in the store \(bench.path)/store after ") == true)
        #expect(outcome.output == "x \(Sample.old.digest)\n")
    }

    @Test func `a name that moves is told`() throws {
        let bench = Self.sources()
        try bench.cimg("import", "oci:layout:old", "x")
        #expect(
            try bench.cimg("import", "oci:layout:new", "x")
                == Outcome(0, "x \(Sample.new.digest)\n", errors: "cimg: x: named \(Sample.old.digest) before\n"))
        try expect(bench.cimg("import", "oci:layout:new", "x"), is: .success("x \(Sample.new.digest)\n"))
        try expect(bench.cimg("import", "-q", "oci:layout:new", "x"), is: .success("\(Sample.new.digest)\n"))
    }

    static let wrongSources: [(arguments: [String], message: String)] = [
        (["oci:layout"], "oci:layout: has several images, name one; it has: old, new"),
        (["oci:layout:nope"], "oci:layout: tag \"nope\" not found; it has: old, new"),
        (
            ["oci:layout@\(Digest(of: "none".utf8))"],
            "oci:layout: manifest \(Digest(of: "none".utf8)) not found; "
                + "it has: \(Sample.old.digest), \(Sample.new.digest)"
        ),
        (
            ["oci:layout@sha256:12"],
            "oci:layout@sha256:12: digest \"sha256:12\": not 64 lower-case hexadecimal digits"
        ),
        (["oci:nowhere:1"], "oci:nowhere: No such file or directory"),
        (["oci:"], "oci:: has no path"),
        (["oci:flat"], "oci:flat: has no index.json: it is a dir source"),
        (["oci-archive:legacy.tar"], "oci-archive:legacy.tar: has no index.json: it is a docker-archive source"),
        (["docker-archive:layout.tar"], "docker-archive:layout.tar: has no manifest.json: it is an oci-archive"),
        (
            ["docker-archive:saved.tar:app:old"],
            "docker-archive:saved.tar: image \"app:old\" not found; it has: app:new"
        ),
        (["dir:layout"], "dir:layout: manifest.json: is missing"),
        (["rootfs:nowhere"], "rootfs:nowhere: No such file or directory"),
        (["layout:new"], "\"layout:new\": no source; did you mean oci:layout:new?"),
        (["flat"], "\"flat\": no source; did you mean dir:flat?"),
        (["home"], "\"home\": no source; did you mean rootfs:home?"),
        (
            ["saved.tar"],
            "\"saved.tar\": no source; did you mean oci-archive:saved.tar or docker-archive:saved.tar?"
        ),
        (
            ["ubuntu"],
            "\"ubuntu\": no source; one begins with oci:, oci-archive:, docker-archive:, dir: or rootfs:"
        ),
        (
            ["oci:layout:new", "--platform", "linux/arm64"],
            "oci:layout: new: no image for linux/arm64; it has: linux/amd64"
        ),
        (
            ["oci:layout:new", "--platform", "linux"],
            "platform \"linux\": is not of the form os/architecture or os/architecture/variant"
        ),
    ]

    @Test(arguments: wrongSources.indices)
    func `a wrong source is told from what is there`(_ index: Int) throws {
        let bench = Self.sources()
        let (arguments, message) = Self.wrongSources[index]
        try expect(bench.cimg(["import"] + arguments), is: .trouble(message))
        try expect(bench.stored("blobs/sha256"), is: [])
    }

    static let wrongNames: [(name: String, message: String)] = [
        ("", "is not letters, digits and ._-/:@+, beginning with a letter or digit, at most 255 in all"),
        ("a b", "is not letters, digits and ._-/:@+, beginning with a letter or digit, at most 255 in all"),
        ("../x", "is not letters, digits and ._-/:@+, beginning with a letter or digit, at most 255 in all"),
        ("é", "is not letters, digits and ._-/:@+, beginning with a letter or digit, at most 255 in all"),
        ("oci:x", "reads as a source, choose another"),
        ("rootfs:etc", "reads as a source, choose another"),
        ("sha256:12", "reads as a digest, choose another"),
        (Sample.old.digest.hex, "reads as a digest, choose another"),
    ]

    @Test(arguments: wrongNames.indices)
    func `a name that would mislead is refused`(_ index: Int) throws {
        let bench = Self.sources()
        let (name, message) = Self.wrongNames[index]
        try expect(bench.cimg("import", "oci:layout:new", name), is: .trouble("name \"\(name)\": \(message)"))
        try expect(bench.stored("blobs/sha256"), is: [])
    }

    @Test func `a name that the source gives is checked too`() throws {
        let bench = Workbench()
        bench.scratch.file("x.tar", DockerArchiveBuilder(.legacy, Sample.old, tags: ["oci:evil"]).bytes)
        #expect(
            try bench.cimg("import", "docker-archive:x.tar")
                == .trouble(
                    "\"docker-archive:x.tar\": give the image a name as second argument: "
                        + "name \"oci:evil\": reads as a source, choose another"))
        OCILayoutBuilder { $0.image(Sample.old, tag: "a\u{1B}[2J\n") }.write(to: bench.scratch)
        let outcome = try bench.cimg("import", "oci:layout")
        #expect(outcome.code == 2)
        #expect(!outcome.errors.contains("\u{1B}"))
        #expect(outcome.errors.split(separator: "\n").count == 1)
    }

    @Test func `a platform is chosen from an index`() throws {
        let bench = Workbench()
        let images = ["amd64", "arm64", "s390x"].map { architecture in
            ImageBuilder([LayerBuilder { $0.file("arch", architecture) }], architecture: architecture)
        }
        OCILayoutBuilder { layout in
            layout.index(tag: "multi") { index in
                for image in images { index.image(image) }
                index.attestation(of: images[0])
            }
        }.write(to: bench.scratch)
        for (image, architecture) in zip(images, ["amd64", "arm64", "s390x"]) {
            #expect(
                try bench.cimg("import", "oci:layout:multi", architecture, "--platform", "linux/\(architecture)")
                    == .success("\(architecture) \(image.digest)\n"))
        }
        #expect(
            try bench.cimg("import", "oci:layout:multi", "--platform", "linux/riscv64")
                == .trouble(
                    "oci:layout: multi: no image for linux/riscv64; it has: linux/amd64, linux/arm64, linux/s390x"))
    }

    @Test func `paths need not be UTF-8`() throws {
        let bench = Workbench()
        OCILayoutBuilder { $0.image(Sample.old, tag: "a:b") }.write(to: bench.scratch)
        let outcome = try bench.shell(
            """
            odd=$(printf 'la\\377y:out'); mv layout "$odd"
            cimg --version >/dev/null && cimg import "oci:$odd:a:b" x && cimg import "oci:$odd" y
            cimg import "oci:$odd:c" z
            CIMG_ROOT="$PWD/$odd.store" cimg import "oci:$odd" x && test -d "$odd.store/blobs" && echo ok
            cimg images --root "$odd.store" --quiet
            """)
        let digest = Sample.old.digest
        #expect(
            outcome
                == Outcome(
                    0, "x \(digest)\ny \(digest)\nx \(digest)\nok\n\(digest)\n",
                    errors: "cimg: oci:la\\xffy:out: tag \"c\" not found; it has: a:b\n"))
    }
}
