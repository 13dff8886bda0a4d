// SPDX-License-Identifier: Apache-2.0

import FileTree

/// What is shown of a history: all up to a layer, or what a layer changed.
package struct HistoryView: Sendable {
    /// What a layer did to a name.
    package enum Mark: UInt8, Sendable, CaseIterable {
        case unmodified, added, modified, removed

        /// A letter, as `cimg diff` has them.
        package var letter: String {
            switch self {
            case .unmodified: " "
            case .added: "A"
            case .modified: "C"
            case .removed: "D"
            }
        }
    }

    /// The layer.
    package let layer: Int
    /// Whether only what it changed is shown.
    package let showsChanges: Bool
    /// For each name the version that is shown; -1 where there is none.
    let shown: [Int32]
    /// What the layer did to each name.
    let marks: [Mark]
    /// Bytes of the regular files at and below each name; of a file with several names once.
    let sums: [UInt64]
    /// Files at and below each name that are no directories.
    let counts: [Int32]

    /// Looks at a history.
    package init(_ history: FileHistory, layer: Int, showsChanges: Bool) {
        self.layer = layer
        self.showsChanges = showsChanges
        let (versions, own) = (history.versions, Int32(clamping: layer))
        var shown = Array(repeating: Int32(-1), count: history.count)
        var marks = Array(repeating: Mark.unmodified, count: history.count)
        var sums = Array(repeating: UInt64(0), count: history.count)
        var counts = Array(repeating: Int32(0), count: history.count)
        var seen = Set<FileAddress>()
        for node in 0..<history.count {
            let index = history.version(of: FileHistory.NodeID(node), upTo: layer)
            guard index >= 0 else { continue }
            let version = versions[Int(index)]
            let isOwn = version.layer == own
            if version.isGone, !isOwn { continue }
            let isNew = version.previous < 0 || versions[Int(version.previous)].isGone
            // What was made and taken away in one layer was never there.
            if version.isGone, isNew { continue }
            shown[node] = index
            // All of the first layer is added.
            if isOwn, own > 0 || showsChanges {
                marks[node] = version.isGone ? .removed : isNew ? .added : .modified
            }
            guard version.facts.type != .directory, isOwn || !showsChanges, showsChanges || !version.isGone else {
                continue
            }
            counts[node] = 1
            guard version.facts.type == .regular else { continue }
            if version.facts.isLinked, let address = version.address, !seen.insert(address).inserted { continue }
            sums[node] = version.facts.size
        }
        for node in stride(from: history.count - 1, to: 0, by: -1) {
            let parent = Int(history.nodes[node].parent)
            sums[parent] &+= sums[node]
            counts[parent] &+= counts[node]
        }
        (self.shown, self.marks, self.sums, self.counts) = (shown, marks, sums, counts)
    }

    /// Bytes of all regular files that are shown.
    package var total: UInt64 { sums.first ?? 0 }

    /// The paths that are shown; of changes those that the layer says something of.
    package func names(in history: FileHistory) -> [[UInt8]] {
        history.order.filter { node in
            shown[Int(node)] >= 0 && marks[Int(node)] != .removed && !(showsChanges && marks[Int(node)] == .unmodified)
        }.map { history.path(of: $0) }
    }

    /// A name with what it takes.
    private struct Sized {
        let size: UInt64
        let place: Int32
        let node: FileHistory.NodeID
    }

    /// Names by what they take, the largest first; equal ones stay as they are.
    func bySize(_ nodes: [FileHistory.NodeID]) -> [FileHistory.NodeID] {
        var sized: [Sized] = []
        sized.reserveCapacity(nodes.count)
        for (place, node) in nodes.enumerated() {
            sized.append(Sized(size: sums[Int(node)], place: Int32(truncatingIfNeeded: place), node: node))
        }
        sized.sort { $0.size == $1.size ? $0.place < $1.place : $0.size > $1.size }
        return sized.map(\.node)
    }

    /// Whether a name is shown, and is that of a file that is no directory.
    func isFile(_ node: Int, _ history: FileHistory) -> Bool {
        shown[node] >= 0 && marks[node] != .removed && history.versions[Int(shown[node])].facts.type != .directory
    }
}

/// A row of a tree.
struct TreeRow: Hashable, Sendable {
    let node: FileHistory.NodeID
    let depth: Int32
}

/// How the files of a directory are sorted.
package enum SortOrder: String, Sendable, CaseIterable {
    case name, size
}

/// The rows of a tree of which some directories are open.
struct TreeRows: Sendable {
    private(set) var rows: [TreeRow] = []
    /// The children by size, of directories that were open.
    private var bySize: [FileHistory.NodeID: [FileHistory.NodeID]] = [:]

    /// Lists the rows.
    ///
    /// - Parameters:
    ///   - hidden: marks that are not shown.
    ///   - filter: a part of the names that are shown, with the directories that they are in; empty for all.
    init(
        _ history: FileHistory, _ view: HistoryView, opened: Set<FileHistory.NodeID>, order: SortOrder,
        hidden: Set<HistoryView.Mark>, filter: [UInt8], reusing old: TreeRows? = nil
    ) {
        bySize = old?.bySize ?? [:]
        let isVisible = Self.visible(history, view, hidden, filter)
        var stack = [TreeRow(node: 0, depth: 0)]
        while let row = stack.popLast() {
            if row.node > 0 { rows.append(row) }
            // What a filter finds is not to be looked for in closed directories.
            guard row.node == 0 || opened.contains(row.node) || !filter.isEmpty else { continue }
            for child in sorted(history, view, row.node, order).reversed() where isVisible[Int(child)] {
                stack.append(TreeRow(node: child, depth: row.depth + 1))
            }
        }
    }

    private mutating func sorted(
        _ history: FileHistory, _ view: HistoryView, _ node: FileHistory.NodeID, _ order: SortOrder
    ) -> [FileHistory.NodeID] {
        let children = history.children(of: node)
        guard order == .size else { return Array(children) }
        if let known = bySize[node] { return known }
        let sorted = view.bySize(Array(children))
        bySize[node] = sorted
        return sorted
    }

    /// Which names are shown, for themselves or for what is below them.
    static func visible(
        _ history: FileHistory, _ view: HistoryView, _ hidden: Set<HistoryView.Mark>, _ filter: [UInt8]
    ) -> [Bool] {
        var visible = history.names(containing: filter)
        var hasMore = Array(repeating: false, count: history.count)
        for node in stride(from: history.count - 1, to: 0, by: -1) {
            let mark = view.marks[node]
            let isWanted = visible[node] && !hidden.contains(mark) && !(view.showsChanges && mark == .unmodified)
            visible[node] = view.shown[node] >= 0 && (isWanted || hasMore[node])
            if visible[node] { hasMore[Int(history.nodes[node].parent)] = true }
        }
        return visible
    }
}
