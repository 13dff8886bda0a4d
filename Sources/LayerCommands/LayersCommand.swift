// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import CommandTrees
import Console
import Layering
import OCI
import Objects

/// `cimg layers`: what each layer of an image costs.
package struct LayersCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "layers", abstract: "Show what each layer of an image costs, and how much of it is seen.",
        discussion: """
            SIZE is the bytes of the files that a layer brings; VISIBLE what of them the image shows; DEAD what later \
            layers took away or brought anew, which everybody who has the image pays for still. KILLED is what the \
            layer itself made dead in those below it. BLOB is the layer as it is sent. All are exact, and come from \
            the layers' indexes: no file is read. B stands before the layers of the image that this one was built on.

            "cimg waste" tells which files are dead, and why; "cimg du" what the directories take.

            \(ObjectFinder.help)

            Examples:

              cimg layers web
              cimg layers --base debian:12 --markdown web
              cimg layers --format html web > layers.html
              cimg layers --json web | jq '.layers[] | [.index, .dead]'

            Exit status: 0 shown, 2 trouble.
            """)

    @OptionGroup var options: FinderOptions

    @Option(
        help: ArgumentHelp("The image that it was built on, to tell its layers from the others.", valueName: "image"))
    var base: String?

    @Flag(help: "Print a JSON object with all digits.")
    var json = false

    @Flag(help: "Print a table of Markdown.")
    var markdown = false

    @Option(help: ArgumentHelp("The form: text, json, markdown, html (one page).", valueName: "form"))
    var format: ReportForm?

    @Argument(help: "The image.")
    var image: String

    /// Makes the command for the parser.
    package init() {}

    /// The table of an image.
    package static func text(of image: LayeredImage) throws -> String {
        LayerReport(image: image, costs: try image.costs()).text(.text)
    }

    package mutating func run() throws {
        try reportingTrouble {
            let form = try ReportForm(json: json, markdown: markdown, format: format)
            let image = try LayeredImage.open(image, base: base, in: options.finder())
            try StandardOutput.write(LayerReport(image: image, costs: try image.costs()).text(form))
        }
    }
}

/// What the layers of an image cost, as text.
struct LayerReport {
    let image: LayeredImage
    let costs: LayerCosts

    func text(_ form: ReportForm) -> String {
        switch form {
        case .text: "\(CostLine.text(image.name, costs))\n\(baseLine)\n\n" + TextTable.text(rows)
        case .markdown:
            "### \(MarkdownTable.escaped(image.name.printable))\n\n"
                + "\(MarkdownTable.escaped(CostLine.text(image.name, costs)))\n\n" + MarkdownTable.text(rows)
        case .json: json
        case .html: String(decoding: page, as: UTF8.self)
        }
    }

    private var baseLine: String { "base: \(counted(image.base.count, "layer")), \(image.base.reason)" }

    var rows: [[String]] {
        let steps = image.steps
        return [["LAYER", "SIZE", "VISIBLE", "DEAD", "KILLED", "BLOB", "FILES", "BY"]]
            + costs.layers.enumerated().map { index, layer in
                [
                    (index < image.base.count ? "B" : "") + "\(index)", TextTable.size(layer.bytes.payload),
                    TextTable.size(layer.bytes.visible), TextTable.size(layer.bytes.allDead),
                    TextTable.size(layer.killed), layer.blobByteCount.map { TextTable.size($0) } ?? "",
                    "\(layer.fileCount)", Self.cut(LayeredImage.command(steps[index])),
                ]
            }
    }

    /// A command line may have thousands of characters.
    private static func cut(_ text: String) -> String { text.count > 60 ? text.prefix(59) + "…" : text }

    private var json: String {
        var text = JSONText()
        text.beginObject()
        text.key("image")
        text.string(RawArguments.bytes(of: image.name))
        text.key("digest")
        text.string("\(image.object.digest)")
        CostLine.write(costs.total(), to: &text)
        text.key("tar_size")
        text.number(costs.tarByteCount)
        if let size = costs.blobByteCount {
            text.key("blob_size")
            text.number(size)
        }
        text.key("base_layers")
        text.number(image.base.count)
        text.key("layers")
        text.beginArray()
        let steps = image.steps
        for (index, layer) in costs.layers.enumerated() { Self.write(layer, index, steps[index], to: &text) }
        text.endArray()
        text.endObject()
        return String(decoding: text.bytes, as: UTF8.self)
    }

    private static func write(
        _ layer: LayerCosts.Layer, _ index: Int, _ step: ImageConfiguration.HistoryEntry?, to text: inout JSONText
    ) {
        func number(_ key: String, _ value: some BinaryInteger) {
            text.key(key)
            text.number(value)
        }
        text.beginObject()
        number("index", index)
        text.key("diff_id")
        text.string("\(layer.diffID)")
        CostLine.write(layer.bytes, to: &text)
        number("killed", layer.killed)
        number("overhead", layer.overhead)
        number("tar_size", layer.tarByteCount)
        if let size = layer.blobByteCount { number("blob_size", size) }
        if let size = layer.deadBlobByteCount { number("dead_blob_estimate", size) }
        number("entries", layer.entryCount)
        number("files", layer.fileCount)
        number("whiteouts", layer.whiteoutCount)
        if let command = step?.createdBy {
            text.key("created_by")
            text.string(command)
        }
        text.endObject()
    }
}

/// The costs of an image in a line, and as members of a JSON object.
enum CostLine {
    static func text(_ name: String, _ costs: LayerCosts) -> String {
        let total = costs.total()
        return "\(name.printable): \(counted(costs.layers.count, "layer")), \(TextTable.size(total.payload)) in files, "
            + "\(TextTable.size(total.visible)) visible, \(TextTable.size(total.allDead)) dead "
            + "(\(percent(1 - total.visibleShare)))"
    }

    /// A part of a whole: `3.79 %`.
    static func percent(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded())
        let digits = "\(hundredths % 100)"
        return "\(hundredths / 100)." + (digits.count < 2 ? "0" : "") + digits + " %"
    }

    static func write(_ bytes: LayerCosts.Sum, to text: inout JSONText) {
        for (key, value) in [("size", bytes.payload), ("visible", bytes.visible), ("dead", bytes.allDead)] {
            text.key(key)
            text.number(value)
        }
        text.key("dead_by_cause")
        text.beginObject()
        for cause in DeadCause.allCases {
            text.key(cause.rawValue)
            text.number(bytes.dead[cause] ?? 0)
        }
        text.endObject()
    }
}
