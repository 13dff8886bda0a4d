// SPDX-License-Identifier: Apache-2.0

import Console
import FileTree
import Layering
import OCI

extension Explorer {
    /// What is to be seen; only rows that are on the screen are made.
    package var screen: Screen {
        var screen = Screen(columns: columns, rows: rows, isPlain: isPlain)
        drawTitle(&screen)
        switch overlay {
        case .viewer(let viewer): draw(viewer, &screen)
        case .lines(_, let lines, let top):
            for row in 0..<bodyRows where lines.indices.contains(top + row) {
                screen.put(lines[top + row], 1, row + 1)
            }
        case nil:
            switch view {
            case .tree:
                drawLayers(&screen)
                drawTree(&screen)
            case .waste: drawWaste(&screen)
            case .files: drawFiles(&screen)
            }
            drawDetails(&screen)
        }
        drawLast(&screen)
        return screen
    }

    /// Where the list begins, and the row of its heading.
    private var listColumn: Int { isWide && view == .tree ? layerWidth + 1 : 0 }
    private var layerWidth: Int { isWide ? min(60, columns * 2 / 5) : columns }
    private var listRow: Int { view == .tree && !isWide ? layerRows + 2 : 1 }

    private func drawTitle(_ screen: inout Screen) {
        var text = " \(current.name.printable)"
        switch overlay {
        case .viewer(let viewer): text += "  \(Bytes.escaped(viewer.path))"
        case .lines(let title, _, _): text += "  \(title)"
        case nil: break
        }
        screen.put(text, 0, 0, .bold, limit: max(1, columns - 30))
        for (index, name) in [(View.tree, "1 tree"), (.waste, "2 waste"), (.files, "3 files")].enumerated() {
            let text = name.0 == view ? "[\(name.1)]" : " \(name.1) "
            screen.put(text, max(0, columns - 28) + [0, 9, 19][index], 0, name.0 == view ? .bold : [])
        }
        screen.add(.reversed, 0..<columns, 0)
    }

    private func heading(_ text: String, _ column: Int, _ row: Int, _ limit: Int, _ screen: inout Screen) {
        screen.put(text, column, row, [.bold, .blue], limit: limit)
    }

    // MARK: Layers

    private func drawLayers(_ screen: inout Screen) {
        let limit = isWide ? layerWidth : columns
        let isComparison = current.isComparison
        heading(isComparison ? "  SIDE" : "  LAYER     SIZE      DEAD  BY", 0, 1, limit, &screen)
        for row in 0..<layerRows where current.layers.indices.contains(layer.top + row) {
            let index = layer.top + row
            let layer = current.layers[index]
            let place = row + 2
            let isHere = index == self.layer.row
            screen.put(isHere ? ">" : " ", 0, place)
            if isComparison {
                screen.put((index == 0 ? "left   " : "right  ") + layer.title.printable, 2, place, limit: limit)
            } else {
                screen.putRight((index < current.baseCount ? "B" : "") + "\(index)", 6, place, width: 5)
                let costs = current.costs?.layers
                let counted = costs.flatMap { $0.indices.contains(index) ? $0[index] : nil }
                let size = counted.map { TextTable.size($0.bytes.payload) }
                screen.putRight(size ?? layer.blobByteCount.map { TextTable.size($0) } ?? "…", 16, place, width: 9)
                screen.putRight(counted.map { TextTable.size($0.bytes.allDead) } ?? "…", 26, place, width: 9)
                screen.put(Self.short(layer.title).printable, 28, place, limit: limit)
            }
            if isHere { screen.add(isOnLayers ? [.reversed] : [.bold], 0..<limit, place) }
        }
        if isWide { for row in 1...bodyRows { screen.put("|", layerWidth, row) } }
    }

    // MARK: Tree

    private func drawTree(_ screen: inout Screen) {
        let column = listColumn
        let what = showsChanges ? "CHANGES" : "FILES"
        let filtered = filter.isEmpty ? "" : "  filter: \(filter.printable)"
        let marks = HistoryView.Mark.allCases.filter { hidden.contains($0) }.map { "\($0)" }
        let hiding = marks.isEmpty ? "" : "  hidden: " + marks.joined(separator: " ")
        let sizes = current.isComparison ? "      LEFT     RIGHT" : "      SIZE"
        let attributes = hasAttributes ? "MODE        UID:GID    " : ""
        heading("    " + attributes + sizes + "  \(what)\(filtered)\(hiding)", column, listRow, columns, &screen)
        guard let history, let looked, let tree else { return drawNothing(&screen) }
        if tree.rows.isEmpty { screen.put(nothingText, column + 2, listRow + 1) }
        for row in 0..<listRows where tree.rows.indices.contains(list.top + row) {
            draw(tree.rows[list.top + row], history, looked, at: listRow + 1 + row, &screen)
            if list.top + row == list.row, !isOnLayers { screen.add(.reversed, column..<columns, listRow + 1 + row) }
        }
    }

    private var nothingText: String {
        !filter.isEmpty || !hidden.isEmpty ? "nothing is left by the filter" : showsChanges ? "no changes" : "no files"
    }

    private var hasAttributes: Bool { showsAttributes && columns - listColumn > 60 }

    private func draw(
        _ row: TreeRow, _ history: FileHistory, _ looked: HistoryView, at place: Int, _ screen: inout Screen
    ) {
        let index = Int(row.node)
        let (mark, style) = (looked.marks[index], Self.style(looked.marks[index]))
        guard looked.shown[index] >= 0 else { return }
        let version = history.versions[Int(looked.shown[index])]
        var column = listColumn
        screen.put(place == listRow + 1 + list.row - list.top && !isOnLayers ? ">" : " ", column, place)
        screen.put(mark.letter, column + 2, place, style)
        column += 4
        if hasAttributes {
            screen.put(Self.mode(version), column, place)
            screen.put("\(version.facts.uid):\(version.facts.gid)", column + 12, place, limit: column + 22)
            column += 23
        }
        if current.isComparison {
            let old = version.previous < 0 ? nil : history.versions[Int(version.previous)]
            let left = mark == .added ? nil : (mark == .removed ? version : old ?? version)
            screen.putRight(Self.size(left, looked.sums[index]), column + 10, place, width: 10)
            column += 10
            if mark != .removed {
                screen.putRight(Self.size(version, looked.sums[index]), column + 10, place, width: 10)
            }
        } else {
            let size = mark == .removed && version.facts.type != .directory ? version.facts.size : looked.sums[index]
            screen.putRight(TextTable.size(size), column + 10, place, width: 10)
        }
        column += 12
        column += min(Int(row.depth - 1) * 2, max(0, (columns - column) / 2))
        let isDirectory = version.facts.type == .directory
        let isOpen = opened.contains(row.node) || !filter.isEmpty
        let knob = isDirectory && !history.children(of: row.node).isEmpty ? (isOpen ? "- " : "+ ") : "  "
        let name = Bytes.escaped(history.name(of: row.node)) + Self.suffix(version)
        screen.put(knob + name, column, place, mark == .unmodified && isDirectory ? .blue : style)
    }

    /// The size of one side: of directories what the layer's view has.
    private static func size(_ version: FileHistory.Version?, _ sum: UInt64) -> String {
        guard let version else { return "" }
        return version.facts.type == .directory ? "" : TextTable.size(version.facts.size)
    }

    // MARK: Lists

    private func drawWaste(_ screen: inout Screen) {
        let filtered = filter.isEmpty ? "" : "  filter: \(filter.printable)"
        heading("  LAYERS       SIZE  CAUSE     PATH\(filtered)", 0, 1, columns, &screen)
        guard let costs = current.costs else { return drawNothing(&screen) }
        if listed.isEmpty {
            screen.put(costs.deadFiles.isEmpty ? "nothing is dead" : nothingText, 2, 2)
        }
        for row in 0..<listRows where listed.indices.contains(list.top + row) {
            let file = costs.deadFiles[listed[list.top + row]]
            let isHere = list.top + row == list.row
            screen.put(isHere ? ">" : " ", 0, row + 2)
            screen.put("\(file.addedBy) > \(file.removedBy)", 2, row + 2, limit: 11)
            screen.putRight(TextTable.size(file.byteCount), 19, row + 2, width: 9)
            screen.put(file.cause.rawValue, 21, row + 2, .yellow, limit: 30)
            screen.put(
                Bytes.escaped(file.path) + (file.survivor.map { " -> \(Bytes.escaped($0))" } ?? ""), 31, row + 2)
            if isHere { screen.add(.reversed, 0..<columns, row + 2) }
        }
    }

    private func drawFiles(_ screen: inout Screen) {
        let filtered = filter.isEmpty ? "" : "  filter: \(filter.printable)"
        heading("         SIZE  LAYER  PATH\(filtered)", 0, 1, columns, &screen)
        guard let history, let looked else { return drawNothing(&screen) }
        if listed.isEmpty { screen.put(nothingText, 2, 2) }
        for row in 0..<listRows where listed.indices.contains(list.top + row) {
            let node = listed[list.top + row]
            let isHere = list.top + row == list.row
            guard looked.shown[node] >= 0 else { continue }
            let version = history.versions[Int(looked.shown[node])]
            screen.put(isHere ? ">" : " ", 0, row + 2)
            screen.put(looked.marks[node].letter, 2, row + 2, Self.style(looked.marks[node]))
            screen.putRight(TextTable.size(version.facts.size), 13, row + 2, width: 9)
            screen.putRight("\(version.layer)", 20, row + 2, width: 6)
            screen.put(Bytes.escaped(history.path(of: FileHistory.NodeID(node))) + Self.suffix(version), 22, row + 2)
            if isHere { screen.add(.reversed, 0..<columns, row + 2) }
        }
    }

    private func drawNothing(_ screen: inout Screen) {
        screen.put(current.trouble?.printable ?? "reading …", listColumn + 2, listRow + 1)
    }

    // MARK: Below

    private func drawDetails(_ screen: inout Screen) {
        let row = rows - 2
        guard row > 0 else { return }
        if view == .tree, isOnLayers, current.layers.indices.contains(layer.row) {
            let layer = current.layers[layer.row]
            screen.put("\(layer.identity.printable)  \(layer.title.printable)", 1, row)
            return
        }
        guard let node, let history, let version else { return }
        let path = deadFile?.path ?? history.path(of: node)
        let layers = current.isComparison || current.layers.count < 2 ? "" : "  layer " + layersText(of: node, history)
        let end = screen.columns - CharacterWidth.of(layers)
        screen.put(Bytes.escaped(path) + Self.suffix(version), 1, row, limit: max(1, end))
        screen.put(layers, max(0, end), row)
    }

    /// The layers that say something of a name: `3 1, -4` for one that the fourth takes away.
    private func layersText(of node: FileHistory.NodeID, _ history: FileHistory) -> String {
        let layers = history.layers(of: node).reversed().map { ($0.isGone ? "-" : "") + "\($0.layer)" }
        return layers.count > 8 ? "… " + layers.suffix(8).joined(separator: " ") : layers.joined(separator: " ")
    }

    private func drawLast(_ screen: inout Screen) {
        let row = rows - 1
        guard row > 0 else { return }
        if let prompt {
            let label =
                switch prompt.purpose {
                case .filter: "filter: "
                case .search: "search: "
                case .extract: "extract into the new file: "
                }
            // The end is what is typed at.
            let room = max(1, columns - CharacterWidth.of(label) - 1)
            var text = prompt.text
            while CharacterWidth.of(text) > room {
                text = String(String.UnicodeScalarView(text.unicodeScalars.dropFirst()))
            }
            let end = screen.put(label + text, 0, row, .bold)
            screen.cursor = (end, row)
            return
        }
        var text = message.printable
        if text.isEmpty {
            if case .viewer(let viewer) = overlay {
                text = "\(viewer.status)  t:text/hex /:search x:extract q:back"
            } else if overlay != nil {
                text = "q:back"
            } else {
                let total = listCount
                text = "\(total == 0 ? 0 : list.row + 1)/\(total)  ?:keys /:search f:filter o:order d:changes q:end"
            }
        }
        screen.put(text, 1, row)
    }

    private func draw(_ viewer: FileViewer, _ screen: inout Screen) {
        for row in 0..<max(1, rows - 3) where viewer.top + row < viewer.lineCount {
            screen.put(viewer.line(viewer.top + row), 0, row + 1)
        }
    }

    // MARK: Words

    /// A step of a build without what builders put before each.
    private static func short(_ title: String) -> String {
        for (prefix, word) in [("/bin/sh -c #(nop) ", ""), ("/bin/sh -c ", "RUN ")] where title.hasPrefix(prefix) {
            return word + title.dropFirst(prefix.count)
        }
        return title
    }

    private static func style(_ mark: HistoryView.Mark) -> CellStyle {
        switch mark {
        case .unmodified: []
        case .added: .green
        case .modified: .yellow
        case .removed: .red
        }
    }

    private static func suffix(_ version: FileHistory.Version) -> String {
        switch version.facts.type {
        case .directory: "/"
        case .symbolicLink: "@"
        case .fifo: "|"
        case .socket: "="
        case .characterDevice, .blockDevice: "%"
        case .regular: version.facts.isLinked ? " (link)" : ""
        }
    }

    /// Type and permissions: `d 0755`.
    private static func mode(_ version: FileHistory.Version) -> String {
        let digits = String(version.facts.permissions, radix: 8)
        let letter =
            switch version.facts.type {
            case .regular: "-"
            case .directory: "d"
            case .symbolicLink: "l"
            case .fifo: "p"
            case .socket: "s"
            case .characterDevice: "c"
            case .blockDevice: "b"
            }
        return letter + " " + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}
