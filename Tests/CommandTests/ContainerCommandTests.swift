// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage
import TestSupport
import Testing

/// `cimg ps`, `diff` and `mount` on containers of engines that run.
@Suite(.serialized, .enabled(if: Requirements.engines && Requirements.fuse), .timeLimit(.minutes(15)))
struct ContainerCommandTests {
    private let bench = EngineBench()
    private let image = "localhost/cimg-command-test:1"
    private let program: String
    private let scratch = ScratchDirectory()

    private static let content = Result {
        try EngineBench.image([
            LayerBuilder { tar in
                for name in ["kept", "changed", "mode", "owner", "touched", "deleted", "file", "linked", "rewritten"] {
                    tar.file("etc/\(name)", "\(name)\n")
                }
                tar.directory("etc/dir/")
                tar.file("etc/dir/below", "below\n")
                tar.directory("etc/again/")
                tar.file("etc/again/old", "old\n")
                tar.directory("etc/gone/")
                tar.file("etc/gone/below", "below\n")
                tar.symlink("etc/link", to: "kept")
            },
            LayerBuilder { tar in
                tar.file("etc/.wh.touched", "")
                tar.file("etc/upper", "upper\n")
            },
        ])
    }

    /// What is done in the containers, and what it makes of them.
    private static let script = """
        date > /var/tmp/date.txt; echo more >> /etc/changed; chmod 4755 /etc/mode; chown 5:7 /etc/owner; rm /etc/deleted
        rm /etc/file; mkdir /etc/file; echo x > /etc/file/below; rm -r /etc/dir; echo x > /etc/dir
        rm -r /etc/again; mkdir -m 755 /etc/again; echo new > /etc/again/new; rm -r /etc/gone; ln /etc/linked /etc/second
        cat /etc/rewritten > /tmp/r; cat /tmp/r > /etc/rewritten; rm /tmp/r; rm /etc/link; ln -s upper /etc/link
        echo back > /etc/touched; mkdir -m 700 /var/private; echo s > /var/private/secret; mkfifo /var/fifo
        """
    private static let changes = """
        A /etc/again/new
        D /etc/again/old
        C /etc/changed (content, size 8→13)
        D /etc/deleted
        C /etc/dir (type directory→file)
        D /etc/dir/below
        C /etc/file (type file→directory)
        A /etc/file/below
        D /etc/gone
        D /etc/gone/below
        C /etc/link (target kept→upper)
        C /etc/linked (nlink 1→2)
        C /etc/mode (mode 0644→4755)
        C /etc/owner (uid 0→5, gid 0→7)
        A /etc/second
        A /etc/touched
        A /var/fifo
        A /var/private
        A /var/private/secret
        A /var/tmp/date.txt

        """

    init() throws {
        // The plain user's commands need a program and directories within reach.
        program = "\(scratch.path)/cimg"
        try FileManager.default.copyItem(atPath: Workbench.builtProgram, toPath: program)
        scratch.directory("mnt")
        scratch.directory("store")
        chmod(scratch.path.string, 0o755)
        for name in ["mnt", "store"] { chmod("\(scratch.path)/\(name)", 0o777) }
    }

    private var mountpoint: String { "\(scratch.path)/mnt" }

    private func cimg(_ engine: EngineBench.Engine, _ arguments: String...) throws -> Outcome {
        let store = engine == .rootless ? "\(scratch.path)/store/user" : "\(scratch.path)/store/root"
        let found = try bench.outcome(engine, ["env", "CIMG_ROOT=\(store)", program] + arguments)
        return Outcome(found.code, found.output, errors: found.errors)
    }

    private func container(
        _ engine: EngineBench.Engine, options: [String] = [], isStarted: Bool = true
    ) throws -> EngineBench.Container {
        try bench.load(Self.content.get(), as: image, into: engine)
        return try bench.container(engine, of: image, options: options, isStarted: isStarted)
    }

    private func name(_ container: EngineBench.Container) -> String {
        switch container.engine {
        case .podman, .rootless: "podman:\(container.name)"
        case .docker: "docker:\(container.name)"
        case .containerd: "containerd:default/\(container.name)"
        }
    }

    private func imageName(_ engine: EngineBench.Engine) -> String {
        switch engine {
        case .podman, .rootless: "containers-storage:\(image)"
        case .docker: "docker-daemon:\(image)"
        case .containerd: "containerd-image:\(image)"
        }
    }

    @Test(arguments: EngineBench.Engine.allCases)
    func `an image is the same out of an archive, of the store and in an engine`(engine: EngineBench.Engine) throws {
        try bench.load(Self.content.get(), as: image, into: engine)
        let archive = archive(try Self.content.get())
        try expect(cimg(engine, "import", archive, "stored").code, is: 0)
        for other in [archive, "stored"] {
            for (left, right) in [(other, imageName(engine)), (imageName(engine), other)] {
                try expect(cimg(engine, "diff", left, right), is: .success(), "\(left) \(right)")
                try expect(cimg(engine, "diff", "--full", left, right), is: .success(), "\(left) \(right)")
            }
        }
        try expect(cimg(engine, "diff", imageName(engine), imageName(engine)), is: .success())
    }

    @Test(arguments: EngineBench.Engine.allCases)
    func `an image without layers is an empty tree`(engine: EngineBench.Engine) throws {
        let empty = ImageBuilder([])
        try bench.load(empty, as: image, into: engine)
        let archive = archive(empty)
        for (left, right) in [(archive, imageName(engine)), (imageName(engine), archive)] {
            try expect(cimg(engine, "diff", left, right), is: .success(), "\(left) \(right)")
        }
        try expect(cimg(engine, "diff", imageName(engine), imageName(engine)), is: .success())
        try expect(cimg(engine, "mount", imageName(engine), mountpoint), is: .success())
        defer { _ = try? cimg(engine, "umount", "--lazy", mountpoint) }
        let seen = try bench.run(engine, ["stat", "-c", "%F %a %u %g %Y %h", mountpoint])
        #expect(seen == "directory 755 0 0 0 2")
        #expect(try bench.run(engine, ["ls", "-A", mountpoint]) == "")
        try expect(cimg(engine, "diff", "\(mountpoint)/", archive), is: .success())
        try expect(cimg(engine, "umount", mountpoint), is: .success())
    }

    private func archive(_ image: ImageBuilder) -> String {
        scratch.file("image.tar", DockerArchiveBuilder(.legacy, image, tags: [self.image]).bytes)
        chmod("\(scratch.path)/image.tar", 0o644)
        return "docker-archive:\(scratch.path)/image.tar"
    }

    @Test(arguments: EngineBench.Engine.allCases)
    func `diff tells what a container did to its image`(engine: EngineBench.Engine) throws {
        let container = try container(engine)
        try expect(cimg(engine, "diff", container.name), is: .success())
        try container.shell(Self.script)
        let expected = Outcome(1, Self.changes)
        try expect(cimg(engine, "diff", container.name), is: expected)
        try expect(cimg(engine, "diff", name(container)), is: expected)
        try expect(cimg(engine, "diff", imageName(engine), container.name), is: expected)
        try expect(cimg(engine, "diff", image, container.name), is: expected, "a bare name")
        // The same image out of an archive: what the engine unpacked is taken for its layers, or read.
        let archive = DockerArchiveBuilder(.legacy, try Self.content.get(), tags: [image]).bytes
        scratch.file("image.tar", archive)
        chmod("\(scratch.path)/image.tar", 0o644)
        try expect(cimg(engine, "diff", "docker-archive:\(scratch.path)/image.tar", container.name), is: expected)
        let withoutLinks = Self.changes.split(separator: "\n").filter { !$0.contains("nlink") }
        try expect(
            cimg(engine, "diff", "--full", "docker-archive:\(scratch.path)/image.tar", container.name),
            is: Outcome(1, withoutLinks.joined(separator: "\n") + "\n"))
        try container.stop()
        try expect(cimg(engine, "diff", container.name), is: expected, "stopped")
    }

    @Test(arguments: [EngineBench.Engine.podman, .rootless, .docker])
    func `what the engine lists as added or deleted is listed`(engine: EngineBench.Engine) throws {
        let container = try container(engine)
        // podman's diff fails on a directory with files in place of a file.
        try container.shell(Self.script + "\nrm -r /etc/file")
        let engines = try bench.engine(engine, "diff", container.name).split(separator: "\n").map(String.init)
        let ours = try cimg(engine, "diff", container.name).output.split(separator: "\n").map { line in
            String(line.split(separator: " (").first ?? "")
        }
        let paths = Set(ours.map { $0.dropFirst(2) })
        for line in engines where !line.hasPrefix("C") {
            // A directory that was made again is listed by what is new and what is gone in it.
            if line == "D /etc/again" { continue }
            #expect(paths.contains(line.dropFirst(2)), "\(line)")
        }
        for line in ours where line.hasPrefix("A") { #expect(engines.contains(line), "\(line)") }
    }

    @Test(arguments: EngineBench.Engine.allCases)
    func `a mount has a container's files and follows them`(engine: EngineBench.Engine) throws {
        let container = try container(engine)
        try container.shell(Self.script)
        try expect(cimg(engine, "mount", container.name, mountpoint), is: .success())
        defer { _ = try? cimg(engine, "umount", "--lazy", mountpoint) }
        // On these the engine has mounted files of its own.
        let places = ["hostname", "hosts", "resolv.conf"].map { "! -name \($0)" }.joined(separator: " ")
        let listing = "find etc var \(places) -printf '%p %y%m %U:%G %s %l\\n' | sort; cat var/private/secret"
        let seen = try bench.run(engine, ["sh", "-c", "cd \(mountpoint) && \(listing)"])
        let expected = try bench.run(
            engine == .rootless ? .rootless : .podman,
            inside(container, "cd %s && \(listing)"))
        #expect(seen == expected)
        #expect(seen.contains("etc/owner f644 5:7 6"))
        try container.shell("echo later > /etc/later; rm /etc/upper")
        usleep(1_100_000)
        try expect(
            Outcome(0, bench.run(engine, ["sh", "-c", "cd \(mountpoint); cat etc/later; ls etc/upper 2>&1 || true"])),
            is: Outcome(0, "later\nls: cannot access 'etc/upper': No such file or directory"))
        #expect(try bench.outcome(engine, ["touch", "\(mountpoint)/x"]).errors.contains("Read-only file system"))
        try expect(cimg(engine, "umount", mountpoint), is: .success())
    }

    /// A command that runs a script in what the container sees as its root: `%s` in it.
    private func inside(_ container: EngineBench.Container, _ script: String) -> [String] {
        let process = (try? container.process()) ?? 0
        let text = script.replacing("%s", with: "/proc/\(process)/root", maxReplacements: 1)
        guard container.engine == .rootless else { return ["sh", "-c", text] }
        return ["podman", "unshare", "sh", "-c", text]
    }

    @Test(arguments: [EngineBench.Engine.podman, .docker, .containerd])
    func `a live mount goes both ways`(engine: EngineBench.Engine) throws {
        let container = try container(engine)
        try expect(cimg(engine, "mount", "--live", container.name, mountpoint), is: .success())
        defer { _ = try? cimg(engine, "umount", "--lazy", mountpoint) }
        try Data("from outside\n".utf8).write(to: URL(fileURLWithPath: "\(mountpoint)/var/tmp/x"))
        #expect(try container.shell("cat /var/tmp/x; echo inside > /var/tmp/y") == "from outside")
        #expect(try String(contentsOfFile: "\(mountpoint)/var/tmp/y", encoding: .utf8) == "inside\n")
        container.remove()
        try expect(cimg(engine, "umount", mountpoint), is: .success())
    }

    @Test func `only what runs can be mounted live`() throws {
        let container = try container(.podman, isStarted: false)
        try expect(
            cimg(.podman, "mount", "--live", container.name, mountpoint),
            is: .trouble(
                "live mount of \"\(container.name)\": the container is created and has no process; without --live its "
                    + "files are mounted read-only"))
        try expect(
            cimg(.podman, "mount", "--live", imageName(.podman), mountpoint),
            is: .trouble(
                "live mount of \"\(imageName(.podman))\": an image does not run; name a container, or a process as pid:N"
            ))
    }

    @Test func `volumes are named, and mounted when asked for`() throws {
        scratch.directory("volume")
        scratch.file("volume/v", "v")
        let container = try container(.podman, options: ["-v", "\(scratch.path)/volume:/var/data"])
        let remark =
            "cimg: podman:\(container.name): without its volumes and binds at /var/data; --volumes shows them\n"
        try expect(cimg(.podman, "mount", container.name, mountpoint), is: Outcome(0, errors: remark))
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(mountpoint)/var/data") == [])
        try expect(cimg(.podman, "umount", mountpoint), is: .success())
        try expect(cimg(.podman, "mount", "--volumes", container.name, mountpoint), is: .success())
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(mountpoint)/var/data") == ["v"])
        try expect(cimg(.podman, "umount", mountpoint), is: .success())
    }

    @Test(arguments: EngineBench.Engine.allCases) func `ps lists a container`(engine: EngineBench.Engine) throws {
        let container = try container(engine)
        let rows = try cimg(engine, "ps").output.split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        let row = try #require(rows.first { $0.first == name(container) })
        #expect(Array(row[2...6]) == [image, "/bin/sleep", "9999", "running", "\(try container.process())"])
        let json = try JSONSerialization.jsonObject(with: Data(cimg(engine, "ps", "--json").output.utf8))
        let entry = (json as? [[String: Any]])?.first { $0["name"] as? String == name(container) }
        #expect(entry?["state"] as? String == "running")
        #expect(entry?["image"] as? String == image)
        try container.stop()
        let stopped = try cimg(engine, "ps", "--noheading").output.split(separator: "\n")
        #expect(stopped.contains { $0.hasPrefix(name(container) + " ") && $0.contains("  stopped  -  ") })
    }

    @Test func `names that mean nothing or too much are told`() throws {
        let container = try container(.podman)
        let missing = try cimg(.podman, "diff", "podman:nothing-of-this-name")
        #expect(missing.code == 2)
        #expect(missing.errors.hasPrefix("cimg: \"podman:nothing-of-this-name\": no such container: not in podman /"))
        try expect(cimg(.podman, "diff", "pid:0"), is: .trouble("\"pid:0\": not the number of a process"))
        let second = try bench.container(.docker, of: try loaded(.docker), name: container.name)
        let both = bench.environment.map { "\($0.key)=\($0.value)" }
        let outcome = try bench.outcome(.podman, ["env"] + both + [program, "diff", container.name])
        #expect(
            outcome.errors == "cimg: \"\(container.name)\": several containers go by it; name one of them: "
                + "podman:\(container.name), docker:\(container.name)\n")
        #expect(outcome.code == 2)
        second.remove()
    }

    private func loaded(_ engine: EngineBench.Engine) throws -> String {
        try bench.load(Self.content.get(), as: image, into: engine)
        return image
    }

    @Test func `a container that never rests does not spoil a diff`() throws {
        let container = try container(.podman)
        let writer = """
            (i=0; while :; do i=$((i+1)); d=/var/d$((i%7)); mkdir -p $d; echo $i > $d/f$((i%50)); mv $d/f$((i%50)) $d/g; \
            rm -r /var/d$(((i+3)%7)); done) >/dev/null 2>&1 &
            """
        try container.shell(writer)
        for _ in 0..<20 {
            let outcome = try cimg(.podman, "diff", container.name)
            #expect(outcome.errors == "")
            #expect((0...1).contains(outcome.code))
        }
    }
}
