// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import CommandTrees
import Console
import Layering
import OCI
import Objects

/// How dead bytes are listed.
enum WasteOrder: String, ExpressibleByArgument, CaseIterable {
    case cause, layer, file
}

/// `cimg waste`: which bytes of an image nobody sees, and why.
package struct WasteCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "waste", abstract: "Show which files of an image's layers nobody sees, and why.",
        discussion: """
            A file is dead when a later layer took its last name. The causes: deleted; replaced, by other content; \
            touched: the later layer has the same content once more, because its mode, owner or time was changed; \
            moved: the image has the content under another name. LAYERS tells which layer brought the file and which \
            killed it. All bytes are exact and come from the layers' indexes; in --json, dead_blob_estimate is a dead \
            file's part of the compressed layer, taken as its part of the tar.

            --by cause (the default) sums up and lists the largest files; --by layer tells who kills whose bytes; --by \
            file lists all. Content that the image has several times is listed below, with --by file in full: it is not \
            waste of layers, but may be of the image.

            --dive prints the figures of dive, counted as dive counts, for those who have thresholds; --json then has \
            the form of dive's own, without its lists of files. Where its way of counting is mistaken there is a line that \
            says so: it counts the copy that is needed; a whiteout of nothing ends the counting of its layer; a deleted \
            directory counts once, and lifts the score; an image of one layer divides by zero.

            \(ObjectFinder.help)

            Examples:

              cimg waste web
              cimg waste --by file --limit 50 web
              cimg waste --dive web

            Exit status: 0 shown, 2 trouble. "cimg check" judges.
            """)

    @OptionGroup var options: FinderOptions

    @Option(help: ArgumentHelp("How to list it: cause, layer or file.", valueName: "order"))
    var by = WasteOrder.cause

    @Option(help: ArgumentHelp("How many files to list; 0 for all. 10 without it, all with --by file.", valueName: "n"))
    var limit: Int?

    @Flag(help: "Print the figures of dive.")
    var dive = false

    @Flag(help: "Print a JSON object with all files.")
    var json = false

    @Flag(help: "Print tables of Markdown.")
    var markdown = false

    @Option(help: ArgumentHelp("The form: text, json, markdown, html (one page).", valueName: "form"))
    var format: ReportForm?

    @Argument(help: "The image.")
    var image: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let form = try ReportForm(json: json, markdown: markdown, format: format)
            if let limit, limit < 0 { throw CommandError("--limit \(limit): is below 0") }
            try refuse(together: [("--dive", dive), ("--format html", form == .html)])
            let image = try LayeredImage.open(image, in: options.finder())
            if dive {
                let report = DiveReport(image: image, figures: try image.figures(isCompatible: true))
                return try StandardOutput.write(report.text(form, limit: limit))
            }
            let limit = limit ?? (by == .file ? 0 : 10)
            let report = WasteReport(image: image, costs: try image.costs(), order: by, limit: limit)
            try StandardOutput.write(report.text(form))
        }
    }
}
