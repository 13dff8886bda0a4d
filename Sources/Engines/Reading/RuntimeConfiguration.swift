// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import OCI
import SystemPackage

/// What is needed of a container's `config.json` (OCI runtime specification, config.md).
struct RuntimeConfiguration: Decodable, Sendable {
    var root: Root?
    var mounts: [Mount]?
    var process: Process?
    var linux: Linux?
    var annotations: [String: String]?

    struct Root: Decodable, Sendable {
        var path: String?
    }

    struct Mount: Decodable, Sendable {
        var destination: String?
        var source: String?
        var type: String?
        var options: [String]?
    }

    struct Process: Decodable, Sendable {
        var selinuxLabel: String?
        var args: [String]?
        var cwd: String?
        var user: User?

        struct User: Decodable, Sendable {
            var uid: UInt32?
            var gid: UInt32?
        }
    }

    struct Linux: Decodable, Sendable {
        var mountLabel: String?
        var uidMappings: [Mapping]?
        var gidMappings: [Mapping]?
    }

    struct Mapping: Decodable, Sendable {
        var containerID: Int64?
        var hostID: Int64?
        var size: Int64?
    }

    /// What it says of the command.
    var details: EngineDetails {
        var details = EngineDetails()
        details.command = process?.args ?? []
        details.workingDirectory = process?.cwd
        details.user = process?.user.map { "\($0.uid ?? 0):\($0.gid ?? 0)" }
        return details
    }

    /// The mounts that a user asked for: binds of what is not the engine's own.
    ///
    /// - Parameters:
    ///   - own: directories of the engine; what comes from below them is its own.
    ///   - volumes: the directory of the engine's volumes, `NAME/_data` each; nil where it has none.
    func userMounts(object: String, own: [FilePath], volumes: FilePath?) throws(EngineError) -> [EngineMount] {
        var result: [EngineMount] = []
        for mount in mounts ?? [] {
            let options = mount.options ?? []
            let isBind = mount.type == "bind" || options.contains { $0 == "bind" || $0 == "rbind" }
            guard isBind else { continue }
            guard let destination = absolutePath(mount.destination), let source = absolutePath(mount.source) else {
                throw EngineError(object, "a mount in its config.json has no absolute paths")
            }
            if own.contains(where: { source.starts(with: $0) }) { continue }
            var name: String?
            if let volumes, source.starts(with: volumes) {
                name = source.components.dropFirst(volumes.components.count).first.map { $0.string }
            }
            result.append(
                EngineMount(
                    name == nil ? .bind : .volume, destination: destination, source: source, name: name,
                    isReadOnly: options.contains("ro")))
        }
        return result
    }
}
