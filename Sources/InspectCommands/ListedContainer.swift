// SPDX-License-Identifier: Apache-2.0

import Console
import EngineRecords
import Engines
import OCI
import Objects

/// A container as `cimg ps` lists it.
struct ListedContainer {
    /// The container.
    let container: EngineContainer
    /// Its state at the moment of listing.
    let status: EngineStatus
    /// What it was asked to be.
    let details: EngineDetails
    /// When its process started, in seconds since 1970; nil where none runs.
    let started: Int64?

    /// Asks the engine's files.
    ///
    /// - Parameter problems: gets what could not be read; the container is listed without it.
    init(_ container: EngineContainer, _ problems: inout [EngineError]) {
        self.container = container
        status = container.status()
        started = status.process.flatMap { Engines.startTime(of: $0) }
        do throws(EngineError) {
            details = try container.details()
        } catch {
            details = EngineDetails()
            problems.append(error)
        }
    }

    /// The heads of the columns.
    static let headings = ["NAME", "ID", "IMAGE", "COMMAND", "STATE", "PID", "SINCE", "PORTS"]
    private static let commandLimit = 24

    /// What may be cut of the columns where they are too wide.
    static let cuts: [TextTable.Cut] = [
        .end(7, least: 6), .end(6, least: 17), .end(3, least: 8), .start(2, least: 12), .end(6, least: 11),
    ]

    /// The columns: since when it runs, or when it was made.
    func cells(isShort: Bool) -> [String] {
        var command = details.command.map(\.printable).joined(separator: " ")
        if isShort, command.count > Self.commandLimit {
            command = command.prefix(Self.commandLimit - 1) + StandardOutput.ellipsis
        }
        return [
            container.qualifiedName, container.shortID.printable,
            (container.imageName ?? container.imageID.map { String($0.prefix(12)) } ?? "-").printable,
            command.isEmpty ? "-" : command, status.state.rawValue, status.process.map { "\($0)" } ?? "-",
            since,
            details.ports.map(\.description).joined(separator: ", "),
        ]
    }

    private var since: String {
        if let time = started ?? container.created.flatMap({ Moment(parsing: $0)?.seconds }) {
            return TextTable.localDate(time)
        }
        return String((container.created ?? "-").printable.prefix(19))
    }

    /// For programs.
    static func json(_ rows: [ListedContainer]) -> [UInt8] {
        var text = JSONText()
        text.beginArray()
        for row in rows { row.write(to: &text) }
        text.endArray()
        return text.bytes
    }

    private func write(to text: inout JSONText) {
        text.beginObject()
        for (key, value) in [
            ("name", container.qualifiedName), ("engine", container.engine.rawValue), ("maker", container.maker),
            ("namespace", container.namespace), ("id", container.id), ("image", container.imageName),
            ("image_id", container.imageID), ("created", container.created), ("state", status.state.rawValue),
        ] as [(String, String?)] {
            text.key(key)
            text.optional(value)
        }
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
        text.key("pid")
        if let process = status.process { text.number(process) } else { text.null() }
        text.key("started")
        if let started { text.number(started) } else { text.null() }
        text.key("storage")
        text.string("\(container.storage)")
        text.endObject()
    }
}

/// Conditions on listed containers.
struct ContainerFilter {
    private var words: [String: [String]] = [:]

    /// Parses `WORD=TEXT` each.
    init(parsing texts: [String]) throws {
        let names = [
            "name": "name", "id": "id", "image": "image", "ancestor": "image", "state": "state", "status": "state",
            "engine": "engine", "label": "label",
        ]
        for text in texts {
            guard let sign = text.firstIndex(of: "="), let word = names[String(text[..<sign])] else {
                throw CommandError(
                    "--filter \"\(text.printable)\": write WORD=TEXT, where WORD is one of name, id, image, state, "
                        + "engine, label")
            }
            words[word, default: []].append(String(text[text.index(after: sign)...]))
        }
    }

    /// Whether a container fits.
    func fits(_ row: ListedContainer) -> Bool {
        words.allSatisfy { word, texts in texts.contains { fits(row, word, $0) } }
    }

    private func fits(_ row: ListedContainer, _ word: String, _ text: String) -> Bool {
        let container = row.container
        switch word {
        case "name": return (container.names + [container.qualifiedName]).contains { $0.contains(text) }
        case "id": return container.id.hasPrefix(text)
        case "image":
            return container.imageName?.contains(text) == true || container.imageID?.hasPrefix(text) == true
        // What engines call exited is stopped here.
        case "state": return row.status.state.rawValue == (text == "exited" ? "stopped" : text)
        case "engine": return container.engine.rawValue == text
        default:
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard let key = parts.first, let value = row.details.labels[key] else { return false }
            return parts.count == 1 || value == parts[1]
        }
    }
}
