// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import LayerStore
import OCI
import SystemPackage
import TestSupport
import Testing
import Transports

@Suite(.timeLimit(.minutes(15))) struct LayoutTests {
    private let scratch = ScratchDirectory()
    private let a = sample("a")
    private let b = sample("b")

    @Test(arguments: LayerCompression.allCases)
    func `the only image of a layout needs no tag`(compression: LayerCompression) throws {
        let image = sample("x", compression)
        OCILayoutBuilder { $0.image(image, tag: "v1") }.write(to: scratch)
        let opened = try open("oci:$/layout", in: scratch)
        #expect(try isSame(opened, image))
        #expect(opened.name == "v1")
        #expect(try isSame(open("oci:$/layout:v1", in: scratch), image))
    }

    @Test func `an image is found by its tag, by its digest and by the tag of a whole name`() throws {
        OCILayoutBuilder {
            $0.image(a, tag: "v1")
            $0.image(b, tag: "example.org/b:v2")
            $0.image(sample("c"))
        }.write(to: scratch)
        #expect(try isSame(open("oci:$/layout:v1", in: scratch), a))
        #expect(try isSame(open("oci:$/layout:v2", in: scratch), b))
        #expect(try isSame(open("oci:$/layout:example.org/b:v2", in: scratch), b))
        #expect(try isSame(open("oci:$/layout@\(b.digest)", in: scratch), b))
        let names = "v1, example.org/b:v2, @\(sample("c").digest)"
        #expect(
            error("oci:$/layout", in: scratch) == "oci:$/layout: has several images, name one; it has: \(names)")
        #expect(
            error("oci:$/layout:v3", in: scratch) == "oci:$/layout: tag \"v3\" not found; it has: \(names)")
        let other = Digest(of: [1])
        #expect(
            error("oci:$/layout@\(other)", in: scratch)?.hasPrefix("oci:$/layout: manifest \(other) not found") == true)
    }

    @Test func `several tags of one image are one image`() throws {
        OCILayoutBuilder {
            $0.image(a, tag: "v1")
            $0.image(a, tag: "v2")
        }.write(to: scratch)
        #expect(try isSame(open("oci:$/layout", in: scratch), a))
    }

    @Test func `an index is followed to the platform asked for, attestations are not images`() throws {
        let arm = sample("arm", architecture: "arm64")
        OCILayoutBuilder {
            $0.index(tag: "v1") {
                $0.attestation(of: a)
                $0.index(mediaType: MediaType.dockerManifestList) { $0.image(arm.docker) }
                $0.image(a)
            }
        }.write(to: scratch)
        #expect(try isSame(open("oci:$/layout", in: scratch, platform: "linux/amd64"), a))
        #expect(try isSame(open("oci:$/layout:v1", in: scratch, platform: "linux/arm64/v8"), arm.docker))
        #expect(
            error("oci:$/layout:v1", in: scratch, platform: "linux/s390x")
                == "oci:$/layout: v1: no image for linux/s390x; it has: linux/arm64, linux/amd64")
    }

    @Test func `images of one name for several platforms may stand in the layout's own index`() throws {
        let arm = sample("arm", architecture: "arm64")
        OCILayoutBuilder {
            $0.image(arm, withPlatform: false)
            $0.image(a, withPlatform: false)
        }.write(to: scratch)
        #expect(try isSame(open("oci:$/layout", in: scratch, platform: "linux/amd64"), a))
        #expect(try isSame(open("oci:$/layout", in: scratch, platform: "linux/arm64"), arm))
    }

    @Test func `the only image serves whoever asks for no platform, but nobody who asks for another`() throws {
        let image = sample("x", architecture: "s390x")
        OCILayoutBuilder { $0.image(image) }.write(to: scratch)
        #expect(try isSame(open("oci:$/layout", in: scratch), image))
        #expect(
            error("oci:$/layout", in: scratch, platform: "linux/amd64")
                == "oci:$/layout: no image for linux/amd64; it has: linux/s390x")
    }

    @Test func `manifests that an index lists but the layout lacks do not count`() throws {
        let absent = sample("absent", architecture: "amd64")
        let image = sample("x", architecture: "s390x")
        var layout = OCILayoutBuilder()
        layout.index {
            $0.image(absent)
            $0.image(image)
        }
        layout.blobs.removeAll { $0.digest == absent.digest }
        layout.write(to: scratch)
        #expect(try isSame(open("oci:$/layout", in: scratch), image))
    }

    @Test func `indexes within each other are bounded`() throws {
        func nested(_ depth: Int, _ layout: inout OCILayoutBuilder) {
            if depth == 0 { layout.image(a) } else { layout.index { nested(depth - 1, &$0) } }
        }
        OCILayoutBuilder { nested(7, &$0) }.write(to: scratch, "seven")
        OCILayoutBuilder { nested(8, &$0) }.write(to: scratch, "eight")
        #expect(try isSame(open("oci:$/seven", in: scratch), a))
        #expect(error("oci:$/eight", in: scratch)?.hasSuffix("is the 9th index within another, more than 8") == true)
    }

    @Test func `entries of other media types are ignored`() throws {
        OCILayoutBuilder {
            $0.entry(.descriptor("application/vnd.example+json", of: [1, 2]), tag: "x")
            $0.image(a, tag: "v1")
        }.write(to: scratch)
        #expect(try isSame(open("oci:$/layout", in: scratch), a))
        OCILayoutBuilder { _ in }.write(to: scratch, "empty")
        #expect(error("oci:$/empty", in: scratch) == "oci:$/empty: has no images")
    }

    @Test func `content that is not what its descriptor says is refused`() throws {
        OCILayoutBuilder { $0.image(a) }.write(to: scratch)
        let manifest = "blobs/sha256/\(a.digest.hex)"
        let configuration = Digest(of: a.configuration.bytes)
        scratch.file("layout/\(manifest)", a.manifest.bytes + [32])
        let size = a.manifest.bytes.count
        #expect(
            error("oci:$/layout", in: scratch)
                == "oci:$/layout: manifest \(a.digest): has \(size + 1) bytes, but \(size) in its descriptor")
        var changed = a.manifest.bytes
        changed[changed.count - 1] = 32
        scratch.file("layout/\(manifest)", changed)
        #expect(
            error("oci:$/layout", in: scratch)
                == "oci:$/layout: manifest \(a.digest): its content has the digest \(Digest(of: changed))")
        scratch.file("layout/\(manifest)", a.manifest.bytes)
        changed = a.configuration.bytes
        changed[changed.count - 1] = 32
        scratch.file("layout/blobs/sha256/\(configuration.hex)", changed)
        #expect(
            error("oci:$/layout", in: scratch)
                == "oci:$/layout: configuration \(configuration): its content has the digest \(Digest(of: changed))")
    }

    @Test func `a blob that is a link, a fifo or a directory is refused at once`() throws {
        OCILayoutBuilder { $0.image(a) }.write(to: scratch)
        let path = scratch.path("layout/blobs/sha256/\(a.digest.hex)").string
        let blob = "oci:$/layout: blobs/sha256/\(a.digest.hex)"
        let elsewhere = scratch.file("elsewhere", a.manifest.bytes).string
        #expect(unlink(path) == 0 && symlink(elsewhere, path) == 0)
        #expect(error("oci:$/layout", in: scratch) == "\(blob): is a symbolic link or lies behind one")
        #expect(unlink(path) == 0 && mkfifo(path, 0o644) == 0)
        #expect(error("oci:$/layout", in: scratch) == "\(blob): is not a regular file")
        #expect(unlink(path) == 0 && mkdir(path, 0o755) == 0)
        #expect(error("oci:$/layout", in: scratch) == "\(blob): is not a regular file")
        #expect(rmdir(path) == 0)
        #expect(error("oci:$/layout", in: scratch) == "oci:$/layout: manifest \(a.digest) is missing")
    }

    @Test func `a layer that is missing is told when it is opened`() throws {
        OCILayoutBuilder { $0.image(a) }.write(to: scratch)
        let digest = a.layers[1].digest
        #expect(unlink(scratch.path("layout/blobs/sha256/\(digest.hex)").string) == 0)
        let image = try open("oci:$/layout", in: scratch)
        #expect(
            failure { _ = try image.layers[1].open() }
                == "oci:\(scratch.path)/layout: blobs/sha256/\(digest.hex): is missing")
    }

    @Test func `what is no image is refused`() throws {
        var artifact = a
        artifact.configurationMediaType = "application/vnd.example"
        OCILayoutBuilder { $0.image(artifact) }.write(to: scratch, "artifact")
        #expect(
            error("oci:$/artifact", in: scratch)
                == "oci:$/artifact: manifest \(artifact.digest): is no container image "
                + "(artifact type application/vnd.example)")
        var short = a
        short.manifestMembers = [("layers", [a.layers[0].descriptor])]
        OCILayoutBuilder { $0.image(short) }.write(to: scratch, "short")
        #expect(
            error("oci:$/short", in: scratch)?.hasSuffix("rootfs.diff_ids: are 2, but the image has 1 layers") == true)
        scratch.directory("empty")
        #expect(error("oci:$/empty", in: scratch) == "oci:$/empty: has no index.json: it is no image layout")
        #expect(error("oci:$/none", in: scratch) == "oci:$/none: No such file or directory")
    }

    @Test func `an image is found by its position in the index`() throws {
        OCILayoutBuilder {
            $0.image(a, tag: "v1")
            $0.image(b)
        }.write(to: scratch)
        #expect(try isSame(open("oci:$/layout:@1", in: scratch), b))
        #expect(
            error("oci:$/layout:@2", in: scratch) == "oci:$/layout: has no image @2; it has: v1, @\(b.digest)")
    }

    @Test func `a layout of another version is refused`() throws {
        OCILayoutBuilder { $0.image(a, tag: "v1") }.write(to: scratch)
        scratch.file("layout/oci-layout", #"{"imageLayoutVersion":"2.0.0"}"#)
        #expect(
            error("oci:$/layout:v1", in: scratch)
                == "oci:$/layout: oci-layout: is of a layout of 2.0.0; only 1.0.0 is known")
        scratch.file("layout/oci-layout", "{}")
        #expect(error("oci:$/layout:v1", in: scratch)?.contains("of no version") == true)
    }

    @Test func `a configuration may be in the manifest alone`() throws {
        let json = a.configuration.bytes
        var image = a
        var config = JSON.descriptor(MediaType.config, of: json)
        config["data"] = .string(Data(json).base64EncodedString())
        image.manifestMembers = [("config", config)]
        OCILayoutBuilder { layout in
            layout.image(image, tag: "v1")
            layout.blobs.removeAll { $0.bytes == json }
        }.write(to: scratch)
        #expect(try open("oci:$/layout:v1", in: scratch).configuration == json)
        config["data"] = .string(Data(json.dropLast()).base64EncodedString())
        image.manifestMembers = [("config", config)]
        OCILayoutBuilder { layout in
            layout.image(image, tag: "v1")
            layout.blobs.removeAll { $0.bytes == json }
        }.write(to: scratch, "wrong")
        #expect(
            error("oci:$/wrong:v1", in: scratch)
                == "oci:$/wrong: blobs/sha256/\(Digest(of: json).hex): is missing")
    }

    @Test func `a layer that is kept elsewhere is named with its address`() throws {
        var image = a
        var layer = a.layers[0].descriptor
        layer["mediaType"] = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
        layer["urls"] = ["https://layers.example/a"]
        image.manifestMembers = [("layers", [layer, a.layers[1].descriptor])]
        OCILayoutBuilder { layout in
            layout.image(image, tag: "v1")
            layout.blobs.removeAll { $0.digest == a.layers[0].digest }
        }.write(to: scratch)
        let opened = try open("oci:$/layout:v1", in: scratch)
        #expect(
            failure { _ = try opened.layers[0].open() }
                == "oci:\(scratch.path)/layout: layer \(a.layers[0].digest): is not in it, but kept at "
                + "https://layers.example/a")
        let graph = try #require(try openGraph(ImageLocation(.oci, scratch.path("layout"))))
        #expect(graph.foreign.map(\.digest) == [a.layers[0].digest])
        #expect(!graph.blobs.contains { $0.digest == a.layers[0].digest })
    }

    @Test func `the images of a layout are listed`() throws {
        OCILayoutBuilder {
            $0.image(a, tag: "v1")
            $0.attestation(of: a)
            $0.image(b)
        }.write(to: scratch)
        let listed = try listImages(ImageLocation(.oci, scratch.path("layout")))
        #expect(listed.map(\.name) == ["v1", nil])
        #expect(listed.map(\.digest) == [a.digest, b.digest])
        #expect(listed.map { $0.platform?.description } == ["linux/amd64", "linux/amd64"])
    }

    @Test func `skopeo's directories are read, of one image and of several platforms`() throws {
        a.writeDirectory(to: scratch, "one")
        #expect(try isSame(open("dir:$/one", in: scratch), a))
        #expect(
            error("dir:$/one", in: scratch, platform: "linux/arm64")
                == "dir:$/one: no image for linux/arm64; it has: linux/amd64")
        let arm = sample("arm", architecture: "arm64")
        for image in [a, arm] {
            image.writeDirectory(to: scratch, "many")
            scratch.file("many/\(image.digest.hex).manifest.json", image.manifest.bytes)
        }
        let index = OCILayoutBuilder {
            $0.image(a)
            $0.image(arm)
        }.index
        scratch.file("many/manifest.json", index.bytes)
        #expect(try isSame(open("dir:$/many", in: scratch, platform: "linux/arm64"), arm))
        #expect(try isSame(open("dir:$/many", in: scratch, platform: "linux/amd64"), a))
        #expect(error("dir:$/none", in: scratch) == "dir:$/none: No such file or directory")
    }
}
