// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Console
import Engines
import OCI
import Objects

/// `cimg ps`: lists the containers of this machine's engines.
package struct PsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ps", abstract: "List the containers of this machine's engines.",
        discussion: """
            Reads the storage of podman, buildah, CRI-O, Docker and containerd; the engines need not run. As a plain \
            user: your own containers, and of the others those that you may read. NAME is what the other commands \
            take.

            Examples:

              cimg ps
              cimg ps --json | jq -r '.[] | select(.state == "running").name'

            Exit status: 0 listed, 2 an engine's storage cannot be read; what can be is listed.
            """)

    @Flag(help: "Print a JSON array.")
    var json = false

    @Flag(name: [.customShort("q"), .long], help: "Print names only.")
    var quiet = false

    @Flag(name: [.customShort("n"), .long], help: "Print no headings.")
    var noheading = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            try refuse(together: [("--json", json), ("--quiet", quiet)])
            let listing = MachineEngines().containers
            let rows = listing.items.map { ($0, $0.status()) }
            if json {
                try StandardOutput.write(Self.json(rows))
            } else if quiet {
                try StandardOutput.write(rows.map { "\($0.0.qualifiedName)\n" }.joined())
            } else {
                try StandardOutput.write(Self.table(rows, withHeadings: !noheading))
            }
            // Storages of others are no trouble to a plain user who has asked for none of them by name.
            let problems = listing.problems.filter { !$0.isPermission }
            for problem in problems.prefix(10) { StandardError.print("cimg: \(problem)") }
            if problems.count > 10 { StandardError.print("cimg: \(problems.count - 10) more such problems") }
            if !problems.isEmpty { throw ExitCode(2) }
        }
    }

    private typealias Row = (container: EngineContainer, status: EngineStatus)

    private static func table(_ rows: [Row], withHeadings: Bool) -> String {
        let headings = withHeadings ? [["NAME", "ID", "IMAGE", "STATE", "PID", "CREATED"]] : []
        return TextTable.text(
            headings
                + rows.map { container, status in
                    [
                        container.qualifiedName, container.shortID.printable,
                        (container.imageName ?? container.imageID.map { String($0.prefix(12)) } ?? "-").printable,
                        status.state.rawValue, status.process.map { "\($0)" } ?? "-",
                        String((container.created ?? "-").printable.prefix(19)),
                    ]
                })
    }

    private static func json(_ rows: [Row]) -> [UInt8] {
        var text = JSONText()
        text.beginArray()
        for (container, status) in rows {
            text.beginObject()
            for (key, value) in [
                ("name", container.qualifiedName), ("engine", container.engine.rawValue), ("maker", container.maker),
                ("namespace", container.namespace), ("id", container.id), ("image", container.imageName),
                ("image_id", container.imageID), ("created", container.created), ("state", status.state.rawValue),
            ] as [(String, String?)] {
                text.key(key)
                text.optional(value)
            }
            text.key("names")
            text.beginArray()
            for name in container.names { text.string(name) }
            text.endArray()
            text.key("pid")
            if let process = status.process { text.number(process) } else { text.null() }
            text.key("storage")
            text.string("\(container.storage)")
            text.endObject()
        }
        text.endArray()
        return text.bytes
    }
}
