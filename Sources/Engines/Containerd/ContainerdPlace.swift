// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import LinuxIO
import OCI
import SystemPackage
import TOML

/// Where a containerd keeps its things.
struct ContainerdPlace: Sendable, Hashable {
    /// What stays: databases, content, snapshots.
    var root: FilePath
    /// What a restart of the machine ends: tasks.
    var state: FilePath
    /// Where the overlayfs snapshotter keeps its snapshots.
    var snapshotter: FilePath

    /// Finds the place: that of the daemon whose address `CONTAINERD_ADDRESS` is, else as the system's configuration
    /// says, else where it is without any; where nothing is there, that of a daemon that runs.
    init(_ surroundings: EngineSurroundings) throws(EngineError) {
        let file = surroundings.system("/etc/containerd/config.toml")
        let configured = try Self(
            ConfigurationText(file), arguments: [], root: surroundings.system("/var/lib/containerd"),
            state: surroundings.system("/run/containerd"))
        let address = surroundings.environment["CONTAINERD_ADDRESS"].map {
            $0.hasPrefix("unix://") ? String($0.dropFirst("unix://".count)) : $0
        }
        guard let address else {
            // Going through all processes takes its time. Containers have their sockets here, whatever the daemon's state.
            let mayRun = !fileExists(configured.root) && fileExists(surroundings.system("/run/containerd"))
            self = mayRun ? try Self.running(surroundings).first?.place ?? configured : configured
            return
        }
        let daemons = try Self.running(surroundings)
        if let daemon = daemons.first(where: { $0.address == address }) {
            self = daemon.place
        } else if address == "/run/containerd/containerd.sock" {
            self = configured
        } else {
            throw EngineError(
                "containerd \(address.printable)",
                "no daemon that can be seen has this address: start it, run as its user, or unset CONTAINERD_ADDRESS")
        }
    }

    private init(_ file: ConfigurationText?, arguments: [String], root: FilePath, state: FilePath) {
        let option = { (name: String) in absolutePath(DockerPlace.value(name, in: arguments)) }
        self.root = option("--root") ?? absolutePath(file?.string("root")) ?? root
        self.state = option("--state") ?? absolutePath(file?.string("state")) ?? state
        let name = "io.containerd.snapshotter.v1.overlayfs"
        snapshotter = absolutePath(file?.string("plugins", name, "root_path")) ?? self.root.appending(name)
    }

    /// Whether a process has the root directory of this one: a container's root may call a program as it likes, and names
    /// paths of its own.
    private static func sharesRoot(_ process: Int32) -> Bool {
        // What cannot be told is not believed.
        guard let own = try? PlaceIdentity(following: "/proc/self/root") else { return false }
        do throws(Errno) {
            return try PlaceIdentity(following: "/proc/\(process)/root").isSameFile(as: own)
        } catch {
            // A plain user may not look at root's processes, and reads nothing by them that the user could not read anyway.
            return error == .permissionDenied
        }
    }

    /// The daemons that run, but those that Docker started for itself: their addresses and places.
    private static func running(
        _ surroundings: EngineSurroundings
    ) throws(EngineError) -> [(address: String, place: ContainerdPlace)] {
        // Without /proc no daemon is seen, and the usual places count.
        let processes = (try? ProcessTable.processes(namedWithPrefix: "containerd")) ?? []
        var result: [(address: String, place: ContainerdPlace)] = []
        for process in processes where process.name == "containerd" {
            guard surroundings.believes(process.uid), sharesRoot(process.identifier) else { continue }
            let arguments = ProcessFile.arguments(process.identifier)
            let named = DockerPlace.value("--config", in: arguments) ?? DockerPlace.value("-c", in: arguments)
            let path = absolutePath(named) ?? surroundings.system("/etc/containerd/config.toml")
            // A file that may not be read tells nothing; the arguments may still.
            let file = (try? ConfigurationText(path)) ?? nil
            let place = ContainerdPlace(
                file, arguments: arguments, root: "/var/lib/containerd", state: "/run/containerd")
            let address =
                DockerPlace.value("--address", in: arguments) ?? DockerPlace.value("-a", in: arguments)
                ?? file?.string("grpc", "address") ?? "/run/containerd/containerd.sock"
            if path.string.contains("/docker/") { continue }
            result.append((address, place))
        }
        return result
    }
}
