// SPDX-License-Identifier: Apache-2.0

import FileTree
import Layering

/// The state of the explorer: events go in, effects and screens come out.
package struct Explorer: Sendable {
    /// What fills the screen.
    enum View: Sendable {
        case tree, waste, files
    }

    /// What lies over it.
    enum Overlay: Sendable {
        case viewer(FileViewer)
        case lines(title: String, lines: [String], top: Int)
    }

    /// What a line is typed for.
    enum Purpose: Sendable {
        case filter, search
        case extract(FileAddress)
    }

    struct Prompt: Sendable {
        let purpose: Purpose
        var text: String
    }

    /// A cursor in a list that may be longer than the screen.
    struct Position: Sendable {
        var row = 0
        var top = 0

        mutating func move(to row: Int, of count: Int, page: Int) {
            self.row = max(0, min(row, count - 1))
            top = max(0, min(top, self.row, max(0, count - 1)))
            if self.row >= top + page { top = self.row - page + 1 }
        }
    }

    var objects: [ExploredObject]
    var object: Int
    var columns: Int
    var rows: Int
    let isPlain: Bool

    var view = View.tree
    var overlay: Overlay?
    var prompt: Prompt?
    var message = ""
    var isOnLayers = false
    /// The layer at the cursor.
    var layer = Position()
    var showsChanges = false
    var showsAttributes = true
    var order = SortOrder.name
    var hidden: Set<HistoryView.Mark> = []
    var filter = ""
    var search = ""
    var opened: Set<FileHistory.NodeID> = []
    var list = Position()
    /// A `g` was typed, which a second one makes the first line.
    var hasG = false

    /// What is shown of the history at hand.
    private(set) var looked: HistoryView?
    private(set) var tree: TreeRows?
    /// Places in the list of dead files, or numbers of names, of the views that are lists.
    private(set) var listed: [Int] = []

    /// Begins with objects of which nothing is read: one, or the comparison of two and both.
    package init(_ objects: [ExploredObject], columns: Int, rows: Int, isPlain: Bool = false) {
        self.objects = objects
        self.isPlain = isPlain
        (self.columns, self.rows) = (columns, rows)
        object = 0
        choose(object: 0)
    }

    var current: ExploredObject { objects[object] }
    var history: FileHistory? { current.history }

    /// Lets something happen.
    ///
    /// - Returns: what is to be done.
    package mutating func handle(_ event: ExplorerEvent) -> [ExplorerEffect] {
        switch event {
        case .key(let key):
            message = ""
            return press(key)
        case .resize(let columns, let rows):
            (self.columns, self.rows) = (columns, rows)
            settle()
        case .history(let index, let history):
            guard objects.indices.contains(index) else { return [] }
            objects[index].history = history
            if index == object { lookAnew() }
        case .costs(let index, let costs):
            guard objects.indices.contains(index) else { return [] }
            objects[index].costs = costs
            if index == object, view == .waste { relist() }
        case .trouble(let index, let text):
            guard objects.indices.contains(index) else { return [] }
            objects[index].trouble = text
        case .bytes(let address, let offset, let bytes):
            guard case .viewer(var viewer) = overlay, viewer.address == address else { return [] }
            viewer.take(bytes, at: offset)
            overlay = .viewer(viewer)
        case .facts(let facts):
            let width = facts.map { CharacterWidth.of($0.name) }.max() ?? 0
            overlay = .lines(
                title: "facts",
                lines: facts.map { fact in
                    fact.name + String(repeating: " ", count: width - CharacterWidth.of(fact.name) + 2) + fact.value
                }, top: 0)
        case .message(let text): message = text
        }
        return []
    }

    /// Shows another object from its last layer.
    mutating func choose(object: Int) {
        self.object = object
        let layers = current.layers.count
        layer = Position()
        layer.move(to: layers - 1, of: layers, page: layerRows)
        showsChanges = current.isComparison
        if current.isComparison { view = .tree }
        opened = []
        list = Position()
        lookAnew()
    }

    /// Looks at the history anew: another layer, or another object.
    mutating func lookAnew() {
        let path = node.flatMap { node in history.map { $0.path(of: node) } }
        looked = history.map { HistoryView($0, layer: layer.row, showsChanges: showsChanges) }
        tree = nil
        relist()
        // The cursor stays on its name where that is still shown.
        if view == .tree, let path, let history, let node = history.find(path: path),
            let row = tree?.rows.firstIndex(where: { $0.node == node })
        {
            list.move(to: row, of: listCount, page: listRows)
        }
    }

    /// Lists anew what is shown: something else is hidden, opened, sorted or looked for.
    mutating func relist() {
        listed = []
        let pattern = Array(filter.utf8)
        if view == .tree, let history, let looked {
            tree = TreeRows(
                history, looked, opened: opened, order: order, hidden: hidden, filter: pattern, reusing: tree)
        } else if view == .files, let history, let looked {
            let visible = TreeRows.visible(history, looked, hidden, pattern)
            let files = history.order.filter { visible[Int($0)] && looked.isFile(Int($0), history) }
            // Those of one size stay in the order of their names.
            listed = (order == .size ? looked.bySize(files) : files).map(Int.init)
        } else if view == .waste, let costs = current.costs {
            listed = costs.deadFiles.indices.filter {
                pattern.isEmpty || Self.contains(costs.deadFiles[$0].path, pattern)
            }
            // They come by size.
            if order == .name { listed.sort { Bytes.precedes(costs.deadFiles[$0].path, costs.deadFiles[$1].path) } }
        }
        settle()
    }

    /// Keeps cursors within their lists and on the screen.
    mutating func settle() {
        list.move(to: list.row, of: listCount, page: listRows)
        layer.move(to: layer.row, of: current.layers.count, page: layerRows)
        if case .viewer(var viewer) = overlay {
            viewer.settle(columns: columns, rows: rows - 3)
            overlay = .viewer(viewer)
        }
    }

    static func contains(_ path: [UInt8], _ text: [UInt8]) -> Bool {
        guard let first = text.first, path.count >= text.count else { return text.isEmpty }
        let ignoresCase = !text.contains { (0x41...0x5A).contains($0) }
        func folded(_ byte: UInt8) -> UInt8 { ignoresCase && (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
        return (0...path.count - text.count).contains { start in
            folded(path[start]) == first && (1..<text.count).allSatisfy { folded(path[start + $0]) == text[$0] }
        }
    }

    // MARK: What is at the cursor

    /// How many rows the list at hand has.
    var listCount: Int { view == .tree ? tree?.rows.count ?? 0 : listed.count }

    /// The name at the cursor.
    var node: FileHistory.NodeID? {
        switch view {
        case .tree: tree.flatMap { $0.rows.indices.contains(list.row) ? $0.rows[list.row].node : nil }
        case .files: listed.indices.contains(list.row) ? FileHistory.NodeID(listed[list.row]) : nil
        case .waste: deadFile.flatMap { history?.find(path: $0.path) }
        }
    }

    /// The dead file at the cursor.
    var deadFile: DeadFile? {
        guard view == .waste, let costs = current.costs, listed.indices.contains(list.row) else { return nil }
        return costs.deadFiles[listed[list.row]]
    }

    /// The version at the cursor: of a dead file the dead one.
    var version: FileHistory.Version? {
        guard let node, let history, let looked else { return nil }
        if let deadFile {
            let index = history.version(of: node, upTo: deadFile.addedBy)
            return index < 0 ? nil : history.versions[Int(index)]
        }
        let index = looked.shown[Int(node)]
        return index < 0 ? nil : history.versions[Int(index)]
    }

    // MARK: Places

    var isWide: Bool { columns >= 100 }
    /// Rows between the title and the two lines below.
    var bodyRows: Int { max(1, rows - 3) }
    /// Rows of the layers, without their heading.
    var layerRows: Int {
        isWide ? max(1, bodyRows - 1) : max(1, min(current.layers.count, bodyRows / 3))
    }
    /// Rows of the list, without its heading.
    var listRows: Int {
        view == .tree && !isWide ? max(1, bodyRows - layerRows - 2) : max(1, bodyRows - 1)
    }
}
