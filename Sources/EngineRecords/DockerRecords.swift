// SPDX-License-Identifier: Apache-2.0

/// What is needed of a container's `config.v2.json`.
package struct DockerContainerRecord: Decodable, Sendable {
    package var id: String?
    package var created: String?
    package var name: String?
    package var image: String?
    package var driver: String?
    package var mountLabel: String?
    package var processLabel: String?
    package var config: Config?
    package var state: State?
    package var mountPoints: [String: MountPoint]?
    package var path: String?
    package var args: [String]?
    package var networkSettings: NetworkSettings?

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

    package struct Config: Decodable, Sendable {
        package var image: String?
        package var user: String?
        package var workingDir: String?
        package var labels: [String: String]?
        package var exposedPorts: [String: Nothing]?

        private enum CodingKeys: String, CodingKey {
            case image = "Image"
            case user = "User"
            case workingDir = "WorkingDir"
            case labels = "Labels"
            case exposedPorts = "ExposedPorts"
        }
    }

    /// An object whose members do not count.
    package struct Nothing: Decodable, Sendable {}

    package struct NetworkSettings: Decodable, Sendable {
        package var ports: [String: [Binding]?]?

        private enum CodingKeys: String, CodingKey {
            case ports = "Ports"
        }
    }

    package struct Binding: Decodable, Sendable {
        package var hostIP: String?
        package var hostPort: String?

        private enum CodingKeys: String, CodingKey {
            case hostIP = "HostIp"
            case hostPort = "HostPort"
        }
    }

    package struct State: Decodable, Sendable {
        package var running: Bool?
        package var paused: Bool?
        package var pid: Int64?
        package var startedAt: String?

        private enum CodingKeys: String, CodingKey {
            case running = "Running"
            case paused = "Paused"
            case pid = "Pid"
            case startedAt = "StartedAt"
        }
    }

    package struct MountPoint: Decodable, Sendable {
        package var source: String?
        package var destination: String?
        package var readWrite: Bool?
        package var name: String?
        package var type: String?

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
    package var details: EngineDetails {
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
package struct DockerRepositories: Decodable, Sendable {
    package var repositories: [String: [String: String]]?

    private enum CodingKeys: String, CodingKey {
        case repositories = "Repositories"
    }
}
