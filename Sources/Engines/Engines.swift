// SPDX-License-Identifier: Apache-2.0

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

    private struct Found {
        var engines: [any ContainerEngine] = []
        var problems: [EngineError] = []

        mutating func add<Engine: ContainerEngine>(_ make: () throws(EngineError) -> Engine) {
            do throws(EngineError) {
                let engine = try make()
                if fileExists(engine.storage) { engines.append(engine) }
            } catch {
                problems.append(error)
            }
        }
    }
}
