// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import InventoryCache
import LayerStore
import OCI

/// `cimg prune`: removes what no name needs.
package struct PruneCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove from the store what no name needs.",
        discussion: """
            Images without a name go, and what was derived of sources that were mounted or compared without being \
            imported, images of registries among them. What is mounted stays readable. With --filter until=24h only what \
            is older goes: what was looked at today need not be fetched again.

            Examples:

              cimg prune
              cimg rm alpine-old && cimg prune --json
              cimg prune --filter until=24h

            Exit status: 0 done, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Only what came before a time: until=DURATION, such as 90s, 30m, 24h, 7d.", valueName: "until=duration"))
    var filter: String?

    /// Makes the command for the parser.
    package init() {}

    /// The seconds of `until=24h`.
    private static func seconds(_ filter: String) throws -> Int64 {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        let text = filter.hasPrefix("until=") ? filter.dropFirst(6) : ""
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), count >= 0,
            case let (seconds, isTooLarge) = count.multipliedReportingOverflow(by: unit), !isTooLarge
        else {
            throw CommandError("--filter \"\(filter.printable)\": write until=DURATION, such as until=24h or until=7d")
        }
        return seconds
    }

    package mutating func run() throws {
        try reportingTrouble {
            let seconds = try filter.map(Self.seconds)
            let opened = try store.openExistingStore()
            var report = try opened.prune(keepingLast: seconds ?? 0)
            let lists = InventoryFolder.existing(opened.path)?.prune(
                unusedFor: seconds.map { Int($0) } ?? InventoryFolder.keepingTime)
            report.byteCount += lists?.byteCount ?? 0
            guard json else {
                let counts = [
                    (report.blobs, "blob"), (report.layers, "uncompressed layer"), (report.trees, "tree"),
                    (lists?.count ?? 0, "package list"),
                ].filter { $0.0 > 0 }.map { counted($0.0, $0.1) }.joined(separator: ", ")
                try StandardOutput.write(
                    counts.isEmpty ? "removed nothing\n" : "removed \(counts): \(TextTable.size(report.byteCount))\n")
                return
            }
            var text = JSONText()
            text.beginObject()
            for (key, value) in [
                ("blobs", UInt64(report.blobs)), ("layers", UInt64(report.layers)), ("trees", UInt64(report.trees)),
                ("bytes", report.byteCount), ("package_lists", UInt64(lists?.count ?? 0)),
            ] {
                text.key(key)
                text.number(value)
            }
            text.endObject()
            try StandardOutput.write(text.bytes)
        }
    }
}

/// `cimg fsck`: verifies the store.
package struct FsckCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "fsck", abstract: "Verify every digest of the store.",
        discussion: """
            Computes the digest of each blob and each uncompressed layer anew, makes each tree again from its layers \
            and compares it, and looks whether every image has all its parts.

            Examples:

              cimg fsck --verbose
              cimg fsck --repair; cimg import oci:images/alpine:3.20 alpine

            Exit status: 0 all is well, 1 something is damaged, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @Flag(help: "Remove what is damaged: derived data comes back by itself, a blob by another import.")
    var repair = false

    @Flag(help: "Print a JSON object.")
    var json = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let options = store
            let meter = ProgressMeter("verifying")
            let report = try meter.finishing {
                try store.openExistingStore().fsck(repairs: repair) { step in
                    if options.verbose { options.tell("\(step)") } else { meter.report("\(step)") }
                }
            }
            if json {
                try StandardOutput.write(Self.json(report))
            } else {
                try StandardOutput.write(
                    report.problems.map { "\($0)\n" }.joined()
                        + "\(counted(report.blobs, "blob")), \(counted(report.layers, "layer")), "
                        + "\(counted(report.trees, "tree")) verified: \(counted(report.problems.count, "problem"))\n")
            }
            if !report.problems.isEmpty { throw ExitCode(1) }
        }
    }

    private static func json(_ report: FsckReport) -> [UInt8] {
        var text = JSONText()
        text.beginObject()
        for (key, value) in [("blobs", report.blobs), ("layers", report.layers), ("trees", report.trees)] {
            text.key(key)
            text.number(value)
        }
        text.key("problems")
        text.beginArray()
        for problem in report.problems { text.string(problem) }
        text.endArray()
        text.endObject()
        return text.bytes
    }
}
