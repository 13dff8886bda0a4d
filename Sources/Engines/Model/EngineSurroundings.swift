// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
package import SystemPackage

/// For whom engines are looked for, and where.
package struct EngineSurroundings: Sendable {
    /// The user whose engines are meant.
    package var user: UInt32
    /// The user's home directory.
    package var home: FilePath
    /// The environment; variables that are empty count as missing.
    package var environment: [String: String]
    /// What stands for `/` in the places of configuration files, of storages that no configuration names, and of
    /// files in `/run`; other than `/` in tests.
    package var root: FilePath
    /// Whether root looks for another user, whose configuration may name what is not the user's.
    package var isOfAnother = false

    /// Describes surroundings.
    package init(user: UInt32, home: FilePath, environment: [String: String] = [:], root: FilePath = "/") {
        self.user = user
        self.home = home
        self.environment = environment.filter { !$0.value.isEmpty }
        self.root = root
    }

    /// This process's own: its user and environment.
    ///
    /// In `podman unshare` the user is the one who called it.
    package static func current() -> EngineSurroundings {
        let names = [
            "HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "CONTAINERS_STORAGE_CONF", "STORAGE_DRIVER",
            "DOCKER_HOST", "CONTAINERD_ADDRESS", "_CONTAINERS_ROOTLESS_UID",
        ]
        var environment: [String: String] = [:]
        for name in names {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        let user = environment["_CONTAINERS_ROOTLESS_UID"].flatMap { UInt32($0) } ?? geteuid()
        let home =
            environment["HOME"].flatMap { $0.isEmpty ? nil : FilePath($0) } ?? UserEntry(number: user)?.home ?? "/"
        return EngineSurroundings(user: user, home: home, environment: environment)
    }

    /// The surroundings of another user, by number, with no environment: for root, who may name another's containers.
    ///
    /// - Returns: nil where there is no such user.
    package static func of(user: UInt32) -> EngineSurroundings? {
        guard let entry = UserEntry(number: user) else { return nil }
        var surroundings = EngineSurroundings(user: user, home: entry.home)
        surroundings.isOfAnother = user != geteuid()
        return surroundings
    }

    /// Whether what a user owns, a file or a process, tells where an engine is: the user's own and root's do.
    func believes(_ owner: UInt32) -> Bool { owner == 0 || owner == user }

    /// A place of the system.
    func system(_ path: String) -> FilePath {
        root.pushing(FilePath(path.hasPrefix("/") ? String(path.dropFirst()) : path))
    }

    /// A path that a variable holds, if it is absolute.
    func path(_ variable: String) -> FilePath? {
        environment[variable].flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
    }
}
