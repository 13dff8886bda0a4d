// SPDX-License-Identifier: Apache-2.0

import OCI
import TestSupport
import Testing

/// Manifests, indexes, configurations and whole sources that lie.
@Suite(.timeLimit(.minutes(15))) struct HostileDocumentTests {
    private static let image = ImageBuilder { $0.file("a", "x") }
    private static let layout = OCILayoutBuilder { $0.image(image, tag: "x") }
    private static let layerBlob = "layout/blobs/sha256/\(image.layers[0].digest.hex)"
    private static let manifestBlob = "layout/blobs/sha256/\(image.digest.hex)"
    private static let configBlob = "layout/blobs/sha256/\(Digest(of: image.configuration.bytes).hex)"

    /// The index of an image whose descriptor is changed.
    private static func index(_ change: (inout JSON) -> Void) -> OCILayoutBuilder {
        OCILayoutBuilder { layout in
            layout.image(image)
            var descriptor = image.descriptor
            change(&descriptor)
            layout.entries = [descriptor]
        }
    }

    /// An image whose manifest's descriptor of the layer is changed.
    private static func layer(_ change: (inout JSON) -> Void) -> ImageBuilder {
        var image = image
        var descriptor = image.layers[0].descriptor
        change(&descriptor)
        image.manifestMembers = [("layers", [descriptor])]
        return image
    }

    /// An image whose manifest has other members.
    private static func otherwise(_ members: [(String, JSON?)]) -> ImageBuilder {
        var image = image
        image.manifestMembers = members
        return image
    }

    private static func configuration(_ configuration: JSON) -> ImageBuilder {
        var image = image
        image.configuration = configuration
        return image
    }

    private static func nested(_ levels: Int) -> OCILayoutBuilder {
        OCILayoutBuilder { layout in
            func add(_ level: Int, _ layout: inout OCILayoutBuilder) {
                if level == 0 { layout.image(image) } else { layout.index { add(level - 1, &$0) } }
            }
            add(levels, &layout)
        }
    }

    static let inputs: [HostileInput] = [
        HostileInput("an index that is no JSON", "oci:layout: index.json: is not valid JSON", index: Array("{".utf8)),
        HostileInput("an empty index", "oci:layout: index.json: is not valid JSON", index: []),
        HostileInput(
            "an index of NULs", "oci:layout: index.json: is not valid JSON", index: [UInt8](repeating: 0, count: 4096)),
        HostileInput("an index that is an array", "oci:layout: index.json: is not an object", index: Array("[]".utf8)),
        HostileInput(
            "a deeply nested index", "oci:layout: index.json: has more than 64 arrays and objects within each other",
            index: Array(String(repeating: "[", count: 100_000).utf8)),
        HostileInput(
            "deeply nested objects", "oci:layout: index.json: has more than 64 arrays and objects within each other",
            index: Array(String(repeating: "{\"a\":", count: 100_000).utf8)),
        HostileInput(
            "an index of 5 MiB", "oci:layout: index.json: is 5242896 bytes, more than the limit of 4194304",
            index: Array("{\"manifests\":[]}".utf8) + [UInt8](repeating: 32, count: 5 << 20)),
        HostileInput(
            "an index with two lists", "oci:layout: index.json: manifests: is given twice",
            index: Array("{\"manifests\":[],\"\\u006danifests\":[]}".utf8)),
        HostileInput(
            "an index whose list is spelled otherwise",
            "oci:layout: index.json: Manifests: is \"manifests\" to some readers, and nothing to others",
            index: Array("{\"Manifests\":[]}".utf8)),
        HostileInput("an index without images", "oci:layout: has no images", layout: OCILayoutBuilder()),
        HostileInput(
            "a size that is no Int64", "oci:layout: index.json: manifests[0].size: is not a whole number below 2^63",
            layout: index { $0["size"] = .number("99999999999999999999999") }),
        HostileInput(
            "a size with an exponent", "oci:layout: index.json: manifests[0].size: is not a whole number below 2^63",
            layout: index { $0["size"] = .number("1e999") }),
        HostileInput(
            "a negative size", "oci:layout: index.json: manifests[0].size: is negative",
            layout: index { $0["size"] = -1 }),
        HostileInput(
            "a wrong size", "oci:layout: manifest sha256:…: has 397 bytes, but 7 in its descriptor",
            layout: index { $0["size"] = 7 }),
        HostileInput(
            "a digest that is a path",
            "oci:layout: index.json: manifests[0].digest: digest \"sha256:../../../../etc/passwd\": not 64 lower-case hexadecimal digits",
            layout: index { $0["digest"] = "sha256:../../../../etc/passwd" }),
        HostileInput(
            "a digest of another kind",
            "oci:layout: index.json: manifests[0].digest: digest \"md5:d41d8cd98f00b204e9800998ecf8427e\": not a sha256 digest",
            layout: index { $0["digest"] = "md5:d41d8cd98f00b204e9800998ecf8427e" }),
        HostileInput(
            "no digest", "oci:layout: index.json: manifests[0].digest: is missing", layout: index { $0["digest"] = nil }
        ),
        HostileInput(
            "nine indexes within each other",
            "oci:layout: index sha256:…: is the 9th index within another, more than 8", layout: nested(9)),
        HostileInput(
            "an index that names itself", "oci:layout: manifest sha256:…: its content has the digest sha256:…",
            layout: layout
        ) { bench in
            let digest = Digest(of: "itself".utf8)
            let descriptor: JSON = [
                "mediaType": .string(MediaType.index), "digest": .string("\(digest)"), "size": 200,
            ]
            let index: JSON = ["schemaVersion": 2, "manifests": [descriptor]]
            let padded = index.text + String(repeating: " ", count: 200 - index.bytes.count)
            bench.scratch.file("layout/blobs/sha256/\(digest.hex)", padded)
            bench.scratch.file("layout/index.json", index.bytes)
        },
        HostileInput("a missing manifest", "oci:layout: manifest sha256:… is missing", layout: layout) {
            try HostileInput.change($0, "rm \(manifestBlob)")
        },
        HostileInput("a missing configuration", "oci:layout: blobs/sha256/…: is missing", layout: layout) {
            try HostileInput.change($0, "rm \(configBlob)")
        },
        HostileInput("a missing layer", "oci:layout: blobs/sha256/…: is missing", layout: layout) {
            try HostileInput.change($0, "rm \(layerBlob)")
        },
        HostileInput(
            "a changed manifest", "oci:layout: manifest sha256:…: its content has the digest sha256:…", layout: layout
        ) {
            try HostileInput.change($0, "sed -i s/schemaVersion/schemaVersioN/ \(manifestBlob)")
        },
        HostileInput(
            "a changed configuration", "oci:layout: configuration sha256:…: its content has the digest sha256:…",
            layout: layout
        ) {
            try HostileInput.change($0, "sed -i s/amd64/arm64/ \(configBlob)")
        },
        HostileInput("a fifo as a layer", "oci:layout: blobs/sha256/…: is not a regular file", layout: layout) {
            try HostileInput.change($0, "rm \(layerBlob); mkfifo \(layerBlob)")
        },
        HostileInput("a fifo as a manifest", "oci:layout: blobs/sha256/…: is not a regular file", layout: layout) {
            try HostileInput.change($0, "rm \(manifestBlob); mkfifo \(manifestBlob)")
        },
        HostileInput("a fifo as the index", "oci:layout: index.json: is not a regular file", layout: layout) {
            try HostileInput.change($0, "rm layout/index.json; mkfifo layout/index.json")
        },
        HostileInput(
            "a symbolic link out of the layout as a layer",
            "oci:layout: blobs/sha256/…: is a symbolic link or lies behind one", layout: layout
        ) {
            try HostileInput.change($0, "mv \(layerBlob) secret; ln -s $PWD/secret \(layerBlob)")
        },
        HostileInput(
            "a symbolic link up as a manifest", "oci:layout: blobs/sha256/…: is a symbolic link or lies behind one",
            layout: layout
        ) {
            try HostileInput.change($0, "mv \(manifestBlob) secret; ln -s ../../../secret \(manifestBlob)")
        },
        HostileInput("a directory as a layer", "oci:layout: blobs/sha256/…: is not a regular file", layout: layout) {
            try HostileInput.change($0, "rm \(layerBlob); mkdir \(layerBlob)")
        },
        HostileInput(
            "a device as a layer", "oci:layout: blobs/sha256/…: is a symbolic link or lies behind one", layout: layout
        ) {
            try HostileInput.change($0, "rm \(layerBlob); ln -s /dev/zero \(layerBlob)")
        },
        HostileInput(
            "a layer shorter than its descriptor says",
            "layer sha256:…: has 2048 bytes, not the 100000 that its manifest says",
            image: layer { $0["size"] = 100_000 }),
        HostileInput(
            "a layer longer than its descriptor says",
            "layer sha256:…: is longer than the 100 bytes that its manifest says", image: layer { $0["size"] = 100 }),
        HostileInput(
            "a layer of negative size", "oci:layout: manifest sha256:…: layers[0].size: is negative",
            image: layer { $0["size"] = -100 }),
        HostileInput(
            "a layer of a size that is no number",
            "oci:layout: manifest sha256:…: layers[0].size: is not a whole number", image: layer { $0["size"] = "many" }
        ),
        HostileInput(
            "a layer with an escape in its type",
            "oci:layout: manifest sha256:…: is no container image (artifact type a\\u{1b}[2J)",
            image: layer {
                $0["mediaType"] = "a\u{1B}[2J"; $0["size"] = 1
            }),
        HostileInput(
            "more layers than diff IDs",
            "oci:layout: configuration sha256:…: rootfs.diff_ids: are 0, but the image has 1 layers",
            image: configuration(["os": "linux", "rootfs": ["type": "layers", "diff_ids": []]])),
        HostileInput(
            "no rootfs", "oci:layout: configuration sha256:…: is of no container image: it has no rootfs.diff_ids",
            image: configuration(["os": "linux"])),
        HostileInput(
            "a manifest with its layers once more in other letters",
            "oci:layout: manifest sha256:…: Layers: is given twice, the other time as \"layers\"",
            image: otherwise([("Layers", [])])),
        HostileInput(
            "a manifest with the layers in other letters only",
            "oci:layout: manifest sha256:…: layer\u{17F}: is \"layers\" to some readers, and nothing to others",
            image: otherwise([("layers", nil), ("layer\u{17F}", [])])),
        HostileInput(
            "a descriptor with two digests",
            "oci:layout: manifest sha256:…: layers[0].Digest: is given twice, the other time as \"digest\"",
            image: layer { $0["Digest"] = "sha256:" }),
        HostileInput(
            "a configuration with two lists of layers", "oci:layout: configuration sha256:…: rootfs: is given twice",
            image: configuration(
                .object([
                    ("os", "linux"), ("rootfs", ["type": "layers", "diff_ids": []]),
                    ("rootfs", ["type": "layers", "diff_ids": []]),
                ]))),
        HostileInput(
            "a configuration with two lists of diff IDs",
            "oci:layout: configuration sha256:…: rootfs.Diff_IDs: is given twice, the other time as \"diff_ids\"",
            image: configuration(["os": "linux", "rootfs": ["type": "layers", "diff_ids": [], "Diff_IDs": []]])),
        HostileInput(
            "a configuration that is a string", "oci:layout: configuration sha256:…: is not an object",
            image: configuration("hello")),
        HostileInput(
            "a diff ID that is a path",
            "oci:layout: configuration sha256:…: rootfs.diff_ids[0]: digest \"sha256:../../../x\": not 64 lower-case hexadecimal digits",
            image: configuration(["os": "linux", "rootfs": ["type": "layers", "diff_ids": ["sha256:../../../x"]]])),
        HostileInput(
            "an artifact", "oci:layout: has no images",
            layout: OCILayoutBuilder { layout in
                let manifest: JSON = [
                    "schemaVersion": 2, "mediaType": "application/vnd.oci.artifact.manifest.v1+json",
                    "artifactType": "application/vnd.example+json", "blobs": [],
                ]
                layout.blob(manifest.bytes)
                layout.entry(.descriptor("application/vnd.oci.artifact.manifest.v1+json", of: manifest.bytes), tag: "x")
            }),
        HostileInput(
            "a schema 1 manifest",
            "oci:layout: manifest sha256:…: is a Docker schema 1 manifest, a format replaced in 2016 that is not supported; "
                + "\"skopeo copy --format v2s2\" converts it",
            layout: OCILayoutBuilder { layout in
                let manifest: JSON = ["schemaVersion": 1, "name": "x", "tag": "1", "fsLayers": [], "history": []]
                layout.blob(manifest.bytes)
                layout.entry(
                    .descriptor("application/vnd.docker.distribution.manifest.v1+json", of: manifest.bytes), tag: "x")
            }),
        HostileInput(
            "a manifest that is an index too",
            "oci:layout: manifest sha256:…: has the fields of an index and of a manifest",
            layout: OCILayoutBuilder { layout in
                var manifest = image.manifest
                manifest["manifests"] = []
                layout.blob(manifest.bytes)
                layout.entry(.descriptor(MediaType.manifest, of: manifest.bytes), tag: "x")
            }),
        HostileInput(
            "an attestation only", "oci:layout: has no images", layout: OCILayoutBuilder { $0.attestation(of: image) }),
        HostileInput(
            "an archive that is empty", "oci-archive:x.tar: has no index.json: it is no image layout",
            source: "oci-archive:x.tar"
        ) { $0.scratch.file("x.tar") },
        HostileInput(
            "an archive that is text",
            "docker-archive:x.tar: is no whole tar: byte 0: not a tar header: its checksum is wrong",
            source: "docker-archive:x.tar"
        ) {
            $0.scratch.file("x.tar", String(repeating: "text\n", count: 1000))
        },
        HostileInput(
            "an archive cut short", "docker-archive:x.tar: is no whole tar: byte 1800: the tar is cut off",
            source: "docker-archive:x.tar"
        ) {
            $0.scratch.file("x.tar", Array(DockerArchiveBuilder(.legacy, image, tags: ["a:b"]).bytes.prefix(1800)))
        },
        HostileInput(
            "a compressed archive cut short", "oci-archive:x.tar.gz: gzip: the data is cut off",
            source: "oci-archive:x.tar.gz"
        ) {
            $0.scratch.file("x.tar.gz", Array(LayerCompression.gzip(layout.archive()).dropLast(20)))
        },
        HostileInput("an archive that is a directory", "oci-archive:home: Is a directory", source: "oci-archive:home") {
            _ in
        },
        HostileInput("a layout that is a file", "oci:x: Not a directory", source: "oci:x") { $0.scratch.file("x") },
        HostileInput(
            "an archive whose manifest leads outside",
            "docker-archive:x.tar: ../../etc/passwd: leads out of the archive", source: "docker-archive:x.tar"
        ) {
            let manifest: JSON = [["Config": "../../etc/passwd", "RepoTags": ["a:b"], "Layers": ["/etc/shadow"]]]
            $0.scratch.file("x.tar", TarBuilder { $0.file("manifest.json", manifest.bytes) }.bytes)
        },
        HostileInput(
            "an archive with a loop of links", "docker-archive:x.tar: a/layer.tar: is a link that leads nowhere",
            source: "docker-archive:x.tar"
        ) {
            let manifest: JSON = [["Config": "c.json", "RepoTags": ["a:b"], "Layers": ["a/layer.tar"]]]
            $0.scratch.file(
                "x.tar",
                TarBuilder {
                    $0.file("manifest.json", manifest.bytes)
                    $0.file("c.json", image.configuration.bytes)
                    $0.symlink("a/layer.tar", to: "../b/layer.tar")
                    $0.symlink("b/layer.tar", to: "../a/layer.tar")
                }.bytes)
        },
    ]

    @Test(arguments: inputs)
    func `is refused`(_ input: HostileInput) throws { try input.check() }
}
