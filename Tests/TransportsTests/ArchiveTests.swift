// SPDX-License-Identifier: Apache-2.0

import LayerStore
import OCI
import SystemPackage
import TestSupport
import Testing
import Transports

@Suite(.timeLimit(.minutes(15))) struct ArchiveTests {
    private let scratch = ScratchDirectory()
    private let a = sample("a")
    private let b = sample("b")

    @Test(arguments: LayerCompression.allCases, ["", "./"])
    func `an archive of a layout is read, compressed or not`(compression: LayerCompression, prefix: String) throws {
        let layout = OCILayoutBuilder {
            $0.image(a, tag: "v1")
            $0.image(b, tag: "v2")
        }
        scratch.file("x.tar", compression(layout.archive(prefix: prefix)))
        #expect(try isSame(open("oci-archive:$/x.tar:v2", in: scratch), b))
        #expect(
            error("oci-archive:$/x.tar", in: scratch)
                == "oci-archive:$/x.tar: has several images, name one; it has: v1, v2")
    }

    @Test(arguments: LayerCompression.allCases, DockerArchiveBuilder.Layout.allCases)
    func `a Docker archive is read, compressed or not`(
        compression: LayerCompression, layout: DockerArchiveBuilder.Layout
    ) throws {
        var archive = DockerArchiveBuilder(layout)
        archive.image(a, tags: ["a:v1", "a:latest"])
        archive.image(b, tags: ["example.org:5000/x/b:v1"])
        scratch.file("x.tar", compression(archive.bytes))
        let hasManifest = layout == .oci
        #expect(try isSame(open("docker-archive:$/x.tar:a", in: scratch), a, hasManifest: hasManifest))
        #expect(try isSame(open("docker-archive:$/x.tar:a:v1", in: scratch), a, hasManifest: hasManifest))
        #expect(
            try isSame(
                open("docker-archive:$/x.tar:docker.io/library/a:v1", in: scratch), a, hasManifest: hasManifest))
        #expect(
            try isSame(
                open("docker-archive:$/x.tar:example.org:5000/x/b:v1", in: scratch), b, hasManifest: hasManifest))
        let id = Digest(of: b.configuration.bytes)
        #expect(try isSame(open("docker-archive:$/x.tar@\(id)", in: scratch), b, hasManifest: hasManifest))
        #expect(
            error("docker-archive:$/x.tar:b", in: scratch)
                == "docker-archive:$/x.tar: image \"b\" not found; it has: a:v1, a:latest, example.org:5000/x/b:v1")
        #expect(
            error("docker-archive:$/x.tar", in: scratch)
                == "docker-archive:$/x.tar: has several images, name one; it has: a:v1, example.org:5000/x/b:v1")
    }

    @Test func `a manifest of the layout within a Docker archive is found by its digest`() throws {
        scratch.file("x.tar", DockerArchiveBuilder(.oci, a, tags: []).bytes)
        #expect(try isSame(open("docker-archive:$/x.tar@\(a.digest)", in: scratch), a))
        #expect(try isSame(open("docker-archive:$/x.tar", in: scratch), a))
    }

    @Test func `a Docker archive's layout that does not fit its list of images is not used`() throws {
        var layout = OCILayoutBuilder()
        layout.image(a)
        for blob in b.blobs { layout.blob(blob) }
        let tar = TarBuilder { tar in
            for file in layout.files { tar.file(file.name, file.bytes) }
            let list: JSON = [
                [
                    "Config": .string("blobs/sha256/\(Digest(of: b.configuration.bytes).hex)"), "RepoTags": nil,
                    "Layers": .array(b.layers.map { .string("blobs/sha256/\($0.digest.hex)") }),
                ]
            ]
            tar.file("manifest.json", list.bytes)
        }
        scratch.file("x.tar", tar.bytes)
        #expect(try isSame(open("docker-archive:$/x.tar", in: scratch), b, hasManifest: false))
    }

    @Test func `the images of a Docker archive are told apart by their platform`() throws {
        let arm = sample("a", architecture: "arm64")
        var archive = DockerArchiveBuilder(.legacy)
        archive.image(a, tags: ["x:v1"])
        archive.image(arm, tags: ["x:v1"])
        scratch.file("x.tar", archive.bytes)
        for (platform, image) in [("linux/amd64", a), ("linux/arm64", arm)] {
            #expect(
                try isSame(open("docker-archive:$/x.tar", in: scratch, platform: platform), image, hasManifest: false))
        }
        #expect(
            error("docker-archive:$/x.tar:x:v1", in: scratch, platform: "linux/386")
                == "docker-archive:$/x.tar: no image for linux/386; it has: linux/amd64, linux/arm64")
    }

    @Test func `layers may be links to other members, and the last of two members of one name counts`() throws {
        let image = ImageBuilder([LayerBuilder { $0.file("x") }, LayerBuilder { $0.file("x") }])
        let list: JSON = [["Config": "c.json", "Layers": ["one/layer.tar", "./two//layer.tar"]]]
        let tar = TarBuilder { tar in
            tar.file("manifest.json", "broken")
            tar.file("c.json", image.configuration.bytes)
            tar.file("data", image.layers[0].blob)
            tar.hardLink("one/layer.tar", to: "./data")
            tar.symlink("two/layer.tar", to: "../one/./layer.tar")
            tar.longNames = .gnu
            tar.file(String(repeating: "long/", count: 30), "")
            tar.globalHeader(["comment": "x"])
            tar.file("./manifest.json", list.bytes, pax: ["mtime": "1.5"])
            tar.endBlocks = 0
        }
        scratch.file("x.tar", tar.bytes)
        #expect(try isSame(open("docker-archive:$/x.tar", in: scratch), image, hasManifest: false))
    }

    @Test(arguments: [
        ("../x", "docker-archive:$/x.tar: ../x: leads out of the archive"),
        ("out", "docker-archive:$/x.tar: out: is a link that leads out of the archive"),
        ("loop", "docker-archive:$/x.tar: loop: is a link that leads nowhere"),
        ("dangling", "docker-archive:$/x.tar: dangling: is missing"),
        ("none", "docker-archive:$/x.tar: none: is missing"),
        ("directory", "docker-archive:$/x.tar: directory: is not a regular file"),
        ("fifo", "docker-archive:$/x.tar: fifo: is not a regular file"),
        ("sparse", "docker-archive:$/x.tar: sparse: is stored as a sparse file, which archives of images never have"),
        ("sparse2", "docker-archive:$/x.tar: sparse2: is stored as a sparse file, which archives of images never have"),
    ])
    func `a layer that is no member's bytes is refused`(layer: String, expected: String) throws {
        let list: JSON = [["Config": "c.json", "Layers": [.string(layer)]]]
        let tar = TarBuilder { tar in
            tar.file("manifest.json", list.bytes)
            tar.file("c.json", ImageBuilder { $0.file("x") }.configuration.bytes)
            tar.symlink("out", to: "../../etc/passwd")
            tar.symlink("loop", to: "loop")
            tar.hardLink("dangling", to: "gone")
            tar.directory("directory")
            tar.fifo("fifo")
            tar.sparse("sparse", .oldGNU, size: 9000, runs: (0..<8).map { ($0 * 1024, [1]) })
            tar.sparse("sparse2", .pax00, size: 9000, runs: [(512, [1])])
        }
        scratch.file("x.tar", tar.bytes)
        #expect(error("docker-archive:$/x.tar", in: scratch) == expected)
    }

    @Test func `a configuration must have the digest that its name claims`() throws {
        let wrong = Digest(of: [1])
        let list: JSON = [["Config": .string("\(wrong.hex).json"), "Layers": []]]
        let content = ImageBuilder([]).configuration.bytes
        let tar = TarBuilder {
            $0.file("manifest.json", list.bytes)
            $0.file("\(wrong.hex).json", content)
        }
        scratch.file("x.tar", tar.bytes)
        #expect(
            error("docker-archive:$/x.tar", in: scratch)
                == "docker-archive:$/x.tar: configuration \(wrong.hex).json: its content has the digest "
                + "\(Digest(of: content))")
    }

    @Test func `an archive that is broken or of another kind is refused`() throws {
        let whole = OCILayoutBuilder { $0.image(a) }.archive()
        let cases: [(String, [UInt8], String)] = [
            (
                "text", Array(String(repeating: "no tar", count: 100).utf8),
                "is no whole tar: byte 0: not a tar header: its checksum is wrong"
            ),
            ("short", Array("short".utf8), "is no whole tar: byte 5: the tar is cut off"),
            ("cut", Array(whole[..<1560]), "is no whole tar: byte 1560: the tar is cut off"),
            ("empty", [], "has no index.json: it is no image layout"),
            (
                "docker", DockerArchiveBuilder(.legacy, a, tags: []).bytes,
                "has no index.json: it is a docker-archive source"
            ),
            (
                "checksum",
                TarBuilder {
                    var h = TarHeader("x"); h.checksum = .wrong(1); $0.entry(h)
                }.bytes,
                "is no whole tar: byte 0: not a tar header: its checksum is wrong"
            ),
            (
                "negative",
                TarBuilder {
                    var h = TarHeader("x"); h.size = -1; $0.entry(h)
                }.bytes,
                #"is no whole tar: entry "x": a malformed or negative size"#
            ),
            (
                "huge",
                TarBuilder {
                    var h = TarHeader("x"); h.size = .max; $0.entry(h)
                }.bytes,
                #"is no whole tar: entry "x": a size beyond any file"#
            ),
            (
                "pax", TarBuilder { $0.file("x", pax: ["size": "99999999999999999999"]) }.bytes,
                #"is no whole tar: entry "x": pax record "size": not a number"#
            ),
        ]
        for (name, bytes, cause) in cases {
            scratch.file(name, bytes)
            #expect(error("oci-archive:$/\(name)", in: scratch) == "oci-archive:$/\(name): \(cause)")
        }
        scratch.file("layout.tar", whole)
        #expect(
            error("docker-archive:$/layout.tar", in: scratch)
                == "docker-archive:$/layout.tar: has no manifest.json: it is an oci-archive")
        #expect(error("oci-archive:$", in: scratch) == "oci-archive:$: Is a directory")
        scratch.file("cut.gz", LayerCompression.gzip(whole).dropLast(20) + [])
        #expect(error("oci-archive:$/cut.gz", in: scratch) != nil)
    }

    @Test func `a name that begins like a compressed stream is a name`() throws {
        scratch.file("z.tar", TarBuilder { $0.file("BZh91", "text") }.bytes)
        #expect(error("docker-archive:$/z.tar", in: scratch)?.contains("has no manifest.json") == true)
    }

    @Test func `the images of a Docker archive are listed`() throws {
        var archive = DockerArchiveBuilder(.legacy)
        archive.image(a, tags: ["a:v1", "a:v2"])
        archive.image(b, tags: [])
        let path = scratch.file("x.tar", archive.bytes)
        #expect(try listImages(ImageLocation(.dockerArchive, path)).map(\.name) == ["a:v1", "a:v2", "@1"])
        #expect(
            error("docker-archive:$/x.tar:c", in: scratch)
                == "docker-archive:$/x.tar: image \"c\" not found; it has: a:v1, a:v2, @1")
        #expect(try isSame(open("docker-archive:$/x.tar:@1", in: scratch), b, hasManifest: false))
        #expect(try open("docker-archive:$/x.tar:@0", in: scratch).name == "a:v1")
        #expect(
            error("docker-archive:$/x.tar:@2", in: scratch)
                == "docker-archive:$/x.tar: has no image @2; it has: a:v1, a:v2, @1")
    }
}
