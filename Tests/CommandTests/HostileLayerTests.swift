// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import TestSupport
import Testing

/// Layers that lie, from the file to the exit code.
@Suite(.timeLimit(.minutes(15))) struct HostileLayerTests {
    private static func header(_ name: String, type: Character = "0", _ change: (inout TarHeader) -> Void) -> TarBuilder
    {
        TarBuilder {
            $0.file("good", "good")
            var header = TarHeader(name, type: type)
            change(&header)
            $0.entry(header)
        }
    }

    static let inputs: [HostileInput] = [
        HostileInput(
            "a name above the root", "layer sha256:…: entry \"a/../../../escape\": the name leaves the root",
            tar: TarBuilder { $0.file("a/../../../escape", "x") }),
        HostileInput(
            "a hard link to nothing", "layer sha256:…: entry \"a\": hard link to a missing target \"nowhere\"",
            tar: TarBuilder { $0.hardLink("a", to: "nowhere") }),
        HostileInput(
            "a hard link to outside", "layer sha256:…: entry \"a\": hard link to a missing target \"etc/passwd\"",
            tar: TarBuilder { $0.hardLink("a", to: "../../etc/passwd") }),
        HostileInput(
            "a loop of hard links", "layer sha256:…: entry \"a\": hard link to a missing target \"b\"",
            tar: TarBuilder {
                $0.hardLink("a", to: "b")
                $0.hardLink("b", to: "a")
            }),
        HostileInput(
            "a name through a loop of links",
            "layer sha256:…: entry \"a/below\": its name leads through more than 40 symbolic links",
            tar: TarBuilder {
                $0.symlink("a", to: "b")
                $0.symlink("b", to: "a")
                $0.file("a/below", "x")
            }),
        HostileInput(
            "a hard link to a directory", "layer sha256:…: entry \"b\": a hard link to a directory",
            tar: TarBuilder {
                $0.directory("a")
                $0.hardLink("b", to: "a")
            }),
        HostileInput(
            "a whiteout of nothing", "layer sha256:…: entry \"a/.wh.\": a whiteout without a name",
            tar: TarBuilder { $0.file("a/.wh.", "") }),
        HostileInput(
            "a negative size", "layer sha256:…: entry \"a\": a malformed or negative size",
            tar: header("a") { $0.size = -1 }),
        HostileInput(
            "a huge size", "layer sha256:…: entry \"a\": a size beyond any file", tar: header("a") { $0.size = .max }),
        HostileInput(
            "a size beyond the end", "layer sha256:…: byte 2560: the tar is cut off",
            tar: header("a") { $0.size = 1 << 20 }),
        HostileInput(
            "a huge pax size", "layer sha256:…: entry \"a\": pax record \"size\": not a number",
            tar: TarBuilder { $0.file("a", "x", pax: ["size": "18446744073709551616"]) }),
        HostileInput(
            "a negative pax size", "layer sha256:…: entry \"a\": a malformed or negative size",
            tar: TarBuilder { $0.file("a", "x", pax: ["size": "-5"]) }),
        HostileInput(
            "a wrong checksum", "layer sha256:…: byte 1024: not a tar header: its checksum is wrong",
            tar: header("a") { $0.checksum = .wrong(1) }),
        HostileInput(
            "a negative owner", "layer sha256:…: entry \"a\": uid -1 is not within 0 to 4294967294",
            tar: header("a") { $0.uid = -1 }),
        HostileInput(
            "a long component", "layer sha256:…: entry \"(long)\": a component is longer than 255 bytes",
            tar: TarBuilder { $0.file(String(repeating: "n", count: 256), "x") }),
        HostileInput(
            "a name of too many levels", "layer sha256:…: entry \"(long)\": the name is deeper than 20000 directories",
            tar: TarBuilder { $0.file(String(repeating: "d/", count: 20_001) + "x", "x") }),
        HostileInput(
            "a name with a NUL", "layer sha256:…: byte 1024: a pax record \"path\" with a NUL",
            tar: TarBuilder { $0.file("a", "x", pax: ["path": [0x61, 0, 0x62]]) }),
        HostileInput(
            "a sparse file of more than its size", "layer sha256:…: entry \"a\": sparse file: a piece beyond its size",
            tar: TarBuilder {
                $0.file(
                    "a", "x",
                    pax: [
                        "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": "1",
                        "GNU.sparse.map": "5,9",
                    ])
            }),
        HostileInput(
            "a pax header that lies about its length", "layer sha256:…: byte 1024: a malformed pax record",
            tar: TarBuilder {
                var header = TarHeader("x", type: "x")
                header.size = 9
                $0.entry(header, content: Array("99 path=a".utf8))
                $0.file("b", "x")
            }),
        HostileInput(
            "text", "layer sha256:…: byte 0: not a tar header: its checksum is wrong",
            image: ImageBuilder([LayerBuilder(tar: Array(String(repeating: "no tar\n", count: 200).utf8))])),
        HostileInput(
            "half a block", "layer sha256:…: byte 100: the tar is cut off",
            image: ImageBuilder([LayerBuilder(tar: [UInt8](repeating: 65, count: 100))])),
        HostileInput(
            "a tar cut in a file", "layer sha256:…: byte 4000: the tar is cut off",
            image: ImageBuilder([
                LayerBuilder(
                    tar: Array(TarBuilder { $0.file("a", String(repeating: "x", count: 9000)) }.bytes.prefix(4000)))
            ])),
        HostileInput(
            "random bytes as gzip", "layer sha256:…: gzip: damaged data: an invalid block",
            image: ImageBuilder([Layers.claimed([0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8])])),
    ]

    @Test(arguments: inputs)
    func `is refused`(_ input: HostileInput) throws { try input.check() }

    /// How a stored blob is spoiled, and what is told of it.
    struct Damage: Sendable, CustomTestStringConvertible {
        var name: String
        var compression: LayerCompression
        var message: String
        var script: String
        var testDescription: String { "\(name), \(compression)" }
    }

    static let damages: [Damage] = LayerCompression.allCases.flatMap { compression in
        [
            Damage(
                name: "cut by half", compression: compression,
                message: "layer sha256:…: has %half bytes, not the %size that its manifest says",
                script: "truncate -s $((size / 2)) $blob"),
            Damage(
                name: "cut by a byte", compression: compression,
                message: "layer sha256:…: has %less bytes, not the %size that its manifest says",
                script: "truncate -s $((size - 1)) $blob"),
            Damage(
                name: "empty", compression: compression,
                message: "layer sha256:…: has 0 bytes, not the %size that its manifest says", script: ": > $blob"),
            Damage(
                name: "longer", compression: compression,
                message: "layer sha256:…: is longer than the %size bytes that its manifest says",
                script: "printf x >> $blob"),
            Damage(
                name: "a bit flipped", compression: compression,
                message: "layer sha256:…: has digest sha256:…, not the one that its manifest says",
                script: "printf '\\252' | dd of=$blob bs=1 seek=$((size / 2)) conv=notrunc status=none"),
            Damage(
                name: "the first byte changed", compression: compression,
                message: "layer sha256:…: has digest sha256:…, not the one that its manifest says",
                script: "printf '\\252' | dd of=$blob bs=1 conv=notrunc status=none"),
        ]
    }

    @Test(arguments: damages)
    func `a damaged blob is told by its digest or size`(_ damage: Damage) throws {
        // Hard to compress, so that every form of it has a middle.
        var state: UInt32 = 1
        let content = (0..<4000).map { _ -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
        let layer = LayerBuilder(damage.compression) { $0.file("a", content) }
        let blob = "layout/blobs/sha256/\(layer.digest.hex)"
        let message = [("%size", 0), ("%less", 1), ("%half", layer.blob.count - layer.blob.count / 2)]
            .reduce(damage.message) { $0.replacing($1.0, with: "\(layer.blob.count - $1.1)") }
        try HostileInput(
            damage.name, message, layout: OCILayoutBuilder { $0.image(ImageBuilder([layer]), tag: "x") }
        ) { bench in
            try HostileInput.change(bench, "blob=\(blob); size=\(layer.blob.count); \(damage.script)")
        }.check()
    }

    @Test func `digests that differ are both named`() throws {
        let bench = Workbench()
        let (promised, brought) = (LayerBuilder { $0.file("a", "1") }, LayerBuilder { $0.file("a", "2") })
        OCILayoutBuilder { $0.image(ImageBuilder([promised])) }.write(to: bench.scratch)
        bench.scratch.file("layout/blobs/sha256/\(promised.digest.hex)", brought.blob)
        #expect(
            try bench.cimg("import", "oci:layout")
                == .trouble(
                    "layer \(promised.digest): has digest \(brought.digest), not the one that its manifest says"))
    }

    @Test func `diff IDs that differ are both named`() throws {
        let bench = Workbench()
        let (promised, brought) = (LayerBuilder(.gzip) { $0.file("a", "1") }, LayerBuilder(.gzip) { $0.file("a", "2") })
        var image = ImageBuilder([brought])
        image.configuration["rootfs"] = ["type": "layers", "diff_ids": [.string("\(promised.diffID)")]]
        OCILayoutBuilder { $0.image(image) }.write(to: bench.scratch)
        #expect(
            try bench.cimg("import", "oci:layout")
                == .trouble(
                    "layer \(brought.digest): inflates to diff ID \(brought.diffID), "
                        + "but the configuration says \(promised.diffID)"))
    }

    /// 256 MiB of zeros in 256 KiB, with a wrong diff ID, in a process that may not have that much memory.
    @Test func `a bomb is neither held in memory nor kept on the disk`() throws {
        let bench = Workbench()
        let bomb = LayerCompression.gzipMember([UInt8](repeating: 0, count: 256 << 20))
        var image = ImageBuilder([Layers.claimed(bomb)])
        image.configuration["rootfs"] = ["type": "layers", "diff_ids": [.string("\(Digest(of: "x".utf8))")]]
        OCILayoutBuilder { $0.image(image) }.write(to: bench.scratch)
        let outcome = try bench.shell("ulimit -d 200000; cimg import oci:layout x")
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains(": inflates to diff ID "))
        try expect(bench.stored("tmp") + bench.stored("layers/sha256") + bench.stored("blobs/sha256"), is: [])
    }

    @Test func `absolute names and links stay inside`() throws {
        let bench = Workbench()
        bench.scratch.file("canary", "alive")
        let path = bench.path
        let tar = TarBuilder {
            $0.file("/absolute", "x")
            $0.symlink("out", to: path)
            $0.file("out/canary", "dead")
            $0.file("//x/./y/../z", "x")
            $0.symlink("loop", to: "loop")
            $0.symlink("a", to: "b")
            $0.symlink("b", to: "a")
            $0.symlink("up", to: "../../../../../../etc/passwd")
        }
        OCILayoutBuilder { $0.image(ImageBuilder([LayerBuilder(tar: tar.bytes)]), tag: "x") }.write(to: bench.scratch)
        bench.scratch.directory("nothing")
        let before = try bench.filesOutsideStore()
        try expect(bench.cimg("import", "oci:layout", "x").code, is: 0)
        // The link leads to a directory of this name in the image, which is made, not to the one of the machine.
        let names = path.split(separator: "/").map(String.init)
        let made = names.indices.map { "/" + names[...$0].joined(separator: "/") } + ["\(path)/canary"]
        let seen = ["/a", "/absolute", "/b", "/loop", "/out", "/up", "/x", "/x/z"] + made
        let outcome = try bench.cimg("diff", "--names-only", "./nothing", "x")
        #expect(outcome == Outcome(1, seen.sorted().map { "\($0)\n" }.joined()))
        try expect(bench.filesOutsideStore(), is: before)
        #expect(try String(contentsOfFile: "\(path)/canary", encoding: .utf8) == "alive")
    }
}

/// Layers that are not what they claim.
enum Layers {
    /// A layer of any bytes as its blob; its diff ID is that of the bytes.
    static func claimed(_ blob: [UInt8]) -> LayerBuilder {
        var layer = LayerBuilder(tar: blob)
        layer.mediaType = MediaType.layerGzip
        return layer
    }
}
