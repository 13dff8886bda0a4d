// SPDX-License-Identifier: Apache-2.0

import Engines
import Foundation
import LinuxIO
import OCI
import SystemPackage
import TestSupport
import Testing

/// What is read of engines that run, beside what they say of themselves.
@Suite("Engines that run", .enabled(if: Requirements.engines), .serialized, .timeLimit(.minutes(15)))
struct RealEngineTests {
    private let bench = EngineBench()
    private let name = "localhost/cimg-engines-test:1"

    /// An image of three layers, the same in every engine.
    private static let image = Result {
        try EngineBench.image([
            LayerBuilder { $0.file("etc/second", "second") },
            LayerBuilder { tar in
                tar.file("etc/third", "third")
                tar.file("etc/.wh.group", "")
            },
        ])
    }

    private func container(
        _ engine: EngineBench.Engine, options: [String] = [], isStarted: Bool = true
    ) throws -> EngineBench.Container {
        try bench.load(Self.image.get(), as: name, into: engine)
        return try bench.container(engine, of: name, options: options, isStarted: isStarted)
    }

    private func storage(_ engine: EngineBench.Engine) throws -> any ContainerEngine {
        try openStorage(engine, of: bench)
    }

    private func found(_ container: EngineBench.Container) throws -> EngineContainer {
        let listing = try storage(container.engine).containers()
        #expect(listing.problems == [])
        return try #require(
            listing.items.first { $0.names.contains(container.name) || $0.id == container.name },
            "\(container.engine) does not list \(container.name)")
    }

    // MARK: what inspect says

    @Test(
        "podman's and Docker's containers are as inspect tells",
        arguments: [EngineBench.Engine.podman, .rootless, .docker])
    func inspected(engine: EngineBench.Engine) throws {
        let container = try container(engine)
        let found = try found(container)
        let layers = try found.layers()
        func inspect(_ format: String) throws -> String {
            try bench.engine(engine, "inspect", "-f", format, container.name)
        }
        #expect(try found.id == inspect("{{.Id}}"))
        #expect(found.names == [container.name])
        let image = try inspect("{{.Image}}")
        #expect(found.imageID == (image.hasPrefix("sha256:") ? String(image.dropFirst(7)) : image))
        #expect(found.imageName == name)
        #expect(found.maker == (engine == .docker ? "docker" : "podman"))
        #expect(found.created?.hasPrefix("20") == true)
        #expect(try layers.upper?.path.string == inspect("{{.GraphDriver.Data.UpperDir}}"))
        #expect(try layers.work?.string == inspect("{{.GraphDriver.Data.WorkDir}}"))
        #expect(
            try layers.lowers.map(\.path.string).joined(separator: ":") == inspect("{{.GraphDriver.Data.LowerDir}}"))
        #expect(layers.diffIDs == (try Self.image.get().layers.map(\.diffID)))
        #expect(layers.usesUserXattrs == (engine == .rootless))
        #expect(try found.status() == EngineStatus(.running, process: container.process()))
        let directories = layers.lowers.filter { $0.path != layers.initLayer }
        #expect(directories.map(\.diffID) == layers.diffIDs?.reversed())
        #expect((layers.initLayer != nil) == (engine == .docker))
        if let initial = layers.initLayer { #expect(layers.lowers.first?.path == initial) }
    }

    @Test("containerd's containers are as ctr tells")
    func containerd() throws {
        let container = try container(.containerd)
        let found = try found(container)
        let layers = try found.layers()
        #expect(found.namespace == "default")
        #expect(found.id == container.name)
        #expect(found.imageName == name)
        // The options of the mount that ctr would make.
        let mount = try bench.engine(.containerd, "snapshots", "mounts", "/none", container.name)
        let options = try #require(mount.split(separator: " ").last).split(separator: ",").map(String.init)
        #expect(options.contains("upperdir=\(layers.upper?.path.string ?? "")"))
        #expect(options.contains("workdir=\(layers.work?.string ?? "")"))
        #expect(options.contains("lowerdir=\(layers.lowers.map(\.path.string).joined(separator: ":"))"))
        #expect(layers.diffIDs == (try Self.image.get().layers.map(\.diffID)))
        #expect(layers.lowers.map(\.diffID) == layers.diffIDs?.reversed())
        #expect(try found.status() == EngineStatus(.running, process: container.process()))
        let record = try bench.engine(.containerd, "containers", "info", container.name)
        let created = try #require(found.created)
        #expect(record.contains("\"CreatedAt\": \"\(created)\""), "\(created) is not in \(record)")
    }

    // MARK: states

    @Test("a container is created, runs, is paused, runs again and is stopped", arguments: EngineBench.Engine.allCases)
    func states(engine: EngineBench.Engine) throws {
        let container = try container(engine, isStarted: false)
        #expect(try found(container).status() == EngineStatus(.created))
        guard engine != .containerd else {
            try bench.engine(.containerd, "tasks", "start", "-d", container.name)
            try checkLife(container)
            return
        }
        try bench.engine(engine, "start", container.name)
        try checkLife(container)
    }

    private func checkLife(_ container: EngineBench.Container) throws {
        let process = try container.process()
        #expect(try found(container).status() == EngineStatus(.running, process: process))
        // A plain user's containers have no control group of their own where nobody delegates one.
        if container.engine != .rootless {
            try container.pause()
            #expect(try found(container).status() == EngineStatus(.paused, process: process))
            try container.resume()
            #expect(try found(container).status() == EngineStatus(.running, process: process))
        }
        try container.stop()
        #expect(try found(container).status() == EngineStatus(.stopped))
        let id = try found(container).id
        container.remove()
        #expect(try !storage(container.engine).containers().items.contains { $0.id == id })
    }

    // MARK: mounts

    @Test(
        "volumes and binds are told, the engine's own are not",
        arguments: [EngineBench.Engine.podman, .rootless, .docker])
    func volumes(engine: EngineBench.Engine) throws {
        let scratch = ScratchDirectory()
        chmod(scratch.path.string, 0o755)
        let volume = "cimg-test-\(UInt32.random(in: 0 ... .max))"
        let container = try container(engine, options: ["-v", "\(scratch.path):/data:ro", "-v", "\(volume):/state"])
        defer {
            container.remove()
            _ = try? bench.engine(engine, "volume", "rm", "-f", volume)
        }
        let place = try bench.engine(engine, "volume", "inspect", "-f", "{{.Mountpoint}}", volume)
        let mounts = try found(container).mounts().sorted { $0.destination.string < $1.destination.string }
        #expect(
            mounts == [
                EngineMount(.bind, destination: "/data", source: scratch.path, isReadOnly: true),
                EngineMount(.volume, destination: "/state", source: FilePath(place), name: volume, isReadOnly: false),
            ])
    }

    @Test("containerd's binds are told")
    func containerdBinds() throws {
        let scratch = ScratchDirectory()
        let options = ["--mount", "type=bind,src=\(scratch.path),dst=/tmp,options=rbind:ro"]
        let container = try container(.containerd, options: options)
        #expect(
            try found(container).mounts() == [
                EngineMount(.bind, destination: "/tmp", source: scratch.path, isReadOnly: true)
            ])
    }

    // MARK: users

    @Test("a rootless container's owners are those it sees itself")
    func rootlessUsers() throws {
        let container = try container(.rootless)
        try container.shell("echo a > /tmp/own; echo b > /tmp/other; chown 5:7 /tmp/other")
        try checkOwners(container, ["/tmp/own": (0, 0), "/tmp/other": (5, 7), "/etc/third": (0, 0)])
    }

    @Test(
        "with a map of its own a container's layers have each their own",
        arguments: [
            (EngineBench.Engine.podman, ["--uidmap", "0:200000:65536"]), (.rootless, ["--uidmap", "0:1000:2000"]),
            (.containerd, ["--uidmap", "0:300000:65536", "--gidmap", "0:300000:65536"]),
        ])
    func mappedUsers(engine: EngineBench.Engine, options: [String]) throws {
        let container = try container(engine, options: options)
        try container.shell("echo a > /tmp/own; echo b > /tmp/other; chown 5:7 /tmp/other")
        try checkOwners(container, ["/tmp/own": (0, 0), "/tmp/other": (5, 7), "/etc/third": (0, 0)])
    }

    /// Looks each path up in the layers, the topmost first, and asks the map of the directory that has it.
    private func checkOwners(_ container: EngineBench.Container, _ expected: [String: (UInt32, UInt32)]) throws {
        let layers = try found(container).layers()
        let directories = [layers.upper].compactMap { $0 } + layers.lowers
        for (path, owner) in expected {
            let place = directories.first { FileManager.default.fileExists(atPath: $0.path.string + path) }
            let directory = try #require(place, "\(path) is in no layer")
            var status = stat()
            #expect(lstat(directory.path.string + path, &status) == 0)
            #expect(directory.users.container(of: status.st_uid) == owner.0, "\(path) in \(directory)")
            #expect(directory.groups.container(of: status.st_gid) == owner.1, "\(path) in \(directory)")
        }
    }

    // MARK: images

    @Test(
        "images have the layers, manifests and configurations that they were loaded with",
        arguments: EngineBench.Engine.allCases)
    func images(engine: EngineBench.Engine) throws {
        let image = try Self.image.get()
        try bench.load(image, as: name, into: engine)
        let listing = try storage(engine).images()
        #expect(listing.problems == [])
        let found = try #require(listing.items.first { $0.names.contains(name) })
        let configuration = image.configuration.bytes
        #expect(try found.configuration() == configuration)
        let layers = try found.layers()
        #expect(layers.upper == nil)
        #expect(layers.diffIDs == image.layers.map(\.diffID))
        #expect(layers.lowers.map(\.diffID) == image.layers.map(\.diffID).reversed())
        let tops = layers.lowers.map { $0.path.string }
        #expect(FileManager.default.fileExists(atPath: tops[0] + "/etc/third"))
        #expect(FileManager.default.fileExists(atPath: tops[1] + "/etc/second"))
        #expect(FileManager.default.fileExists(atPath: tops[2] + "/bin/busybox"))
        #expect(try #require(found.size()) > 1_000_000)
        guard let manifest = try found.manifest() else {
            #expect(engine == .docker)
            return
        }
        #expect(try Manifest(json: manifest, name: "manifest").config.digest == Digest(of: configuration))
        #expect(found.digest == Digest(of: manifest))
        if engine != .containerd { #expect(found.id == Digest(of: configuration).hex) }
    }

    @Test("buildah's containers are told apart")
    func buildah() throws {
        try bench.load(Self.image.get(), as: name, into: .podman)
        let id = try bench.run(.podman, ["buildah", "from", "--pull-never", name])
        defer { _ = try? bench.run(.podman, ["buildah", "rm", id]) }
        let found = try #require(try storage(.podman).containers().items.first { $0.names == [id] })
        #expect(found.maker == "buildah")
        #expect(found.imageName == name)
        #expect(found.status() == EngineStatus(.created))
        let mount = try bench.run(.podman, ["buildah", "mount", id])
        #expect(
            try found.layers().upper?.path.removingLastComponent().string
                == FilePath(mount).removingLastComponent().string)
    }

    @Test("Docker's containers are not listed as the containerd's that runs them")
    func dockerInContainerd() throws {
        let container = try container(.docker)
        #expect(try bench.run(.containerd, ["ctr", "-n", "moby", "containers", "ls", "-q"]) != "")
        let id = try found(container).id
        #expect(try !storage(.containerd).containers().items.contains { $0.id == id })
    }

    @Test("images by hundreds of names are listed as ctr lists them, also while names come and go")
    func manyNames() throws {
        try bench.load(Self.image.get(), as: name, into: .containerd)
        let names = (0..<400).map { "localhost/cimg-engines-test:many-\($0)" }
        defer { _ = try? bench.engine(.containerd, ["images", "rm", "--sync"] + names) }
        try bench.engine(.containerd, ["images", "tag", "--force", name] + names)
        func listed() throws -> Set<String> {
            Set(try storage(.containerd).images().items.flatMap(\.names))
        }
        let expected = Set(try bench.engine(.containerd, "images", "ls", "-q").split(separator: "\n").map(String.init))
        #expect(expected.isSuperset(of: names))
        #expect(try listed() == expected)
        // One name after the other goes and comes back; the first hundred stay.
        let null = try Descriptor.open("/dev/null", O_WRONLY)
        let script =
            "for i in $(seq 100 399); do ctr images rm localhost/cimg-engines-test:many-$i; "
            + "ctr images tag \(name) localhost/cimg-engines-test:many-$i; done"
        let variables = bench.environment(.containerd).map { "\($0.key)=\($0.value)" }
        let child = try Spawn(
            program: "env", arguments: (["env"] + variables + ["sh", "-c", script]).map { Array($0.utf8) },
            errorOutput: null
        ).start()
        defer {
            kill(child.identifier, SIGKILL)
            _ = try? child.wait()
        }
        let stable = Set(names.prefix(100))
        var seen: Set<Int> = []
        for _ in 0..<100 {
            let now = try listed()
            #expect(stable.isSubset(of: now) && now.isSubset(of: expected))
            seen.insert(now.count)
        }
        #expect(seen.count > 1, "nothing changed while it was read: \(seen)")
    }

    // MARK: processes

    @Test("a container's process has the container's layers", arguments: EngineBench.Engine.allCases)
    func processes(engine: EngineBench.Engine) throws {
        let container = try container(engine)
        let expected = try found(container).layers()
        let process = try container.process()
        let root = try Engines.process(process)
        let layers = try root.layers()
        #expect(root.id == "\(process)")
        #expect(root.status() == EngineStatus(.running, process: process))
        func places(_ paths: [FilePath]) throws -> [String] {
            try paths.map { try FileManager.default.destination(of: $0.string) }
        }
        #expect(try places(layers.lowers.map(\.path)) == places(expected.lowers.map(\.path)))
        #expect(try layers.upper.map { try places([$0.path]) } == expected.upper.map { try places([$0.path]) })
        #expect(layers.usesUserXattrs == expected.usesUserXattrs)
        #expect(layers.upper?.users == expected.upper?.users)
    }
}

extension FileManager {
    /// A path without symbolic links.
    func destination(of path: String) throws -> String {
        guard let real = realpath(path, nil) else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        defer { free(real) }
        return String(cString: real)
    }
}

/// The storage of an engine of the bench as cimg finds it.
func openStorage(_ engine: EngineBench.Engine, of bench: EngineBench) throws -> any ContainerEngine {
    let variables = bench.environment(engine)
    switch engine {
    case .rootless:
        let id = try UInt32(bench.run(.podman, ["id", "-u", EngineBench.user]))
        let user = try #require(id)
        return try ContainersStorage(
            EngineSurroundings(user: user, home: FilePath("\(bench.directory)/home"), environment: variables))
    case .podman: return try ContainersStorage(EngineSurroundings(user: 0, home: "/root", environment: variables))
    case .docker: return try DockerStorage(EngineSurroundings(user: 0, home: "/root", environment: variables))
    case .containerd: return try ContainerdStorage(EngineSurroundings(user: 0, home: "/root", environment: variables))
    }
}
