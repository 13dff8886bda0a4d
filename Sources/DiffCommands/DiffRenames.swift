// SPDX-License-Identifier: Apache-2.0

import Browsing
package import CommandTrees
import FileTree
import OCI
package import TreeDiff

/// Files that moved: what was removed and what was added with the same bytes, told as one.
///
/// Changes wait until all are known, so there is a limit for them. A file without bytes is no sign of a move; one whose
/// digest its tree does not know is read where the other side has a file of its size.
package struct DiffRenames: DiffReport {
    /// How many changes are looked through at the most.
    package static let limit = 2_000_000

    private var report: any DiffReport
    private var changes: [Change] = []
    private var isFull = false
    private var trees: (left: BrowsedTree, right: BrowsedTree)?

    /// Wraps a report, which gets all changes at the end.
    package init(_ report: any DiffReport) { self.report = report }

    package var bytes: [UInt8] {
        get { report.bytes }
        set { report.bytes = newValue }
    }

    package mutating func begin(left: DiffSide, right: DiffSide) {
        trees = (BrowsedTree(left.tree, name: []), BrowsedTree(right.tree, name: []))
        report.begin(left: left, right: right)
    }

    package mutating func add(_ change: Change) {
        guard !isFull else { return report.add(change) }
        changes.append(change)
        guard changes.count == Self.limit else { return }
        // Too many to keep: they are told as they come, without moves.
        isFull = true
        for change in changes { report.add(change) }
        changes = []
    }

    package mutating func end() {
        let moves = Self.moves(among: changes, in: trees)
        let gone = Set(moves.values)
        for (position, change) in changes.enumerated() where !gone.contains(position) {
            if let old = moves[position] {
                report.add(moved: changes[old], to: change)
            } else {
                report.add(change)
            }
        }
        report.end()
    }

    /// For each added file that was moved its position, and that of the removed one.
    ///
    /// Of several with the same bytes one of the same name goes first, then in the order of the paths.
    static func moves(
        among changes: [Change], in trees: (left: BrowsedTree, right: BrowsedTree)?
    ) -> [Int: Int] {
        let sizes = Set(changes.compactMap { $0.kind == .removed ? $0.left?.attributes.size : nil })
            .intersection(changes.compactMap { $0.kind == .added ? $0.right?.attributes.size : nil })
        func key(_ file: ChangedFile?, _ tree: BrowsedTree?) -> Digest? {
            guard let file, file.attributes.type == .regular, file.attributes.size > 0,
                sizes.contains(file.attributes.size)
            else { return nil }
            if let known = file.contentDigest { return known }
            // What cannot be read stays two changes: no move is claimed of it.
            return try? tree?.digest(of: BrowsedFile(path: [], node: file.node, type: .regular))
        }
        var removed: [Digest: [Int]] = [:]
        for (position, change) in changes.enumerated() where change.kind == .removed {
            if let key = key(change.left, trees?.left) { removed[key, default: []].append(position) }
        }
        var keys: [Int: Digest] = [:]
        for (position, change) in changes.enumerated() where change.kind == .added {
            keys[position] = key(change.right, trees?.right)
        }
        var moves: [Int: Int] = [:]
        func take(_ position: Int, where fits: (Int) -> Bool) {
            guard moves[position] == nil, let key = keys[position], let candidates = removed[key],
                let index = candidates.firstIndex(where: fits)
            else { return }
            moves[position] = candidates[index]
            removed[key]?.remove(at: index)
        }
        let added = changes.indices.filter { changes[$0].kind == .added }
        for position in added {
            let own = name(changes[position].path)
            take(position) { name(changes[$0].path).elementsEqual(own) }
        }
        for position in added { take(position) { _ in true } }
        return moves
    }

    private static func name(_ path: [UInt8]) -> ArraySlice<UInt8> {
        path[(path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...]
    }
}
