// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Browsing
import CommandOptions
import CommandTrees
import Console
import OCI
import Objects
import Rebuilding

/// `cimg repro`: whether two builds of an image are the same, and why not.
package struct ReproCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "repro", abstract: "Tell whether two builds of an image are the same, and why not.",
        discussion: """
            Prints a verdict: identical (the same manifest), recompressed (the same tars and configuration), repackaged \
            (the same files with the same attributes, in other tars), retimed (only times, the history and logs differ), \
            relabelled (only configuration and annotations differ), explained (each difference has a cause that is \
            known), different. Then the causes, each with how many files it accounts for, an example by which it was \
            recognised, and what takes it away; then what has none.

            Recognised are times of files, packages in other versions, another base image (by its annotation, if the \
            store has both), logs, caches, days of passwords, keys, owners and modes that differ everywhere in the same \
            way, times in gzip, zip, tar and ar files and in Python's bytecode, build IDs of ELF files, the order of \
            lines, times and temporary names in texts. Files of more than 16 MiB are judged by their paths alone.

            --semantic counts no times, no history and no names of the image, as diffoci does; where nothing else differs \
            the verdict is equivalent, the nearest to identical, and --allow identical takes it. --report-dir writes both \
            sides' documents and the files that differ below a and b, for "diffoscope DIR/a DIR/b".

            \(ObjectFinder.help)

            Examples:

              cimg repro app:3 app:3-rebuilt
              cimg repro --allow retimed oci:first:app oci:second:app
              cimg repro --report-dir why app:3 app:3-rebuilt && diffoscope why/a why/b

            Exit status: 0 the verdict is --allow or nearer to identical, 1 it is not, 2 trouble.
            """)

    @OptionGroup var options: FinderOptions

    @Option(
        help: ArgumentHelp(
            "The verdict that is good enough: identical, equivalent, recompressed, repackaged, retimed, relabelled or explained.",
            valueName: "verdict"))
    var allow = "identical"

    @Flag(help: "Count no times, no history and no names of the image.")
    var semantic = false

    @Option(
        help: ArgumentHelp("A new directory that gets what differs, of both sides.", valueName: "dir"),
        completion: .directory)
    var reportDir: String?

    @Option(help: ArgumentHelp("How many files without a cause to print as text; 0 for all.", valueName: "n"))
    var limit = 20

    @Flag(help: "Print a JSON object.")
    var json = false

    @Argument(help: "The image.")
    var left: String

    @Argument(help: "The same image, built once more.")
    var right: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            guard let allowed = RebuildVerdict(rawValue: allow), allowed != .different else {
                let known = RebuildVerdict.allCases.dropLast().map(\.rawValue).joined(separator: ", ")
                throw CommandError("--allow \"\(allow.printable)\": none of \(known)")
            }
            guard limit >= 0 else { throw CommandError("--limit \(limit): is below 0") }
            let reproduction = try Reproduction((left, right), in: options.finder(), isSemantic: semantic)
            let report = ReproReport(names: (left, right), reproduction: reproduction, limit: limit)
            if let reportDir { try ReproDirectory.write(reproduction, report.json, to: reportDir) }
            try StandardOutput.write(json ? report.json : Array(report.text.utf8))
            for gap in reproduction.gaps { StandardError.print("cimg: \(gap)") }
            if !reproduction.gaps.isEmpty { throw ExitCode(2) }
            // Who says what counts means to be content where that is the same.
            if reproduction.verdict > max(allowed, .equivalent) { throw ExitCode(1) }
        }
    }
}
