// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import Glibc
import LinuxIO
import OCI
import SystemPackage

/// Where a Docker daemon keeps its things.
struct DockerPlace {
    /// The data root; of a daemon that maps its containers' users, the part of it for that map.
    var dataRoot: FilePath
    /// The user whose subordinate numbers the containers have; nil without a map.
    var remappedUser: String?

    /// Finds the place: as the daemon behind `DOCKER_HOST` says, else as its arguments and its configuration say, else
    /// where it is without any.
    init(_ surroundings: EngineSurroundings) throws(EngineError) {
        if let host = surroundings.environment["DOCKER_HOST"], host.hasPrefix("unix://") {
            dataRoot = try DockerSocket(FilePath(String(host.dropFirst("unix://".count)))).dataRoot()
            return
        }
        if surroundings.user != 0 {
            let data = surroundings.path("XDG_DATA_HOME") ?? surroundings.home.appending(".local/share")
            let config = surroundings.path("XDG_CONFIG_HOME") ?? surroundings.home.appending(".config")
            let own =
                try Self.configuration(config.appending("docker/daemon.json"))?.dataRoot ?? data.appending("docker")
            if fileExists(own) {
                dataRoot = own
                return
            }
        }
        let arguments = Self.arguments(of: surroundings.system("/var/run/docker.pid"), surroundings)
        let file =
            absolutePath(Self.value("--config-file", in: arguments)) ?? surroundings.system("/etc/docker/daemon.json")
        let configuration = try Self.configuration(file)
        let root =
            absolutePath(Self.value("--data-root", in: arguments) ?? Self.value("-g", in: arguments))
            ?? configuration?.dataRoot ?? surroundings.system("/var/lib/docker")
        dataRoot = root
        guard let remap = Self.value("--userns-remap", in: arguments) ?? configuration?.usernsRemap, !remap.isEmpty
        else {
            return
        }
        // The value is USER or USER:GROUP; the user may be a number.
        let part = remap == "default" ? "dockremap" : String(remap.prefix { $0 != ":" })
        guard let user = UInt32(part).map({ UserEntry(number: $0) }) ?? UserEntry(name: part) else { return }
        remappedUser = user.name
        let first = { (file: String) throws(EngineError) in
            try StorageOwner.ranges(surroundings.system(file), user.number, user.name).first?.first
        }
        if let users = try first("/etc/subuid"), let groups = try first("/etc/subgid") {
            dataRoot = root.appending("\(users).\(groups)")
        }
    }

    private struct Configuration: Decodable {
        var dataRootText: String?
        var graph: String?
        var usernsRemap: String?

        private enum CodingKeys: String, CodingKey {
            case dataRootText = "data-root"
            case graph
            case usernsRemap = "userns-remap"
        }

        var dataRoot: FilePath? { absolutePath(dataRootText) ?? absolutePath(graph) }
    }

    private static func configuration(_ path: FilePath) throws(EngineError) -> Configuration? {
        guard fileExists(path) else { return nil }
        let folder = try StorageFolder(path.removingLastComponent(), name: path.removingLastComponent().printable)
        guard let file = path.lastComponent?.string else { return nil }
        return try folder.document(Configuration.self, file, limit: EngineLimit.record)
    }

    /// The arguments of the daemon whose number a file tells; none where it does not run.
    ///
    /// File and process count where they are root's or the user's own.
    private static func arguments(of file: FilePath, _ surroundings: EngineSurroundings) -> [String] {
        // What cannot be read names no daemon.
        guard let opened = try? Descriptor.open(file), let owner = try? opened.status().st_uid,
            surroundings.believes(owner), let text = try? opened.read(atMost: 32),  // As above.
            let process = Int32(String(decoding: text.filter { $0 > 0x20 }, as: UTF8.self)), process > 0,
            let user = ProcessTable.owner(of: process), surroundings.believes(user)
        else { return [] }
        let arguments = ProcessFile.arguments(process)
        return arguments.first?.hasSuffix("dockerd") == true ? arguments : []
    }

    /// The value of an option, `--name value` or `--name=value`.
    static func value(_ name: String, in arguments: [String]) -> String? {
        for (position, argument) in arguments.enumerated() {
            if argument.hasPrefix(name + "=") { return String(argument.dropFirst(name.count + 1)) }
            if argument == name, position + 1 < arguments.count { return arguments[position + 1] }
        }
        return nil
    }
}
