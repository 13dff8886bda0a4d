// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import TestSupport
import Testing

/// `cimg images`, `inspect`, `tag`, `rm`, `prune` and `fsck`.
@Suite(.timeLimit(.minutes(15))) struct StoreCommandTests {
    private static let digests = (new: "\(Sample.new.digest)", old: "\(Sample.old.digest)")

    private static func size(_ image: ImageBuilder) -> Int { image.layers.reduce(0) { $0 + $1.blob.count } }

    @Test func `images are listed as a table`() throws {
        let bench = try Sample.bench()
        let rows = """
            new   \(Sample.new.digest.hex.prefix(12))  linux/amd64  2025-01-02  2       \(Self.size(Sample.new)) B
            old   \(Sample.old.digest.hex.prefix(12))  linux/amd64  2024-05-06  1       \(Self.size(Sample.old)) B

            """
        let heading = "NAME  DIGEST        PLATFORM     CREATED     LAYERS  SIZE\n"
        try expect(bench.cimg("images"), is: .success(heading + rows))
        try expect(
            bench.cimg("images", "--noheading"),
            is: .success(
                rows.replacing("w   ", with: "w  ").replacing("d   ", with: "d  ").replacing("2       ", with: "2  ")
                    .replacing("1       ", with: "1  ")))
        try expect(bench.cimg("images", "-q"), is: .success("\(Self.digests.new)\n\(Self.digests.old)\n"))
    }

    @Test func `an empty store lists nothing`() throws {
        let bench = Workbench()
        bench.scratch.directory("store")
        try expect(bench.cimg("images", "-n"), is: .success())
        try expect(bench.cimg("images", "--json"), is: .success("[]\n"))
        try expect(bench.cimg("prune"), is: .success("removed nothing\n"))
        try expect(bench.cimg("fsck"), is: .success("0 blobs, 0 layers, 0 trees verified: 0 problems\n"))
    }

    @Test func `images are listed as JSON`() throws {
        let bench = try Sample.bench()
        let rows = [("new", Sample.new, "2025-01-02T03:04:05Z"), ("old", Sample.old, "2024-05-06T07:08:09Z")].map {
            """
              {
                "name": "\($0.0)",
                "digest": "\($0.1.digest)",
                "config_digest": "\(Digest(of: $0.1.configuration.bytes))",
                "platform": "linux/amd64",
                "created": "\($0.2)",
                "layers": \($0.1.layers.count),
                "size": \(Self.size($0.1))
              }
            """
        }
        try expect(bench.cimg("images", "--json"), is: .success("[\n" + rows.joined(separator: ",\n") + "\n]\n"))
    }

    @Test func `inspect tells what an image is, from the store and from a source alike`() throws {
        let bench = try Sample.bench()
        let layer = Sample.base
        func text(_ name: String) -> String {
            let padding = String(repeating: " ", count: 64 + 7 - 5)
            let size = "\(layer.blob.count) B"
            return """
                Name:      \(name)
                Digest:    \(Self.digests.old)
                Config:    \(Digest(of: Sample.old.configuration.bytes))
                Platform:  linux/amd64
                Created:   2024-05-06T07:08:09Z
                Cmd:       ["/bin/sh"]
                Env:       PATH=/bin
                Label:     key=value

                LAYER\(padding)  SIZE   UNCOMPRESSED  MEDIA TYPE
                \(layer.digest)  \(size)  \(TextSize.text(layer.tar.count))        \(layer.mediaType)

                HISTORY         BY
                -        layer  step 0

                """
        }
        try expect(bench.cimg("inspect", "old"), is: .success(text("old")))
        try expect(bench.cimg("inspect", "oci:layout:old"), is: .success(text("oci:layout:old")))
        try expect(bench.cimg("inspect", "--raw", "old"), is: .success(Sample.old.manifest.text))
        try expect(bench.cimg("inspect", "--config", "old"), is: .success(Sample.old.configuration.text))
        try expect(bench.cimg("inspect", "--raw", "oci:layout:old"), is: .success(Sample.old.manifest.text))
    }

    @Test func `inspect tells the same as JSON`() throws {
        let bench = try Sample.bench()
        let layers = Sample.new.layers.map {
            """
                {
                  "digest": "\($0.digest)",
                  "diff_id": "\($0.diffID)",
                  "media_type": "\($0.mediaType)",
                  "size": \($0.blob.count),
                  "uncompressed_size": \($0.tar.count)
                }
            """
        }
        let expected = """
            {
              "name": "new",
              "digest": "\(Self.digests.new)",
              "media_type": "application/vnd.oci.image.manifest.v1+json",
              "config_digest": "\(Digest(of: Sample.new.configuration.bytes))",
              "created": "2025-01-02T03:04:05Z",
              "architecture": "amd64",
              "os": "linux",
              "variant": null,
              "layers": [
            \(layers.joined(separator: ",\n"))
              ],
              "config": {
                "user": null,
                "working_dir": null,
                "env": [
                  "PATH=/bin"
                ],
                "entrypoint": [],
                "cmd": [
                  "/bin/sh"
                ],
                "labels": {
                  "key": "value"
                },
                "exposed_ports": null,
                "volumes": null,
                "stop_signal": null,
                "healthcheck": null,
                "shell": null,
                "on_build": null
              },
              "history": [
                {
                  "created": null,
                  "created_by": "step 0",
                  "comment": null,
                  "empty_layer": false
                },
                {
                  "created": null,
                  "created_by": "step 1",
                  "comment": null,
                  "empty_layer": false
                }
              ]
            }

            """
        try expect(bench.cimg("inspect", "--json", "new"), is: .success(expected))
    }

    @Test func `an image is found by name, digest and the start of a digest`() throws {
        let bench = try Sample.bench()
        try bench.cimg("tag", "old", "app:latest")
        let hex = Sample.old.digest.hex
        for name in [
            "old", "app", "app:latest", hex, "sha256:\(hex)", String(hex.prefix(6)), "sha256:\(hex.prefix(9))",
        ] {
            try expect(bench.cimg("inspect", "--raw", name), is: .success(Sample.old.manifest.text), "\(name)")
        }
        let unknown = "no image of this name in the store"
        let hint = "\"cimg images\" lists them"
        let told = try bench.cimg("inspect", String(hex.prefix(5)))
        #expect(
            told.errors.hasPrefix(
                "cimg: \"\(hex.prefix(5))\": no container or image of this name in the store \(bench.path)/store"),
            "\(told)")
        #expect(told.code == 2 && told.errors.hasSuffix("dir: or rootfs:\n"), "\(told)")
        #expect(
            try bench.cimg("mount", "layout:old", "mnt")
                == .trouble("\"layout:old\": nothing goes by this name; did you mean oci:layout:old?"))
        try expect(bench.cimg("tag", "nope", "x"), is: .trouble("\"nope\": \(unknown); \(hint)"))
        try expect(bench.cimg("rm", "nope\u{7}"), is: .trouble("\"nope\\u{7}\": \(unknown); \(hint)"))
    }

    @Test func `names are given and taken, and prune removes what has none`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("tag", "old", "stable"), is: .success())
        try expect(bench.cimg("tag", "new", "stable").errors, is: "cimg: stable: named \(Self.digests.old) before\n")
        try expect(bench.cimg("tag", "old", "oci:x"), is: .trouble("name \"oci:x\": reads as a source, choose another"))
        try expect(bench.cimg("rm", "old", "nope").code, is: 2)
        try expect(bench.cimg("images", "--quiet").output.split(separator: "\n").count, is: 3)
        try expect(bench.cimg("prune"), is: .success("removed nothing\n"))
        try expect(bench.cimg("rm", "new", "stable"), is: .success())
        let outcome = try bench.cimg("prune", "--json")
        #expect(outcome.code == 0)
        #expect(outcome.output.hasPrefix("{\n  \"blobs\": 3,\n  \"layers\": 1,\n  \"trees\": 1,\n  \"bytes\": "))
        try expect(bench.cimg("images", "-q"), is: .success("\(Self.digests.old)\n"))
        try expect(bench.cimg("fsck"), is: .success("3 blobs, 1 layer, 1 tree verified: 0 problems\n"))
        try expect(bench.cimg("rm", "-v", "old"), is: Outcome(0, errors: "cimg: old: name removed\n"))
        let text = try bench.cimg("prune").output
        #expect(text.hasPrefix("removed 3 blobs, 1 uncompressed layer, 1 tree: "))
        try expect(bench.stored("blobs/sha256") + bench.stored("layers/sha256") + bench.stored("trees/sha256"), is: [])
    }

    @Test func `fsck finds damage, and a repaired store comes back by another import`() throws {
        let bench = try Sample.bench()
        #expect(
            try bench.cimg("fsck", "--json")
                == .success("{\n  \"blobs\": 6,\n  \"layers\": 2,\n  \"trees\": 2,\n  \"problems\": []\n}\n"))
        let blob = "\(bench.path)/store/blobs/sha256/\(Sample.base.digest.hex)"
        let flipped = try bench.run(
            "/bin/sh", ["-c", "printf x | dd of=\(blob) bs=1 seek=20 conv=notrunc status=none"])
        #expect(flipped.code == 0)
        let outcome = try bench.cimg("fsck")
        #expect(outcome.code == 1)
        #expect(outcome.errors == "")
        #expect(outcome.output.contains("\(Sample.base.digest)"))
        #expect(outcome.output.hasSuffix("verified: 1 problem\n"))
        try expect(bench.cimg("fsck", "--repair").code, is: 1)
        #expect(!FileManager.default.fileExists(atPath: blob))
        try expect(bench.cimg("import", "oci:layout:new", "new").code, is: 0)
        try expect(bench.cimg("fsck").code, is: 0)
        try expect(bench.cimg("diff", "new", "oci:layout:new"), is: .success())
    }

    @Test func `an image that cannot be read is listed as damaged`() throws {
        let bench = try Sample.bench()
        let manifest = "\(bench.path)/store/blobs/sha256/\(Sample.old.digest.hex)"
        try FileManager.default.removeItem(atPath: manifest)
        let lines = try bench.cimg("images", "-n").output.split(separator: "\n")
        #expect(lines.last == "old  \(Sample.old.digest.hex.prefix(12))  damaged")
        #expect(
            try bench.cimg("inspect", "old") == .trouble("blob \(Sample.old.digest): is not in the store"))
        try expect(bench.cimg("fsck").code, is: 1)
    }

    @Test func `an image that has lost a layer is listed as damaged, with what to do`() throws {
        let bench = try Sample.bench()
        let layer = Sample.old.layers[0].digest
        try FileManager.default.removeItem(atPath: "\(bench.path)/store/blobs/sha256/\(layer.hex)")
        let outcome = try bench.cimg("images", "-n", "--filter", "name=old")
        expect(
            outcome,
            is: Outcome(
                0, "old  \(Sample.old.digest.hex.prefix(12))  damaged\n",
                errors:
                    "cimg: old: damaged: \(layer) is missing; \"cimg fsck\" tells more, another pull or import mends it\n"
            ))
        try expect(bench.cimg("import", "oci:layout:old", "old").code, is: 0)
        try expect(bench.cimg("images", "-n", "--filter", "name=old").errors, is: "")
    }

    @Test func `what cannot be written to standard output is told, but a reader that has gone is not`() throws {
        let bench = try Sample.bench()
        for command in ["images", "inspect old", "import oci:layout:old x", "fsck", "diff old new", "prune"] {
            #expect(
                try bench.shell("cimg \(command) >/dev/full")
                    == .trouble("standard output: No space left on device"), "\(command)")
        }
        for command in ["images", "images --json", "inspect old", "import oci:layout:old x", "fsck", "prune --json"] {
            try expect(bench.shell("{ cimg \(command); echo $? >&2; } | true").errors, is: "0\n", "\(command)")
        }
        try expect(bench.shell("{ cimg diff old new; echo $? >&2; } | true").errors, is: "1\n")
    }

    @Test func `a store that cannot be is told with the way to another`() throws {
        let bench = Workbench()
        bench.scratch.file("plain")
        #expect(
            try bench.cimg("images", "--root", "plain")
                == .trouble("store \(bench.path)/plain: Not a directory; choose another with --root or CIMG_ROOT"))
    }
}

/// Sizes as `cimg` prints them.
enum TextSize {
    /// A size of less than 10 MB for people.
    static func text(_ bytes: Int) -> String {
        bytes < 1000 ? "\(bytes) B" : "\((bytes * 10 + 500) / 1000 / 10).\((bytes * 10 + 500) / 1000 % 10) kB"
    }
}
