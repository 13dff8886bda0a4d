// SPDX-License-Identifier: Apache-2.0

/// Some neighbouring names of two directories: what one thread compares in one go.
final class Segment: @unchecked Sendable {
    // SAFETY: `state` is touched by who holds the walk's monitor; `pairs` and `items` by the thread that claimed the
    // segment, and by the one that collects it once it is done.

    /// What was found, in tree order.
    enum Item {
        case change(Change)
        /// The names below the path before, or the path itself.
        case below([Segment])
        /// Where the comparison of this segment ended.
        case failure(TreeDiffError)
    }

    enum State {
        case waiting, claimed, done
    }

    /// So many names are compared in one go.
    private static let pairCount = 32

    /// The path of the two directories: empty for the root, else every component after a `/`.
    let directory: [UInt8]
    private var pairs: ArraySlice<PathPair>
    private(set) var items: [Item] = []
    var state = State.waiting

    private init(directory: [UInt8], pairs: ArraySlice<PathPair>) {
        self.directory = directory
        self.pairs = pairs
    }

    /// The names of a directory as segments.
    static func segments(of pairs: [PathPair], in directory: [UInt8]) -> [Segment] {
        stride(from: 0, to: pairs.count, by: pairCount).map {
            Segment(directory: directory, pairs: pairs[$0..<min($0 + pairCount, pairs.count)])
        }
    }

    /// Compares the names; the caller has claimed the segment.
    func compare(with comparison: PairComparison) {
        do throws(TreeDiffError) {
            for pair in pairs {
                let path = directory + [UInt8(ascii: "/")] + pair.name
                try add(comparison.look(pair.left, pair.right, at: path), at: path)
            }
        } catch {
            items.append(.failure(error))
        }
        pairs = []
    }

    /// Makes the segment of a walk's start: compared already.
    convenience init(start: WalkStart, with comparison: PairComparison) throws(TreeDiffError) {
        self.init(directory: start.path, pairs: [])
        state = .done
        try add(comparison.look(start.left, start.right, at: start.path), at: start.path)
    }

    private func add(_ finding: PairComparison.Finding?, at path: [UInt8]) {
        guard let finding else { return }
        if let change = finding.change { items.append(.change(change)) }
        if !finding.left.isEmpty || !finding.right.isEmpty {
            items.append(.below(Self.segments(of: PathPair.merged(finding.left, finding.right), in: path)))
        }
    }

    /// The segments found, in tree order.
    var below: [Segment] {
        items.flatMap { item -> [Segment] in
            if case .below(let segments) = item { return segments }
            return []
        }
    }

    /// Takes what was found out of the segment.
    func takeItems() -> [Item] {
        defer { items = [] }
        return items
    }
}
