// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import CommandTrees
import Console
import LinuxIO
import OCI
import Objects
import PackageCommands
import ScanCommands
import SystemPackage
import Threads
package import TreeDiff

/// `cimg diff`: what differs between two trees.
package struct DiffCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what differs between two images, containers or directories.",
        usage: "cimg diff [<options>] <left> [<right>] [-- <path> ...]",
        discussion: """
            Prints one line for each path that is only in RIGHT (A), only in LEFT (D) or in both but changed (C), with \
            the reasons behind a C, and behind an A the mode of a file that sets the user or group, and its capabilities. The order is that of the paths' bytes, what is below a directory right after it.

            A directory is changed if its own owner, mode or attributes are, not because something below it is. \
            All that is below an added or removed directory is listed too. A file of another type is changed in its \
            type alone. Equal bytes are never a changed content, whatever else differs. Times count only with --times.

            A container is compared as it is, running or not; alone, it is compared with its image. Where both sides \
            have the same layers these are not read, only what lies on top. What the engine itself puts into each \
            container, such as an empty /etc/hosts, is not shown without --engine-files.

            The directory of a writable mount, alone, is compared with what lies below its upper; upper:DIR is the \
            image on the left with what the upper directory DIR has on top, mounted or not.

            \(ObjectFinder.help)

            Examples:

              cimg diff alpine-old alpine-new
              cimg diff my_container
              cimg diff alpine-new docker:web
              cimg diff --json oci:images/alpine:3.19 alpine-new -- /etc /usr/bin
              cimg diff alpine-new /mnt/unpacked
              cimg diff /mnt/w
              cimg diff alpine upper:changes
              cimg diff --packages my_container
              cimg diff --all my_container
              cimg diff --format html web:1 web:2 > changes.html
              cimg diff --text alpine-old alpine-new -- /etc
              cimg diff my_container:/etc ./etc-as-it-should-be

            --packages compares what is installed: A, D, or C with both versions, told as an upgrade or a downgrade \
            in the order of the package's own tool, or as rebuilt where the version is the same; then the source and the layer. --vulnerabilities tells which are \
            gone (D) and which are new (A). Where neither side has a record of any package this is told, and is trouble but for \
            sides in which nothing could be run: they have no packages.

            --text prints the lines that differ. Of programs, certificates, archives, JSON and databases of packages it \
            compares what they say, and names the form behind the file.

            --all compares everything and prints one report: a summary, configurations and histories of two images, \
            packages with those that were rebuilt, vulnerabilities where there are advisories, files with those that \
            moved and the lines that differ, and what is unexplained: changed files that no changed package owns.

            A side may be a directory of an object, OBJECT:/PATH: then the paths below it are compared. \
            With --renames a file that is gone and one that is new with the same bytes are one line, R; with --text the \
            lines that differ follow each change, of files compressed with gzip or zstd those that are in them.

            With --as ENGINE images are compared as that engine would unpack them; one image alone is compared with what the \
            specification makes of it.

            --format html makes of what --all compares one page with a map of sizes, filters and the lines that differ: it \
            holds all that it shows, fetches nothing, and no name in it is more than text.

            On a terminal it is coloured, unless NO_COLOR is set, and longer ones go through the pager of $CIMG_PAGER or \
            $PAGER, else less.

            The fields: \(ChangedFields.allNames.joined(separator: ", ")).

            Exit status: 0 nothing differs, 1 something does, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var objectOptions: ObjectOptions

    @OptionGroup var unpacking: UnpackingOptions

    @Argument(help: "What was: an image, a container, or a directory, written with a leading / or ./.")
    var left: String

    @Argument(help: "What is; without it, LEFT is a container or the directory of a writable mount.")
    var right: String?

    @Argument(parsing: .postTerminator, help: "After --: compare these paths and what is below them only.")
    var paths: [String] = []

    @Flag(help: "Print one JSON object.")
    var json = false

    @Option(help: ArgumentHelp("The form: text, json, html (one page of all respects).", valueName: "form"))
    var format: DiffForm?

    @Flag(help: "Print a table of counts and sizes instead of paths.")
    var stat = false

    @Flag(help: "Print paths only.")
    var namesOnly = false

    @Flag(help: "Compare the packages that are installed, instead of files.")
    var packages = false

    @Flag(help: "Compare the known vulnerabilities, by the advisories of \"cimg db\", instead of files.")
    var vulnerabilities = false

    @Option(help: ArgumentHelp("Another database for --vulnerabilities.", valueName: "path"))
    var db: String?

    @Flag(help: "Print the lines that differ in texts behind each change, as diff -u does.")
    var text = false

    @Flag(help: "Tell files that moved, with the same bytes, as one: R.")
    var renames = false

    @Flag(help: "Compare the configurations of two images, key by key, instead of their files.")
    var config = false

    @Flag(help: "Compare how two images were made, layer by layer, instead of their files.")
    var history = false

    @OptionGroup var coloring: ColorOptions

    @Flag(help: "Compare everything: one report of all respects.")
    var all = false

    @Flag(help: "Show also what the engine put into a container for itself.")
    var engineFiles = false

    @Flag(help: "Read the layers of a container even if its engine says that they are those of the image.")
    var full = false

    @Flag(help: "Let times of modification count as changes.")
    var times = false

    @Option(help: ArgumentHelp("Fields that do not make a change, separated by commas.", valueName: "field,..."))
    var ignore: [String] = []

    @Option(help: ArgumentHelp("The only fields that make a change, separated by commas.", valueName: "field,..."))
    var only: [String] = []

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        let differs: Bool
        do {
            differs = try compare()
        } catch let code as ExitCode {
            throw code
        } catch let error as Errno where error == .brokenPipe {
            // Whoever reads has seen enough. Something was printed, so something differs.
            differs = true
        } catch {
            let names = (right == nil ? "the image of \(left)" : left, right ?? left)
            let text = "cimg: \(DiffError.text(error, left: names.0, right: names.1))\n"
            // Nobody is left to be told if this fails.
            _ = try? FileDescriptor.standardError.writeAll(text.utf8)
            throw ExitCode(2)
        }
        if differs { throw ExitCode(1) }
    }

    private func compare() throws -> Bool {
        let output = DiffOutput(
            coloring, isMachineRead: json || format == .json || format == .html, hasChanges: !stat && !namesOnly)
        defer { output.finish() }
        return try compare(to: output)
    }

    private func compare(to output: DiffOutput) throws -> Bool {
        try refuse(together: [("--json", json), ("--format", format != nil)])
        let json = json || format == .json
        let outputs = [
            ("--format html", format == .html),
            ("--json", json && !config), ("--stat", stat), ("--names-only", namesOnly), ("--text", text),
            ("--config", config), ("--history", history),
        ].filter(\.1)
        let wholes = [("--packages", packages), ("--vulnerabilities", vulnerabilities), ("--all", all)]
        for (name, isGiven) in wholes where isGiven {
            let fitting = name == "--all" ? ["--json", "--format html"] : ["--json"]
            guard let other = outputs.first(where: { !fitting.contains($0.0) })?.0 else { continue }
            throw DiffError.conflictingOutputs(name, other)
        }
        let chosen = wholes.filter(\.1).map(\.0)
        if chosen.count > 1 { throw DiffError.conflictingOutputs(chosen[0], chosen[1]) }
        if outputs.count > 1 { throw DiffError.conflictingOutputs(outputs[0].0, outputs[1].0) }
        let fields = try Self.fields(times: times, ignore: ignore, only: only)
        var finder = try objectOptions.finder(store)
        unpacking.apply(to: &finder)
        try refuse(together: [("--as", unpacking.isGiven), ("--config", config || history)])
        if config || history { return try compareDocuments(json, in: finder, to: output) }
        let failures = TextComparison.Failures()
        let pair = try DiffPair.rooted(left, right, in: finder, readsAll: full, showsAll: engineFiles)
        if packages { return try comparePackages(pair, in: finder, json, to: output) }
        if vulnerabilities { return try compareVulnerabilities(pair, json, in: finder) }
        let options = ComparisonOptions(
            fields: fields.subtracting(pair.incomparable), paths: RawArguments.bytes(of: paths),
            threadCount: Processors.count)
        if all || format == .html { return try compareAll(pair, in: finder, options, to: output) }
        let stopwatch = Stopwatch()
        let differs = try report(
            left: pair.left, right: pair.right, options: options, as: reporter(fields, failures, json),
            showing: { engineFiles || pair.isShown($0) }, write: output.write)
        store.tell("compared in \(stopwatch)")
        for line in failures.lines { StandardError.print("cimg: \(line)") }
        if !failures.lines.isEmpty { throw ExitCode(2) }
        return differs
    }

    private func compareAll(
        _ pair: DiffPair, in finder: ObjectFinder, _ options: ComparisonOptions, to output: DiffOutput
    ) throws -> Bool {
        let stopwatch = Stopwatch()
        let isParts = [left, right ?? ""].contains { ObjectPath($0) != nil }
        let whole = try WholeDifference(
            pair, in: finder,
            .init(
                options: options, isShown: { engineFiles || pair.isShown($0) }, db: db,
                images: isParts ? nil : right.map { (left, $0) }))
        store.tell("compared in \(stopwatch)")
        let report = WholeReport(whole)
        try output.write(
            format == .html ? report.page() : json || format == .json ? report.json() : report.text())
        for gap in whole.untoldGaps { StandardError.print("cimg: \(gap)") }
        if !whole.gaps.isEmpty { throw ExitCode(2) }
        return whole.differs
    }

    private func comparePackages(
        _ pair: DiffPair, in finder: ObjectFinder, _ json: Bool, to output: DiffOutput
    ) throws -> Bool {
        guard paths.isEmpty else { throw CommandError("--packages compares whole sides: it takes no paths") }
        let diff = try PackageDiff(pair, rememberedIn: finder.place)
        try output.write(json ? diff.json() : Array(diff.text().utf8))
        let isUnanswered = try diff.isUnanswered
        for line in diff.gaps(isUnanswered: isUnanswered) { StandardError.print("cimg: \(line)") }
        if diff.hasTrouble || isUnanswered { throw ExitCode(2) }
        return diff.differs
    }

    private func compareVulnerabilities(_ pair: DiffPair, _ json: Bool, in finder: ObjectFinder) throws -> Bool {
        guard paths.isEmpty else { throw CommandError("--vulnerabilities compares whole sides: it takes no paths") }
        let diff = try VulnerabilityDiff(pair, in: finder, db: db)
        try StandardOutput.write(json ? diff.json() : Array(diff.text().utf8))
        for gap in diff.gaps { StandardError.print("cimg: \(gap)") }
        if !diff.gaps.isEmpty { throw ExitCode(2) }
        return diff.differs
    }

    private func reporter(_ fields: ChangedFields, _ failures: TextComparison.Failures, _ json: Bool) -> any DiffReport
    {
        let format: any DiffReport
        if json {
            format = DiffJSON(compared: fields)
        } else if stat {
            format = DiffStat()
        } else if text {
            format = DiffContents(failures: failures)
        } else {
            format = DiffText(namesOnly: namesOnly)
        }
        return renames ? DiffRenames(format) : format
    }

    private func compareDocuments(_ json: Bool, in finder: ObjectFinder, to output: DiffOutput) throws -> Bool {
        guard let right else { throw CommandError("--config and --history compare two images: name both") }
        guard paths.isEmpty else { throw CommandError("--config and --history know no paths") }
        let images = (try finder.describe(left), try finder.describe(right))
        if history {
            let history = DiffHistory(images.0, images.1)
            try output.write(Array(history.text.utf8))
            return history.differs
        }
        let configuration = try DiffConfiguration(images.0, images.1)
        try output.write(json ? configuration.json : Array(configuration.text.utf8))
        return !configuration.differences.isEmpty
    }

    /// The fields to compare: those of `--only`, or all of them, without those of `--ignore`; times if asked for.
    package static func fields(times: Bool, ignore: [String], only: [String]) throws -> ChangedFields {
        func parse(_ lists: [String]) throws -> ChangedFields {
            try lists.flatMap { $0.split(separator: ",") }.reduce(into: []) { fields, name in
                guard let field = ChangedFields(name: name) else { throw DiffError.unknownField(String(name)) }
                fields.insert(field)
            }
        }
        var fields = only.isEmpty ? .timeless : try parse(only)
        if times { fields.insert(.mtime) }
        fields.subtract(try parse(ignore))
        if fields.isEmpty { throw DiffError.noFields }
        return fields
    }
}
