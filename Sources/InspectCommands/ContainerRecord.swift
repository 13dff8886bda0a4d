// SPDX-License-Identifier: Apache-2.0

import CommandOptions
import Console
import EngineRecords
import Engines
import OCI
import Objects
import SystemPackage
import Templates

/// What templates see of a container: the fields of `docker inspect` and `podman inspect` that its engine's files tell.
struct ContainerRecord {
    private let container: EngineContainer
    private let status: EngineStatus
    private let details: EngineDetails
    private let mounts: [EngineMount]
    private let layers: EngineLayers?

    /// Asks the engine's files for what a template mentions.
    ///
    /// - Throws: `EngineError` for what is needed and cannot be read.
    init(_ container: EngineContainer, for format: String) throws(EngineError) {
        self.container = container
        status = container.status()
        details = try container.details()
        let isWhole = format.contains("json") || format.contains("{{.}}")
        mounts = isWhole || format.contains("Mounts") ? try container.mounts() : []
        layers = isWhole || format.contains("GraphDriver") ? try container.layers() : nil
    }

    /// The fields.
    var value: TemplateValue {
        var record = TemplateRecord([
            ("Id", .string(container.id)), ("Name", .string(container.names.first ?? container.qualifiedName)),
            ("Created", .string(container.created ?? "")), ("Path", .string(details.command.first ?? "")),
            ("Args", .strings(Array(details.command.dropFirst()))), ("Image", .string(container.imageID ?? "")),
            ("ImageName", .string(container.imageName ?? "")), ("State", .record(state)), ("Config", .record(config)),
            ("Mounts", .list(mounts.map(Self.mount))), ("NetworkSettings", .record([("Ports", ports)])),
            (
                "GraphDriver",
                .record([
                    (
                        "Data",
                        .record([
                            ("LowerDir", .string((layers?.lowers ?? []).map(\.path.string).joined(separator: ":"))),
                            ("UpperDir", .string(layers?.upper?.path.string ?? "")),
                        ])
                    )
                ])
            ),
            ("Engine", .string(container.engine.rawValue)), ("Names", .strings(container.names)),
        ])
        record.aliases = [.init("ID", .string(container.id)), .init("Pid", .integer(Int64(status.process ?? 0)))]
        return .record(record)
    }

    private var state: TemplateRecord {
        let started = status.process.flatMap { Engines.startTime(of: $0) }
        return TemplateRecord([
            ("Status", .string(status.state.engineWord)),
            ("Running", .bool(status.state == .running || status.state == .paused)),
            ("Paused", .bool(status.state == .paused)), ("Pid", .integer(Int64(status.process ?? 0))),
            ("StartedAt", .string(started.map { FamiliarText.time(Moment(seconds: $0)) } ?? "")),
        ])
    }

    private var config: TemplateRecord {
        TemplateRecord([
            ("Image", .string(container.imageName ?? "")), ("User", .string(details.user ?? "")),
            ("Cmd", .strings(details.command)), ("WorkingDir", .string(details.workingDirectory ?? "")),
            ("Labels", .strings(details.labels)),
        ])
    }

    private static func mount(_ mount: EngineMount) -> TemplateValue {
        .record([
            ("Type", .string(mount.kind.rawValue)), ("Name", .string(mount.name ?? "")),
            ("Source", .string(mount.source?.string ?? "")), ("Destination", .string(mount.destination.string)),
            ("RW", .bool(!mount.isReadOnly)),
        ])
    }

    /// The ports as docker has them: where each is reached from outside.
    private var ports: TemplateValue {
        var ports: [String: [TemplateValue]] = [:]
        for port in details.ports {
            let name = "\(port.container)/\(port.transport)"
            ports[name, default: []] +=
                port.host.map { host in
                    [.record([("HostIp", .string(port.hostAddress ?? "")), ("HostPort", .string("\(host)"))])]
                } ?? []
        }
        return .map(TemplateMap(ports.mapValues { $0.isEmpty ? .nilList : .list($0) }))
    }
}
