// SPDX-License-Identifier: Apache-2.0

// Where podman, buildah, CRI-O, Docker, containerd and processes keep their layers and records.
// In: the engines' files, which are foreign bytes. Out: containers, images, their layers' directories.
// Not here: what is done with them; no engine is asked, started or changed.

import Glibc
import LinuxIO
import SystemPackage

/// The engines of this machine.
package enum Engines {
    /// Finds the engines whose storage is there for a user; one that is absent is not an error.
    ///
    /// No engine is asked but a Docker daemon that `DOCKER_HOST` names, for its directory. Whether what is found can be
    /// read shows when it is.
    ///
    /// - Parameters:
    ///   - surroundings: whose engines, and where they may lie.
    ///   - kinds: which to look for; processes have no storage.
    /// - Returns: the engines, and one error for each whose configuration cannot be read.
    package static func discover(
        _ surroundings: EngineSurroundings = .current(), kinds: Set<EngineKind> = Set(EngineKind.allCases)
    ) -> (engines: [any ContainerEngine], problems: [EngineError]) {
        var found = Found()
        if kinds.contains(.podman) { found.add { () throws(EngineError) in try ContainersStorage(surroundings) } }
        if kinds.contains(.docker) { found.add { () throws(EngineError) in try DockerStorage(surroundings) } }
        if kinds.contains(.containerd) { found.add { () throws(EngineError) in try ContainerdStorage(surroundings) } }
        return (found.engines, found.problems)
    }

    /// The engines of the system that a plain user may be told of but cannot read: root's storages.
    ///
    /// For messages about a container that is not found. What they are asked for ends with an error that says what helps.
    package static func ofRoot(beside surroundings: EngineSurroundings) -> [any ContainerEngine] {
        guard surroundings.user != 0 else { return [] }
        let root = EngineSurroundings(user: 0, home: "/root", root: surroundings.root)
        return discover(root).engines
    }

    private struct Found {
        var engines: [any ContainerEngine] = []
        var problems: [EngineError] = []

        mutating func add<Engine: ContainerEngine>(_ make: () throws(EngineError) -> Engine) {
            do throws(EngineError) {
                let engine = try make()
                if Self.isThere(engine.storage) { engines.append(engine) }
            } catch {
                problems.append(error)
            }
        }

        /// Whether there is a directory, as far as this user can tell: one above it may be closed to all others.
        private static func isThere(_ path: FilePath) -> Bool {
            do throws(Errno) {
                _ = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
                return true
            } catch {
                return error == .permissionDenied
            }
        }
    }
}

extension Engines {
    /// When a process started, in seconds since 1970; nil where it has ended or may not be looked at.
    package static func startTime(of process: Int32) -> Int64? { ProcessFile.startTime(process) }
}
