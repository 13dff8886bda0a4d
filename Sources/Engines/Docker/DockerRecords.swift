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

    private enum CodingKeys: String, CodingKey {
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

        private enum CodingKeys: String, CodingKey {
            case image = "Image"
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

/// `repositories.json`: images by their names.
struct DockerRepositories: Decodable, Sendable {
    var repositories: [String: [String: String]]?

    private enum CodingKeys: String, CodingKey {
        case repositories = "Repositories"
    }
}
