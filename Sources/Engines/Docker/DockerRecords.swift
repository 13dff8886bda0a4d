// SPDX-License-Identifier: Apache-2.0

/// What is needed of a container's `config.v2.json`.
struct DockerContainerRecord: Decodable, Sendable {
    var id: String?
    var created: String?
    var name: String?
    var image: String?
    var driver: String?
    var mountLabel: String?
    var processLabel: String?
    var config: Config?
    var state: State?
    var mountPoints: [String: MountPoint]?
    var path: String?
    var args: [String]?
    var networkSettings: NetworkSettings?

    private enum CodingKeys: String, CodingKey {
        case path = "Path"
        case args = "Args"
        case networkSettings = "NetworkSettings"
        case id = "ID"
        case created = "Created"
        case name = "Name"
        case image = "Image"
        case driver = "Driver"
        case mountLabel = "MountLabel"
        case processLabel = "ProcessLabel"
        case config = "Config"
        case state = "State"
        case mountPoints = "MountPoints"
    }

    struct Config: Decodable, Sendable {
        var image: String?
        var user: String?
        var workingDir: String?
        var labels: [String: String]?
        var exposedPorts: [String: Nothing]?

        private enum CodingKeys: String, CodingKey {
            case image = "Image"
            case user = "User"
            case workingDir = "WorkingDir"
            case labels = "Labels"
            case exposedPorts = "ExposedPorts"
        }
    }

    /// An object whose members do not count.
    struct Nothing: Decodable, Sendable {}

    struct NetworkSettings: Decodable, Sendable {
        var ports: [String: [Binding]?]?

        private enum CodingKeys: String, CodingKey {
            case ports = "Ports"
        }
    }

    struct Binding: Decodable, Sendable {
        var hostIP: String?
        var hostPort: String?

        private enum CodingKeys: String, CodingKey {
            case hostIP = "HostIp"
            case hostPort = "HostPort"
        }
    }

    struct State: Decodable, Sendable {
        var running: Bool?
        var paused: Bool?
        var pid: Int64?
        var startedAt: String?

        private enum CodingKeys: String, CodingKey {
            case running = "Running"
            case paused = "Paused"
            case pid = "Pid"
            case startedAt = "StartedAt"
        }
    }

    struct MountPoint: Decodable, Sendable {
        var source: String?
        var destination: String?
        var readWrite: Bool?
        var name: String?
        var type: String?

        private enum CodingKeys: String, CodingKey {
            case source = "Source"
            case destination = "Destination"
            case readWrite = "RW"
            case name = "Name"
            case type = "Type"
        }
    }
}

extension DockerContainerRecord {
    /// What the container was asked to be.
    var details: EngineDetails {
        let text = { (text: String?) in text.flatMap { $0.isEmpty ? nil : $0 } }
        var details = EngineDetails()
        details.command = [path].compactMap { $0 } + (args ?? [])
        details.user = text(config?.user)
        details.workingDirectory = text(config?.workingDir)
        details.labels = config?.labels ?? [:]
        var ports: [String: [Binding]] = (networkSettings?.ports ?? [:]).mapValues { $0 ?? [] }
        for port in (config?.exposedPorts ?? [:]).keys where ports[port] == nil { ports[port] = [] }
        for (name, bindings) in ports.sorted(by: { $0.key < $1.key }) {
            let parts = name.split(separator: "/")
            guard let number = parts.first.flatMap({ UInt16($0) }) else { continue }
            let port = EnginePort(container: number, transport: parts.count > 1 ? String(parts[1]) : "tcp")
            let published = bindings.compactMap { binding -> EnginePort? in
                guard let host = binding.hostPort.flatMap({ UInt16($0) }) else { return nil }
                var result = port
                (result.hostAddress, result.host) = (binding.hostIP, host)
                return result
            }
            details.ports += published.isEmpty ? [port] : published
        }
        return details
    }
}

/// `repositories.json`: images by their names.
struct DockerRepositories: Decodable, Sendable {
    var repositories: [String: [String: String]]?

    private enum CodingKeys: String, CodingKey {
        case repositories = "Repositories"
    }
}
