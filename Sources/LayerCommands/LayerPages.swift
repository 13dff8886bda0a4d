// SPDX-License-Identifier: Apache-2.0

import Console
import FileTree
import Layering
import OCI
import Objects
import Pages

extension LayerReport {
    /// The layers as a page: what each costs, as a table and as areas.
    var page: [UInt8] {
        var page = Page(title: image.name.printable, facts: CostLine.facts(image, costs))
        page.add("Sizes", .map(SizeMap.layers(costs)))
        page.add(
            "Layers", .table(headings: rows[0], numbers: [0, 1, 2, 3, 4, 5, 6], rows.dropFirst().map { Page.Row($0) }))
        return page.html
    }
}

extension WasteReport {
    /// The dead files as a page, all that have room.
    var page: [UInt8] {
        var page = Page(title: image.name.printable, facts: CostLine.facts(image, costs))
        var map = SizeMap { TextTable.size($0) }
        for file in costs.deadFiles.prefix(Page.rowLimit) {
            map.add(Bytes.escaped(file.path), size: file.byteCount, mark: file.cause.rawValue)
        }
        page.add("Dead files", .map(map))
        page.add("Causes", .table(headings: causes[0], numbers: [1, 2], causes.dropFirst().map { Page.Row($0) }))
        page.add(
            "Layers", .table(headings: layers[0], numbers: [1, 2, 3, 4, 5, 6], layers.dropFirst().map { Page.Row($0) }))
        if let table = duplicateTable.first {
            page.add(
                "Duplicates", .table(headings: table[0], numbers: [0, 1, 2], table.dropFirst().map { Page.Row($0) }))
        }
        page.add(
            "Files",
            .table(
                headings: ["LAYERS", "SIZE", "CAUSE", "PATH"], numbers: [1],
                costs.deadFiles.map { file in
                    Page.Row(
                        [
                            "\(file.addedBy) > \(file.removedBy)", TextTable.size(file.byteCount), file.cause.rawValue,
                            Bytes.escaped(file.path) + (file.survivor.map { " -> \(Bytes.escaped($0))" } ?? ""),
                        ], mark: file.cause.rawValue)
                }))
        return page.html
    }
}

extension CheckReport {
    /// The verdict as a page.
    var page: [UInt8] {
        var facts = [("Verdict", verdict.summary), ("Image", costs[0])]
        if costs.count > 1 { facts.append(("Against", costs[1])) }
        facts += files.map { ("Rules", $0.printable) }
        var page = Page(title: name.printable, facts: facts)
        page.add("Sizes", .map(SizeMap.layers(subject.costs)))
        page.add(
            "Rules",
            .table(headings: ["STATUS", "RULE", "REASON"], numbers: [], rows.map { Page.Row($0, mark: $0[0]) }))
        return page.html
    }
}

extension CostLine {
    /// What a page says of an image at first.
    static func facts(_ image: LayeredImage, _ costs: LayerCosts) -> [(name: String, value: String)] {
        let total = costs.total()
        var facts = [
            ("Digest", "\(image.object.digest)"), ("Layers", "\(costs.layers.count), \(image.base.count) of the base"),
            ("In files", TextTable.size(total.payload)), ("Visible", TextTable.size(total.visible)),
            ("Dead", "\(TextTable.size(total.allDead)) (\(percent(1 - total.visibleShare)))"),
        ]
        if let size = costs.blobByteCount { facts.append(("As it is sent", TextTable.size(size))) }
        return facts
    }
}

extension SizeMap {
    /// Layers as areas, in each what is seen and what is dead.
    static func layers(_ costs: LayerCosts) -> SizeMap {
        var map = SizeMap { TextTable.size($0) }
        for (index, layer) in costs.layers.enumerated() {
            map.add("/layer \(index)/visible", size: layer.bytes.visible)
            for cause in DeadCause.allCases {
                map.add("/layer \(index)/\(cause.rawValue)", size: layer.bytes.dead[cause] ?? 0, mark: "D")
            }
        }
        return map
    }
}
