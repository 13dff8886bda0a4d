// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import Engines
import Glibc
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

            --format takes docker's templates with the fields ID, Names, Name, Image, ImageID, Command, CreatedAt, \
            RunningFor, State, Status, Ports, Mounts, Labels, Pid, Engine and Namespace; cimg-templates(7) tells all.

            Examples:

              cimg ps
              cimg ps --filter state=running --filter image=alpine
              cimg ps --all-users
              cimg ps --json | jq -r '.[] | select(.state == "running").name'

            Exit status: 0 listed, 2 an engine's storage cannot be read; what can be is listed.
            """)

    @Flag(help: "Print a JSON array.")
    var json = false

    @Flag(name: [.customShort("q"), .long], help: "Print names only.")
    var quiet = false

    @Flag(name: [.customShort("n"), .long], help: "Print no headings.")
    var noheading = false

    @Flag(name: .shortAndLong, help: ArgumentHelp("All are listed always; other tools need this.", visibility: .hidden))
    var all = false

    @Flag(help: "List the containers of all users (as root).")
    var allUsers = false

    @Flag(help: "Shorten neither commands nor what is too wide for the terminal.")
    var noTrunc = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Only containers that fit: name, id, image (ancestor), state (status), engine, label. Several of one word: "
                + "one must fit; of several words: each.", valueName: "word=text"))
    var filter: [String] = []

    @Option(
        help: ArgumentHelp(
            "A Go template for each container: {{.Names}} {{.Status}}; \"table \" before it makes a table.",
            valueName: "template"))
    var format: String?

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            try refuse(together: [("--json", json), ("--quiet", quiet), ("--format", format != nil)])
            let template = try format.map { try FormatOption($0, headings: ListedContainer.templateHeadings) }
            let filters = try ContainerFilter(parsing: filter)
            if allUsers, geteuid() != 0 { throw CommandError("--all-users: only root may look into those of others") }
            let listings = ([MachineEngines()] + (allUsers ? MachineEngines.ofAllUsers() : [])).map(\.containers)
            var problems = listings.flatMap(\.problems)
            let rows = listings.flatMap(\.items).map { ListedContainer($0, &problems) }.filter { filters.fits($0) }
            if let template {
                let needsMounts = template.mentions("Mounts")
                let values = rows.map { row in
                    row.templateValue(isShort: !noTrunc, mounts: needsMounts ? row.mounts(&problems) : nil)
                }
                try StandardOutput.write(template.lines(values))
            } else if json {
                try StandardOutput.write(ListedContainer.json(rows))
            } else if quiet {
                try StandardOutput.write(rows.map { "\($0.container.qualifiedName)\n" }.joined())
            } else {
                let headings = noheading ? [] : [ListedContainer.headings]
                try StandardOutput.write(
                    TextTable.text(
                        headings + rows.map { $0.cells(isShort: !noTrunc) },
                        columns: noTrunc ? nil : StandardOutput.columns, cuts: ListedContainer.cuts))
            }
            // Storages of others are no trouble to a plain user who has asked for none of them by name.
            problems.removeAll(where: \.isPermission)
            for problem in problems.prefix(10) { StandardError.print("cimg: \(problem)") }
            if problems.count > 10 { StandardError.print("cimg: \(problems.count - 10) more such problems") }
            if !problems.isEmpty { throw ExitCode(2) }
        }
    }
}
