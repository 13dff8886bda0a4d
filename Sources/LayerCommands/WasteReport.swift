// SPDX-License-Identifier: Apache-2.0

import Console
import FileTree
import Layering
import OCI
import Objects

/// Which bytes of an image nobody sees, as text.
struct WasteReport {
    let image: LayeredImage
    let costs: LayerCosts
    let order: WasteOrder
    /// How many files are listed; 0 for all.
    let limit: Int

    func text(_ form: ReportForm) -> String {
        switch form {
        case .json: json
        case .html: String(decoding: page, as: UTF8.self)
        case .text:
            ([CostLine.text(image.name, costs) + "\n"] + tables.map { TextTable.text($0) }).joined(separator: "\n")
        case .markdown:
            (["### \(MarkdownTable.escaped(CostLine.text(image.name, costs)))\n"]
                + tables.map { MarkdownTable.text($0) }).joined(separator: "\n")
        }
    }

    private var tables: [[[String]]] {
        guard !costs.deadFiles.isEmpty else { return duplicateTable }
        switch order {
        case .cause: return [causes, files] + duplicateTable
        case .layer: return [layers]
        case .file: return [files] + duplicateTable
        }
    }

    var causes: [[String]] {
        let total = costs.total()
        return [["CAUSE", "SIZE", "FILES"]]
            + DeadCause.allCases.map { cause in
                [
                    cause.rawValue, TextTable.size(total.dead[cause] ?? 0),
                    "\(costs.deadFiles.count { $0.cause == cause })",
                ]
            }
    }

    /// A pair of layers: whose bytes, killed by whom.
    private struct Pair: Hashable {
        let addedBy: Int
        let removedBy: Int
    }

    var layers: [[String]] {
        var sums: [Pair: (bytes: LayerCosts.Sum, count: Int)] = [:]
        for file in costs.deadFiles {
            let pair = Pair(addedBy: file.addedBy, removedBy: file.removedBy)
            sums[pair, default: (LayerCosts.Sum(), 0)].bytes.dead[file.cause, default: 0] &+= file.byteCount
            sums[pair]?.count += 1
        }
        let steps = image.steps
        let sorted = sums.sorted {
            ($1.value.bytes.allDead, $0.key.addedBy, $0.key.removedBy)
                < ($0.value.bytes.allDead, $1.key.addedBy, $1.key.removedBy)
        }
        return [["LAYERS", "SIZE", "FILES"] + DeadCause.allCases.map { $0.rawValue.uppercased() } + ["KILLED BY"]]
            + sorted.map { pair, sum in
                let command = steps.indices.contains(pair.removedBy) ? steps[pair.removedBy] : nil
                return ["\(pair.addedBy) > \(pair.removedBy)", TextTable.size(sum.bytes.allDead), "\(sum.count)"]
                    + DeadCause.allCases.map { TextTable.size(sum.bytes.dead[$0] ?? 0) }
                    + [String(LayeredImage.command(command).prefix(60))]
            }
    }

    private var files: [[String]] {
        let shown = limit == 0 ? costs.deadFiles[...] : costs.deadFiles.prefix(limit)
        return [["LAYERS", "SIZE", "CAUSE", "PATH"]]
            + shown.map { file in
                [
                    "\(file.addedBy) > \(file.removedBy)", TextTable.size(file.byteCount), file.cause.rawValue,
                    Bytes.escaped(file.path) + (file.survivor.map { " -> \(Bytes.escaped($0))" } ?? ""),
                ]
            }
            + (shown.count < costs.deadFiles.count
                ? [["", "", "", "… and \(costs.deadFiles.count - shown.count) more; --limit 0 lists all"]] : [])
    }

    var duplicateTable: [[[String]]] {
        guard !costs.duplicates.isEmpty else { return [] }
        let shown = limit == 0 ? costs.duplicates[...] : costs.duplicates.prefix(limit)
        return [
            [["COPIES", "SIZE", "EXCESS", "THE SAME CONTENT"]]
                + shown.map { content in
                    let names = content.paths.prefix(3).map { Bytes.escaped($0) }.joined(separator: " ")
                    return [
                        "\(content.paths.count)", TextTable.size(content.byteCount), TextTable.size(content.excess),
                        names + (content.paths.count > 3 ? " …" : ""),
                    ]
                }
        ]
    }

    private var json: String {
        var text = JSONText()
        text.beginObject()
        text.key("image")
        text.string(RawArguments.bytes(of: image.name))
        text.key("digest")
        text.string("\(image.object.digest)")
        CostLine.write(costs.total(), to: &text)
        text.key("files")
        text.beginArray()
        let shown = limit == 0 || order != .file ? costs.deadFiles[...] : costs.deadFiles.prefix(limit)
        for file in shown { write(file, to: &text) }
        text.endArray()
        text.key("duplicates")
        text.beginArray()
        for content in costs.duplicates {
            text.beginObject()
            text.key("digest")
            text.string("\(content.digest)")
            text.key("size")
            text.number(content.byteCount)
            text.key("paths")
            text.beginArray()
            for path in content.paths { text.string(path) }
            text.endArray()
            text.endObject()
        }
        text.endArray()
        text.endObject()
        return String(decoding: text.bytes, as: UTF8.self)
    }

    private func write(_ file: DeadFile, to text: inout JSONText) {
        text.beginObject()
        text.key("path")
        text.string(file.path)
        text.key("size")
        text.number(file.byteCount)
        text.key("cause")
        text.string(file.cause.rawValue)
        text.key("added_by")
        text.number(file.addedBy)
        text.key("removed_by")
        text.number(file.removedBy)
        if let survivor = file.survivor {
            text.key("survivor")
            text.string(survivor)
        }
        let layer = costs.layers[file.addedBy]
        if let blob = layer.blobByteCount, layer.tarByteCount > 0 {
            text.key("dead_blob_estimate")
            text.number(UInt64(Double(blob) * Double(file.byteCount) / Double(layer.tarByteCount)))
        }
        text.endObject()
    }
}
