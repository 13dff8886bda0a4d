// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import SystemPackage
import TOML

/// Where a containers/storage keeps its things: containers-storage.conf(5), with the places that podman takes where
/// the file says nothing.
struct StorageConfiguration: Sendable, Hashable {
    /// What stays: layers, images, the list of containers.
    var graphRoot: FilePath
    /// What a restart of the machine ends, process numbers and mounts: the first of these that exists.
    var runRoots: [FilePath]
    /// The driver's name; nil where none is configured.
    var driver: String?
    /// Storages of images that are only read.
    var additionalStores: [FilePath]
    /// Whether a program mounts the overlays instead of the kernel.
    var hasMountProgram: Bool

    /// Reads the configuration of a user.
    ///
    /// - Throws: `EngineError`: a configuration file cannot be read.
    init(_ surroundings: EngineSurroundings) throws(EngineError) {
        let isRoot = surroundings.user == 0
        let named = surroundings.path("CONTAINERS_STORAGE_CONF")
        var system: ConfigurationText?
        var own: ConfigurationText?
        if let named {
            own = try ConfigurationText(named)
            guard own != nil else { throw EngineError("CONTAINERS_STORAGE_CONF \(named.printable)", "is missing") }
        } else {
            system = try ConfigurationText(surroundings.system("/etc/containers/storage.conf"))
            if system == nil {
                system = try ConfigurationText(surroundings.system("/usr/share/containers/storage.conf"))
            }
            if !isRoot {
                let directory = surroundings.path("XDG_CONFIG_HOME") ?? surroundings.home.appending(".config")
                own = try ConfigurationText(directory.appending("containers/storage.conf"))
            }
        }
        let files = [own, system].compactMap { $0 }
        // A plain user's storage is never root's: only the user's own file may name its place, or a pattern for all.
        let places = isRoot ? files : [own].compactMap { $0 }
        let path = { (key: String) in
            places.lazy.compactMap { absolutePath($0.string("storage", key).map { Self.expand($0, surroundings) }) }
                .first
        }
        if isRoot {
            graphRoot = path("graphroot") ?? surroundings.system("/var/lib/containers/storage")
            runRoots = [path("runroot") ?? surroundings.system("/run/containers/storage")]
        } else {
            let pattern = files.lazy.compactMap { $0.string("storage", "rootless_storage_path") }.first
            let data = surroundings.path("XDG_DATA_HOME") ?? surroundings.home.appending(".local/share")
            graphRoot =
                path("graphroot") ?? absolutePath(pattern.map { Self.expand($0, surroundings) })
                ?? data.appending("containers/storage")
            let user = surroundings.user
            runRoots =
                [path("runroot"), surroundings.path("XDG_RUNTIME_DIR")?.appending("containers")].compactMap { $0 } + [
                    surroundings.system("/run/user/\(user)/containers"),
                    surroundings.system("/tmp/containers-user-\(user)/containers"),
                    surroundings.system("/tmp/podman-run-\(user)/containers"),
                    surroundings.system("/tmp/storage-run-\(user)/containers"),
                ]
        }
        driver =
            surroundings.environment["STORAGE_DRIVER"] ?? files.lazy.compactMap { $0.string("storage", "driver") }.first
        let stores = files.lazy.compactMap { $0.strings("storage", "options", "additionalimagestores") }.first ?? []
        let imageStore = files.lazy.compactMap { $0.string("storage", "imagestore") }.first
        additionalStores = ([imageStore].compactMap { $0 } + stores)
            .compactMap { absolutePath(Self.expand($0, surroundings)) }
        hasMountProgram = files.contains {
            $0.string("storage", "options", "overlay", "mount_program") != nil
                || $0.string("storage", "options", "mount_program") != nil
        }
    }

    /// The configuration of a storage at a path, where no file tells of it.
    init(graphRoot: FilePath, runRoots: [FilePath]) {
        self.graphRoot = graphRoot
        self.runRoots = runRoots
        additionalStores = []
        hasMountProgram = false
    }

    /// Puts the user's directory, name and number into a path that holds `$HOME`, `$USER` and `$UID`.
    private static func expand(_ text: String, _ surroundings: EngineSurroundings) -> String {
        guard text.contains("$") else { return text }
        let values = [
            ("HOME", surroundings.home.string), ("USER", UserEntry(number: surroundings.user)?.name ?? ""),
            ("UID", "\(surroundings.user)"),
        ]
        return values.reduce(text) { text, value in
            text.replacing("${\(value.0)}", with: value.1).replacing("$\(value.0)", with: value.1)
        }
    }
}
