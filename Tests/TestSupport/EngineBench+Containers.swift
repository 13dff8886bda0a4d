// SPDX-License-Identifier: Apache-2.0

import Foundation
package import SystemPackage

extension EngineBench {
    /// An image with a shell, and what else a container's commands need: busybox with its names.
    ///
    /// - Parameter layers: further layers above it.
    package static func image(_ layers: [LayerBuilder] = []) throws -> ImageBuilder {
        let path = ["/bin/busybox", "/usr/bin/busybox"].first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let path else { throw Failure(description: "busybox is missing: scripts/engines install") }
        let busybox = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let base = LayerBuilder { tar in
            for name in ["bin", "dev", "etc", "proc", "run", "sys", "var", "var/tmp"] { tar.directory("\(name)/") }
            tar.directory("tmp/", mode: 0o1777)
            tar.file("bin/busybox", busybox, mode: 0o755)
            let commands =
                "sh cat chmod chown cp date dd echo ln ls mkdir mkfifo mknod mv rm rmdir sleep sync tar test touch true"
            for name in commands.split(separator: " ") { tar.symlink("bin/\(name)", to: "busybox") }
            tar.file("etc/passwd", "root:x:0:0::/:/bin/sh\n")
            tar.file("etc/group", "root:x:0:\n")
        }
        return ImageBuilder([base] + layers)
    }

    /// Gives an engine an image under a name, such as `localhost/cimg-test:1`.
    ///
    /// The image is loaded as an archive of Docker's, the one form that all engines take.
    package func load(_ image: ImageBuilder, as name: String, into engine: Engine) throws {
        let scratch = ScratchDirectory()
        chmod(scratch.path.string, 0o755)
        let archive = scratch.file("image.tar", DockerArchiveBuilder(.legacy, image, tags: [name]).bytes)
        let arguments =
            engine == .containerd ? ["images", "import", archive.string] : ["load", "-q", "-i", archive.string]
        try self.engine(engine, arguments)
    }

    /// Removes an image, where it is there.
    package func removeImage(_ name: String, from engine: Engine) throws {
        _ = try? self.engine(engine, engine == .containerd ? ["images", "rm", "--sync", name] : ["rmi", "-f", name])
    }

    /// A container of a test, removed when its last owner goes away.
    package final class Container: Sendable {
        /// Where it runs.
        package let bench: EngineBench
        /// What runs it.
        package let engine: Engine
        /// Its name; containerd's identifier.
        package let name: String

        init(_ bench: EngineBench, _ engine: Engine, name: String) {
            (self.bench, self.engine, self.name) = (bench, engine, name)
        }

        deinit { remove() }

        /// Removes it, running or not.
        package func remove() {
            guard engine == .containerd else {
                _ = try? bench.engine(engine, ["rm", "-f"] + (engine == .docker ? [] : ["-t", "0"]) + [name])
                return
            }
            _ = try? bench.engine(engine, "tasks", "rm", "-f", name)
            _ = try? bench.engine(engine, "containers", "rm", name)
        }

        /// Runs a script of its shell in it while it runs, and gives its standard output.
        @discardableResult
        package func shell(_ script: String) throws -> String {
            if engine == .containerd {
                return try bench.engine(
                    engine, "tasks", "exec", "--exec-id", "e\(UInt32.random(in: 0 ... .max))", name, "/bin/sh", "-c",
                    script)
            }
            return try bench.engine(engine, "exec", name, "/bin/sh", "-c", script)
        }

        /// Ends its processes.
        package func stop() throws {
            guard engine == .containerd else {
                try bench.engine(engine, "stop", "-t", "0", name)
                return
            }
            try bench.engine(engine, "tasks", "kill", "-s", "KILL", name)
            try Waiting.until("a stopped task") { try bench.engine(engine, "tasks", "ls").contains("STOPPED") }
        }

        /// Freezes its processes.
        package func pause() throws {
            try bench.engine(engine, engine == .containerd ? ["tasks", "pause", name] : ["pause", name])
        }

        /// Lets its processes go on.
        package func resume() throws {
            try bench.engine(engine, engine == .containerd ? ["tasks", "resume", name] : ["unpause", name])
        }

        /// The number of its first process on the host.
        package func process() throws -> Int32 {
            let text: String
            switch engine {
            case .containerd:
                let lines = try bench.engine(engine, "tasks", "ls").split(separator: "\n")
                let fields = lines.map { $0.split(separator: " ") }
                text = fields.first { $0.first == name[...] }.map { String($0[1]) } ?? ""
            default: text = try bench.engine(engine, "inspect", "-f", "{{.State.Pid}}", name)
            }
            guard let number = Int32(text) else { throw Failure(description: "\(name) has no process: \(text)") }
            return number
        }
    }

    /// Makes a container of an image, and starts it where a command is given that stays.
    ///
    /// - Parameters:
    ///   - name: its name; nil for one that no other test has.
    ///   - options: of `podman run`, `docker run` or `ctr run`.
    ///   - isStarted: whether it runs; otherwise it is only made.
    package func container(
        _ engine: Engine, of image: String, name: String? = nil, options: [String] = [],
        command: [String] = ["/bin/sleep", "9999"], isStarted: Bool = true
    ) throws -> Container {
        let container = Container(self, engine, name: name ?? "cimg-test-\(UInt32.random(in: 0 ... .max))")
        switch engine {
        case .podman, .rootless, .docker:
            let network = engine == .docker ? ["--network", "none"] : []
            let verb = isStarted ? ["run", "-d"] : ["create"]
            try self.engine(engine, verb + ["--name", container.name] + network + options + [image] + command)
        case .containerd:
            let verb = isStarted ? ["run", "-d"] : ["containers", "create"]
            // The daemon names images of Docker's archives in full.
            try self.engine(engine, verb + options + [image, container.name] + command)
        }
        return container
    }

    /// The directory that shows what a running container of root's sees as its root.
    package func root(of container: Container) throws -> FilePath {
        FilePath("/proc/\(try container.process())/root")
    }
}
