// SPDX-License-Identifier: Apache-2.0

import Advisories
package import ArgumentParser
import CommandOptions
import CommandTrees
import Console
import Glibc
import InventoryCache
import LayerStore
import OCI
import Objects

/// `cimg scan`: which known vulnerabilities the packages of objects have.
package struct ScanCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "scan", abstract: "Tell which known vulnerabilities an image or a container has.",
        discussion: """
            Judges what "cimg packages" finds by the advisories of "cimg db", without a network, and as trivy does: \
            packages of the distribution by its own advisories, those of languages that no package of the distribution \
            owns by theirs. A running container is scanned as it is; --changed judges only what differs from its image.

            The table is trivy's, with the layer that brought each package where there are several, and whether that is \
            one of the base image: the largest image of the store that this one goes on from, else what its history \
            tells. The JSON is trivy's schema 2, with the same and with what else of a package's version is there. Of several objects each gets one line, or a line of JSON. The age of the advisories is told on \
            standard error, and so is a distribution past its end. What could not be judged is never told as "nothing \
            found": a distribution that the database does not know, a damaged record or a damaged database is told, and \
            the exit status is 2.

            .trivyignore has an identifier a line, perhaps with exp:2026-01-31 behind it; .trivyignore.yaml may name \
            paths and packages too.

            sbom:FILE is a bill of materials, CycloneDX or SPDX in JSON, by any tool: what its package URLs name is judged. \
            --sbom attached takes the one that an image has beside it in its registry, only where the policy demands a \
            signature of it and has one; --sbom auto does that where there is such one.

            \(OpenedTree.help)

            Examples:

              cimg scan --severity HIGH,CRITICAL localhost:5000/python:alpine
              cimg scan --exit-code 1 --ignore-unfixed app:1
              cimg scan my_container --changed
              cimg scan --format sarif -o app.sarif app:1
              cimg scan --all
              cimg scan --repository localhost:5000/app
              cimg scan sbom:app.cdx.json

            Exit status: 0 scanned, 2 trouble; with --exit-code N that where something was found, and with \
            --exit-on-eol N that where the distribution is past its end.
            """)

    /// The formats of reports.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table, json, sarif, cyclonedx
    }

    @OptionGroup var store: StoreOptions

    @OptionGroup var policy: PolicyOptions

    @OptionGroup var registry: RegistryOptions

    @Option(help: ArgumentHelp("The platform to take of several.", valueName: "os/arch[/variant]"))
    var platform: String?

    @OptionGroup var findings: ScanOptions

    @Option(name: .shortAndLong, help: "table, json, sarif or cyclonedx.")
    var format: Format?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Write to this file.", valueName: "file"), completion: .file())
    var output: String?

    @Option(help: ArgumentHelp("The exit status where something was found.", valueName: "number"))
    var exitCode: Int32 = 0

    @Option(help: ArgumentHelp("The exit status where a distribution is past its end.", valueName: "number"))
    var exitOnEol: Int32 = 0

    @Flag(help: "Tell in JSON also what the ignore file and statements left out.")
    var showSuppressed = false

    @Flag(help: "Judge only what a container has else than its image.")
    var changed = false

    @Option(
        help: ArgumentHelp(
            "Judge the bill of materials that an image has beside it in its registry, if it verifies: attached, or auto "
                + "(the image where there is none).", valueName: "origin"))
    var sbom: ScannedBill.Origin?

    @OptionGroup var fleet: FleetOptions

    @Argument(help: ArgumentHelp("The objects.", valueName: "object"))
    var objects: [String] = []

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            try refuse(together: [("--changed", changed), ("--sbom", sbom != nil)])
            var finder = ObjectFinder(in: try policy.place(store))
            finder.platform = try platform.map { try Platform(parsing: $0) }
            finder.directoryHint = "./"
            finder.client = registry.client
            let listed = try fleet.names(store, client: registry.client)
            let names = objects + listed.names
            guard !names.isEmpty || fleet.isFleet else {
                throw CommandError("no object is named; --all takes the images of the store")
            }
            let isSingle = names.count == 1 && !fleet.isFleet
            if !isSingle, format == .sarif || format == .cyclonedx {
                throw CommandError("--format \(format?.rawValue ?? ""): is of one object; name one")
            }
            let now = Moment(seconds: Int64(time(nil)))
            let advisories = try AdvisoryFolder.open(findings.db, of: finder.place)
            StandardError.print("cimg: \(advisories.age(at: now))")
            if advisories.isOld(at: now) {
                StandardError.print(
                    "cimg: what was found since then is not told; \"cimg db update\" fetches newer ones")
            }
            var report = ScanReport(
                format: format ?? (isSingle ? .table : nil), severities: try findings.severities(),
                showsSuppressed: showSuppressed, isSingle: isSingle)
            for problem in listed.problems { report.fail(problem) }
            let scanning = Scanning(
                finder: finder, advisories: advisories, filter: try findings.filter(),
                types: try findings.packageTypes(), changedOnly: changed, now: now,
                known: changed ? nil : BaseImage.known(in: finder.place),
                memory: finder.place.isMade ? InventoryFolder(ofStore: try finder.place.openStore().path) : nil,
                bills: sbom)
            if changed, let bill = names.first(where: { ScannedBill.file($0) != nil }) {
                throw CommandError("\(bill.printable): --changed is of a container; a bill of materials has no changes")
            }
            for name in names {
                // One object that cannot be opened does not hide what the others say.
                do {
                    try report.take(try scanning.scan(name))
                } catch  where !isSingle {
                    report.fail("\"\(name.printable)\": \(error)")
                }
            }
            try OutputFile.write(report.bytes, to: output)
            if report.hasTrouble { throw ExitCode(2) }
            if report.isEnded, exitOnEol != 0 { throw ExitCode(exitOnEol) }
            if report.isFound, exitCode != 0 { throw ExitCode(exitCode) }
        }
    }
}
