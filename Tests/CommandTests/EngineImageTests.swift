// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

/// Images of engines as sources, and engines as places to copy to.
@Suite(.serialized, .enabled(if: Requirements.engines), .timeLimit(.minutes(15)))
struct EngineImageTests {
    private let bench = EngineBench()
    private let image = "localhost/cimg-source-test:1"
    private let program: String
    private let scratch = ScratchDirectory()

    private static let content = Result {
        try EngineBench.image([
            LayerBuilder { tar in
                tar.file("etc/secret", "s\n", mode: 0o4600)
                tar.file("etc/empty", "")
                tar.hardLink("etc/second", to: "etc/secret")
                tar.file("etc/\(String(repeating: "long", count: 40))", String(repeating: "x", count: 70_000))
            },
            LayerBuilder { tar in tar.file("etc/.wh.empty", "") },
        ])
    }

    init() throws {
        program = "\(scratch.path)/cimg"
        try FileManager.default.copyItem(atPath: Workbench.builtProgram, toPath: program)
        scratch.directory("store")
        chmod(scratch.path.string, 0o755)
        chmod("\(scratch.path)/store", 0o777)
    }

    private func cimg(_ engine: EngineBench.Engine, _ arguments: String...) throws -> Outcome {
        let store = engine == .rootless ? "\(scratch.path)/store/user" : "\(scratch.path)/store/root"
        let found = try bench.outcome(
            engine, ["env", "CIMG_ROOT=\(store)", "TMPDIR=\(scratch.path)/store", program] + arguments)
        return Outcome(found.code, found.output, errors: found.errors)
    }

    private func name(_ engine: EngineBench.Engine, _ image: String) -> String {
        switch engine {
        case .podman, .rootless: "containers-storage:\(image)"
        case .docker: "docker-daemon:\(image)"
        case .containerd: "containerd-image:\(image)"
        }
    }

    @Test(arguments: EngineBench.Engine.allCases)
    func `import, copy, tag and inspect take it, byte for byte as it was`(engine: EngineBench.Engine) throws {
        let content = try Self.content.get()
        try bench.load(content, as: image, into: engine)
        defer { try? bench.removeImage(image, from: engine) }
        let source = name(engine, image)
        let listed = try cimg(engine, "images", "--in", name(engine, ""), "--noheading").output
        #expect(listed.contains("\(image) "), "\(listed)")
        try expect(cimg(engine, "import", source, "taken").code, is: 0)
        try expect(cimg(engine, "fsck").code, is: 0)
        // The configuration, by which engines call an image, is the same.
        let told = try cimg(engine, "inspect", "--json", "taken").output
        #expect(told.contains("\"config_digest\": \"\(Digest(of: content.configuration.bytes))\""), "\(told)")
        for layer in content.layers { #expect(told.contains("\"diff_id\": \"\(layer.diffID)\""), "\(told)") }
        try expect(cimg(engine, "diff", "taken", source), is: .success())
        try expect(cimg(engine, "tag", source, "named").code, is: 0)
        try expect(cimg(engine, "copy", "-q", source, "oci:\(scratch.path)/store/layout:1").code, is: 0)
        try expect(cimg(engine, "diff", "oci:\(scratch.path)/store/layout:1", "named"), is: .success())
        let shown = try cimg(engine, "inspect", source)
        #expect(
            shown.code == 0 && shown.output.contains("Config:    \(Digest(of: content.configuration.bytes))"),
            "\(shown)")
    }

    @Test func `containerd's has the digests that it came with`() throws {
        let content = try Self.content.get()
        OCILayoutBuilder { $0.image(content, tag: image) }.write(to: scratch)
        let archive = "\(scratch.path)/layout.tar"
        _ = try bench.run(.containerd, ["tar", "-C", "\(scratch.path)/layout", "-cf", archive, "."])
        try bench.engine(.containerd, ["images", "import", archive])
        defer { try? bench.removeImage(image, from: .containerd) }
        try expect(
            cimg(.containerd, "copy", "-q", name(.containerd, image), "kept"), is: .success("\(content.digest)\n"))
    }

    @Test(arguments: [EngineBench.Engine.podman, .rootless, .docker])
    func `an image is copied into an engine`(engine: EngineBench.Engine) throws {
        let content = try Self.content.get()
        let archive = scratch.file("image.tar", DockerArchiveBuilder(.legacy, content, tags: [image]).bytes)
        chmod(archive.string, 0o644)
        try expect(cimg(engine, "import", "docker-archive:\(archive)", "stored").code, is: 0)
        let copied = "localhost/cimg-copied:2"
        let outcome = try cimg(engine, "copy", "-q", "stored", name(engine, copied))
        #expect(outcome.code == 0, "\(outcome)")
        // Docker's archive has no manifest; podman keeps the one it gets.
        let isNamedByConfiguration = outcome.output == "\(Digest(of: content.configuration.bytes))\n"
        #expect(isNamedByConfiguration == (engine == .docker), "\(outcome)")
        defer { try? bench.removeImage(copied, from: engine) }
        try expect(cimg(engine, "diff", "stored", name(engine, copied)), is: .success())
        let id = try bench.engine(engine, "inspect", "--format", "{{.Id}}", copied)
        #expect(id.hasSuffix(Digest(of: content.configuration.bytes).hex), "\(id)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/store").allSatisfy {
                !$0.hasPrefix("cimg-")
            })
    }

    @Test func `what cannot be is told`() throws {
        try expect(
            cimg(.podman, "import", "containers-storage:none", "x").errors.hasPrefix(
                "cimg: \"containers-storage:none\": no such image: "), is: true)
        try expect(
            cimg(.podman, "copy", "containerd-image:a", "containerd-image:b").code, is: 2)
        try expect(
            cimg(.podman, "copy", "oci:nowhere", "podman:b"),
            is: .trouble("\"podman:b\": a container; images go to images"))
    }

    @Test(arguments: EngineBench.Engine.allCases)
    func `inspect and ps tell what a container is`(engine: EngineBench.Engine) throws {
        try bench.load(Self.content.get(), as: image, into: engine)
        let options = engine == .containerd ? [] : ["--label", "a=b c"]
        let container = try bench.container(engine, of: image, options: options)
        let outcome = try cimg(engine, "inspect", container.name)
        #expect(outcome.code == 0, "\(outcome)")
        let process = try container.process()
        let facts = Dictionary(
            outcome.output.split(separator: "\n").compactMap { line -> (Substring, String)? in
                guard let colon = line.firstIndex(of: ":") else { return nil }
                return (line[..<colon], String(line[line.index(after: colon)...].drop { $0 == " " }))
            }, uniquingKeysWith: { first, _ in first })
        #expect(facts["State"] == "running, process \(process)")
        #expect(facts["Command"] == "[\"/bin/sleep\", \"9999\"]")
        #expect(facts["Image"] == image)
        #expect(facts["Upper"]?.hasPrefix("/") == true)
        if engine != .containerd { #expect(facts["Label"] == "a=b c") }
        let json = try cimg(engine, "inspect", "--json", container.name).output
        #expect(json.contains("\"pid\": \(process),"), "\(json)")
        let listed = try cimg(engine, "ps", "--filter", "name=\(container.name)").output
        #expect(listed.contains("/bin/sleep 9999"), "\(listed)")
        #expect(listed.split(separator: "\n").count == 2, "\(listed)")
        try expect(cimg(engine, "ps", "-q", "-f", "state=paused", "-f", "name=\(container.name)"), is: .success())
    }

    @Test func `root sees the containers of a plain user by the user's name`() throws {
        try bench.load(Self.content.get(), as: image, into: .rootless)
        let container = try bench.container(.rootless, of: image)
        try container.shell("echo x > /etc/new")
        let name = "podman:\(EngineBench.user)/\(container.name)"
        // The user's home, as the system knows it, need not be that of the bench.
        let home = try bench.run(.podman, ["getent", "passwd", EngineBench.user]).split(
            separator: ":", omittingEmptySubsequences: false)[5]
        try? FileManager.default.createDirectory(
            atPath: "\(home)/.local/share", withIntermediateDirectories: true)
        let storage = "\(home)/.local/share/containers"
        try #require(!FileManager.default.fileExists(atPath: storage), "\(storage) is somebody's")
        try FileManager.default.createSymbolicLink(
            atPath: storage, withDestinationPath: "\(bench.directory)/home/.local/share/containers")
        defer { try? FileManager.default.removeItem(atPath: storage) }
        let listed = try cimg(.podman, "ps", "--all-users", "-q").output.split(separator: "\n")
        #expect(listed.contains(name[...]), "\(listed)")
        try expect(cimg(.podman, "ps", "-q").output.contains(name), is: false)
        try expect(cimg(.podman, "diff", name), is: Outcome(1, "A /etc/new\n"))
        try expect(cimg(.rootless, "diff", name).code, is: 2)
        try expect(
            cimg(.podman, "diff", "podman:nobody-there/x"),
            is: .trouble("\"podman:nobody-there/x\": there is no user nobody-there"))
    }
}
