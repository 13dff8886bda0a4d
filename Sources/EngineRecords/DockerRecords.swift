// SPDX-License-Identifier: Apache-2.0

/// What is needed of a container's `config.v2.json`.
package struct DockerContainerRecord: Decodable, Sendable {
    /// The identifier, 64 hexadecimal digits.
    package var id: String?
    /// When it was made, as RFC 3339 writes it.
    package var created: String?
    /// Its name.
    package var name: String?
    /// The image that it was made of.
    package var image: String?
    /// The storage driver.
    package var driver: String?
    /// The label of its files.
    package var mountLabel: String?
    /// The label of its processes.
    package var processLabel: String?
    /// What it was asked to be.
    package var config: Config?
    /// What it is doing.
    package var state: State?
    /// What is mounted in it, by destination.
    package var mountPoints: [String: MountPoint]?
    /// The program that it starts.
    package var path: String?
    /// Its arguments.
    package var args: [String]?
    /// How it is reached.
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

    /// What a container was asked to be.
    package struct Config: Decodable, Sendable {
        /// The image that it was made of.
        package var image: String?
        /// The user that it runs as.
        package var user: String?
        /// The directory that it starts in.
        package var workingDir: String?
        /// Its labels.
        package var labels: [String: String]?
        /// The ports that its image names, as `80/tcp`.
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

    /// How a container is reached.
    package struct NetworkSettings: Decodable, Sendable {
        /// Where its ports are published, by `80/tcp`.
        package var ports: [String: [Binding]?]?

        private enum CodingKeys: String, CodingKey {
            case ports = "Ports"
        }
    }

    /// Where a port is published.
    package struct Binding: Decodable, Sendable {
        /// The host's address.
        package var hostIP: String?
        /// The host's port.
        package var hostPort: String?

        private enum CodingKeys: String, CodingKey {
            case hostIP = "HostIp"
            case hostPort = "HostPort"
        }
    }

    /// What a container is doing.
    package struct State: Decodable, Sendable {
        /// Whether it runs.
        package var running: Bool?
        /// Whether it is held.
        package var paused: Bool?
        /// Its first process.
        package var pid: Int64?
        /// When it started last.
        package var startedAt: String?

        private enum CodingKeys: String, CodingKey {
            case running = "Running"
            case paused = "Paused"
            case pid = "Pid"
            case startedAt = "StartedAt"
        }
    }

    /// What is mounted in a container.
    package struct MountPoint: Decodable, Sendable {
        /// The directory or file outside.
        package var source: String?
        /// Where it is in the container.
        package var destination: String?
        /// Whether it can be written to.
        package var readWrite: Bool?
        /// Its name.
        package var name: String?
        /// `bind` or `volume`.
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
    /// Images by repository, and by name in it.
    package var repositories: [String: [String: String]]?

    private enum CodingKeys: String, CodingKey {
        case repositories = "Repositories"
    }
}
