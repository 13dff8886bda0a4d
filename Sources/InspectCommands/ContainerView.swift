// SPDX-License-Identifier: Apache-2.0

import Console
import EngineRecords
import EngineTrees
import Engines
import FileTree
import LinuxIO
import OCI
import Objects
import OverlayLayers
import SystemPackage

/// What `inspect` prints of a container.
struct ContainerView {
    private let container: EngineContainer
    private let status: EngineStatus
    private let details: EngineDetails
    private let mounts: [EngineMount]
    private let layers: EngineLayers?
    private let upperByteCount: UInt64?
    private let columns: Int?
    /// What could not be read of it.
    let problems: [String]

    /// Asks the engine's files; what cannot be read of the container is a problem, and the rest is shown.
    ///
    /// - Parameter columns: how many tables may take; nil for any number.
    init(_ container: EngineContainer, columns: Int?) {
        self.container = container
        self.columns = columns
        status = container.status()
        var problems: [String] = []
        func read<Value>(_ work: () throws -> Value) -> Value? {
            do {
                return try work()
            } catch {
                problems.append("\(error)")
                return nil
            }
        }
        details = read { try container.details() } ?? EngineDetails()
        mounts = read { try container.mounts() } ?? []
        let layers = read { try container.layers() }
        self.layers = layers
        upperByteCount = layers?.upper.flatMap { upper in
            read {
                try EngineRights.take(for: [upper])
                return try UpperUsage.bytes(of: upper.open())
            }
        }
        self.problems = problems
    }

    /// For people.
    var text: String {
        var facts: [[String]] = [
            ["Name:", container.qualifiedName], ["ID:", container.id.printable],
            ["Engine:", "\(container.engine.rawValue) \(container.storage.string.printable)"],
            ["Image:", (container.imageName ?? "-").printable], ["Image ID:", (container.imageID ?? "-").printable],
            ["Created:", (container.created ?? "-").printable],
            ["State:", status.state.rawValue + (status.process.map { ", process \($0)" } ?? "")],
            ["Command:", Self.list(details.command)],
        ]
        if let user = details.user { facts.append(["User:", user.printable]) }
        if let directory = details.workingDirectory { facts.append(["WorkingDir:", directory.printable]) }
        if !details.ports.isEmpty {
            facts.append(["Ports:", details.ports.map(\.description).joined(separator: ", ")])
        }
        for (key, value) in details.labels.sorted(by: { $0.key < $1.key }) {
            facts.append(["Label:", "\(key.printable)=\(value.printable)"])
        }
        if let upper = layers?.upper {
            let size = upperByteCount.map { " (\(TextTable.size($0)))" } ?? ""
            facts.append(["Upper:", upper.path.string.printable + size])
        }
        let places = mounts.map { mount in
            [
                mount.destination.string.printable, mount.kind.rawValue, (mount.source?.string ?? "-").printable,
                mount.isReadOnly ? "ro" : "rw",
            ]
        }
        let layers = (layers?.lowers ?? []).map { layer in
            [layer.diffID.map { "\($0)" } ?? "-", layer.path.string.printable]
        }
        return TextTable.text(facts)
            + (places.isEmpty
                ? ""
                : "\n"
                    + table([["MOUNT", "KIND", "SOURCE", ""]] + places, [.start(2, least: 20), .start(0, least: 20)]))
            + (layers.isEmpty
                ? "" : "\n" + table([["LAYER", "DIRECTORY"]] + layers, [.end(0, least: 20), .start(1, least: 20)]))
    }

    private func table(_ rows: [[String]], _ cuts: [TextTable.Cut]) -> String {
        TextTable.text(rows, columns: columns, cuts: cuts)
    }

    /// Words as a JSON array: what is a word, and what a blank in one, is to be seen.
    private static func list(_ words: [String]) -> String {
        guard !words.isEmpty else { return "-" }
        var text = JSONText()
        text.line(words)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    /// For programs.
    var json: [UInt8] {
        var text = JSONText()
        text.beginObject()
        for (key, value) in [
            ("name", container.qualifiedName), ("engine", container.engine.rawValue), ("maker", container.maker),
            ("namespace", container.namespace), ("id", container.id), ("image", container.imageName),
            ("image_id", container.imageID), ("created", container.created), ("state", status.state.rawValue),
            ("user", details.user), ("working_dir", details.workingDirectory),
        ] as [(String, String?)] {
            text.key(key)
            text.optional(value)
        }
        text.key("pid")
        if let process = status.process { text.number(process) } else { text.null() }
        text.words(container.names, key: "names")
        text.words(details.command, key: "command")
        text.ports(details.ports)
        text.key("labels")
        text.beginObject()
        for (key, value) in details.labels.sorted(by: { $0.key < $1.key }) {
            text.key(key)
            text.string(value)
        }
        text.endObject()
        writeMounts(to: &text)
        writeLayers(to: &text)
        text.key("storage")
        text.string("\(container.storage)")
        text.endObject()
        return text.bytes
    }

    private func writeMounts(to text: inout JSONText) {
        text.key("mounts")
        text.beginArray()
        for mount in mounts {
            text.beginObject()
            text.key("kind")
            text.string(mount.kind.rawValue)
            text.key("destination")
            text.string(mount.destination.string)
            text.key("source")
            text.optional(mount.source?.string)
            text.key("name")
            text.optional(mount.name)
            text.key("read_only")
            text.bool(mount.isReadOnly)
            text.endObject()
        }
        text.endArray()
    }

    private func writeLayers(to text: inout JSONText) {
        text.key("layers")
        text.beginArray()
        for layer in layers?.lowers ?? [] {
            text.beginObject()
            text.key("diff_id")
            text.optional(layer.diffID.map { "\($0)" })
            text.key("directory")
            text.string(layer.path.string)
            text.endObject()
        }
        text.endArray()
        text.key("upper")
        text.optional(layers?.upper?.path.string)
        text.key("upper_bytes")
        if let upperByteCount { text.number(upperByteCount) } else { text.null() }
    }
}

extension JSONText {
    /// Writes the member `ports`.
    mutating func ports(_ ports: [EnginePort]) {
        key("ports")
        beginArray()
        for port in ports {
            beginObject()
            key("container")
            number(port.container)
            key("protocol")
            string(port.transport)
            key("host_ip")
            optional(port.hostAddress)
            key("host")
            if let host = port.host { number(host) } else { null() }
            endObject()
        }
        endArray()
    }
}
