// SPDX-License-Identifier: Apache-2.0

import CommandOptions
import EngineRecords
import Engines
import Glibc
import OCI
import Objects
import SystemPackage
import Templates

extension EngineState {
    /// The state as engines call it.
    var engineWord: String { self == .stopped ? "exited" : rawValue }
}

extension ListedContainer {
    /// Headings of tables, as docker has them.
    static let templateHeadings = [
        "ID": "CONTAINER ID", "CreatedAt": "CREATED AT", "RunningFor": "CREATED", "CreatedSince": "CREATED",
        "ImageID": "IMAGE ID",
    ]

    /// What is mounted in the container.
    ///
    /// - Parameter problems: gets what could not be read; nil then.
    func mounts(_ problems: inout [EngineError]) -> [EngineMount]? {
        do throws(EngineError) {
            return try container.mounts()
        } catch {
            problems.append(error)
            return nil
        }
    }

    /// What templates see of a listed container: docker's and podman's fields, and what else `cimg ps` lists.
    ///
    /// - Parameter mounts: where in the container something is mounted; nil where it was not asked for.
    func templateValue(isShort: Bool, mounts: [EngineMount]?) -> TemplateValue {
        let now = Moment(seconds: Int64(time(nil)))
        let made = container.created.flatMap { Moment(parsing: $0) }
        let age = made.map { $0.age(at: now) + " ago" } ?? "N/A"
        var up = ""
        switch status.state {
        case .running: up = started.map { "Up " + Moment(seconds: $0).age(at: now) } ?? "Up"
        case .paused: up = (started.map { "Up " + Moment(seconds: $0).age(at: now) } ?? "Up") + " (Paused)"
        default: up = status.state.engineWord.prefix(1).uppercased() + status.state.engineWord.dropFirst()
        }
        var record = TemplateRecord([
            ("ID", .string(isShort ? container.shortID : container.id)),
            ("Names", .string(container.names.joined(separator: ","))), ("Name", .string(container.qualifiedName)),
            ("Image", .string(container.imageName ?? container.imageID ?? "")),
            ("ImageID", .string(container.imageID ?? "")),
            ("Command", .string(details.command.joined(separator: " "))),
            ("CreatedAt", .string(made.map { FamiliarText.time($0) } ?? container.created ?? "")),
            ("RunningFor", .string(age)), ("State", .string(status.state.engineWord)), ("Status", .string(up)),
            ("Ports", .string(details.ports.map(\.description).joined(separator: ", "))),
            (
                "Mounts",
                mounts.map { .string($0.map { $0.name ?? $0.source?.string ?? "" }.joined(separator: ",")) } ?? .none
            ),
            ("Labels", .strings(details.labels)), ("Pid", .integer(Int64(status.process ?? 0))),
            ("Engine", .string(container.engine.rawValue)), ("Namespace", .string(container.namespace ?? "")),
        ])
        record.aliases = [
            .init("Id", .string(container.id)), .init("PID", .integer(Int64(status.process ?? 0))),
            .init("Created", .string(age)), .init("CreatedSince", .string(age)),
            .init("Label", .strings(details.labels)),
        ]
        return .record(record)
    }
}
