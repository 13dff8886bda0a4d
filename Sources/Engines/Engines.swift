// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import SystemPackage

/// The engines of this machine.
package enum Engines {
    /// Finds the engines whose storage is there for a user; one that is absent is not an error.
    ///
    /// Nothing is asked of an engine: what is found is directories. Whether they can be read shows when they are.
    /// - Returns: the engines, and one error for each whose configuration cannot be read.
    package static func discover(
        _ surroundings: EngineSurroundings = .current()
    ) -> (engines: [any ContainerEngine], problems: [EngineError]) {
        var found = Found()
        found.add { () throws(EngineError) in try ContainersStorage(surroundings) }
        found.add { () throws(EngineError) in try DockerStorage(surroundings) }
        found.add { () throws(EngineError) in try ContainerdStorage(surroundings) }
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
