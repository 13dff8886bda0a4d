// SPDX-License-Identifier: Apache-2.0

import Console
import FileTree
import LayerStore
import Layering
import OCI

/// The figures of dive, under its names.
struct DiveReport {
    let image: LayeredImage
    let figures: DiveFigures

    func text(_ form: ReportForm, limit: Int?) throws -> String {
        let shown = limit.map { $0 == 0 ? figures.files[...] : figures.files.prefix($0) } ?? figures.files[...]
        let files =
            [["COUNT", "WASTED SPACE", "FILE PATH"]]
            + shown.map { ["\($0.count)", TextTable.size($0.byteCount), Bytes.escaped($0.path)] }
        let facts = [
            ["efficiency", CostLine.percent(figures.efficiency)],
            ["wastedBytes", "\(figures.wastedByteCount)"],
            [
                "userWastedPercent",
                figures.userWastedShare.isFinite ? CostLine.percent(figures.userWastedShare) : "NaN",
            ],
        ]
        let remarks = figures.remarks.map { "remark: \(Self.text($0))\n" }
        switch form {
        case .json: return json
        case .text, .html:
            return TextTable.text(facts) + "\n" + (figures.files.isEmpty ? "" : TextTable.text(files) + "\n")
                + remarks.joined()
        case .markdown:
            return MarkdownTable.text([["figure", "value"]] + facts) + "\n" + MarkdownTable.text(files) + "\n"
                + remarks.map { MarkdownTable.escaped($0) + "\n" }.joined(separator: "\n")
        }
    }

    static func text(_ remark: DiveFigures.Remark) -> String {
        switch remark {
        case .whiteoutOfNothing(let layer, let path):
            "layer \(layer): \"\(Bytes.escaped(path))\" is a whiteout of nothing, at which dive stops counting the layer"
        case .singleLayer:
            "nothing lies on the first layer: dive divides userWastedPercent by zero, which no threshold stops"
        }
    }

    private var json: String {
        let steps = image.steps
        var text = JSONText()
        text.beginObject()
        text.key("layer")
        text.beginArray()
        for (index, layer) in image.layers.enumerated() {
            text.beginObject()
            text.key("index")
            text.number(index)
            text.key("digestId")
            text.string("\(layer.diffID)")
            text.key("sizeBytes")
            text.number(figures.layerByteCounts[index])
            text.key("command")
            text.string(steps[index]?.createdBy ?? "(missing)")
            text.endObject()
        }
        text.endArray()
        text.key("image")
        text.beginObject()
        text.key("sizeBytes")
        text.number(figures.byteCount)
        text.key("inefficientBytes")
        text.number(figures.wastedByteCount)
        text.key("efficiencyScore")
        text.number(figures.efficiency)
        text.key("fileReference")
        text.beginArray()
        for file in figures.files {
            text.beginObject()
            text.key("count")
            text.number(file.count)
            text.key("sizeBytes")
            text.number(file.byteCount)
            text.key("file")
            text.string(file.path)
            text.endObject()
        }
        text.endArray()
        text.endObject()
        text.endObject()
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
