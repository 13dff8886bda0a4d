// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Some neighbouring names of two directories: what one thread compares in one go.
final class Segment: @unchecked Sendable {
    // SAFETY: `state` is touched by who holds the walk's monitor; `names` and `items` by the thread that claimed the
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

    /// What there is to compare.
    private enum Names {
        case pairs(ArraySlice<PathPair>)
        case paired(any PairedDirectories, Range<Int>)

        /// The names that differ for all that is known.
        func pairs(with comparison: PairComparison, in directory: [UInt8]) throws(TreeDiffError) -> ArraySlice<PathPair>
        {
            switch self {
            case .pairs(let pairs): return pairs
            case .paired(let directories, let range):
                do throws(PairFailure) {
                    let rest = try directories.remaining(in: range, room: comparison.contents.room)
                    return PathPair.merged(rest.left, rest.right)[...]
                } catch {
                    throw TreeDiffError(
                        side: error.isRight ? .right : .left, path: PairComparison.printable(directory),
                        cause: error.cause)
                }
            }
        }
    }

    /// So many names are compared in one go.
    private static let pairCount = 32

    /// The path of the two directories: empty for the root, else every component after a `/`.
    let directory: [UInt8]
    private var names: Names
    private(set) var items: [Item] = []
    var state = State.waiting

    private init(directory: [UInt8], _ names: Names) {
        self.directory = directory
        self.names = names
    }

    /// The names of a directory as segments.
    static func segments(of pairs: [PathPair], in directory: [UInt8]) -> [Segment] {
        stride(from: 0, to: pairs.count, by: pairCount).map {
            Segment(directory: directory, .pairs(pairs[$0..<min($0 + pairCount, pairs.count)]))
        }
    }

    private static func segments(of directories: any PairedDirectories, in directory: [UInt8]) -> [Segment] {
        stride(from: 0, to: directories.count, by: pairCount).map {
            Segment(directory: directory, .paired(directories, $0..<min($0 + pairCount, directories.count)))
        }
    }

    /// Compares the names; the caller has claimed the segment.
    func compare(with comparison: PairComparison) {
        do throws(TreeDiffError) {
            for pair in try names.pairs(with: comparison, in: directory) {
                let path = directory + [UInt8(ascii: "/")] + pair.name
                try add(comparison.look(pair.left, pair.right, at: path), at: path)
            }
        } catch {
            items.append(.failure(error))
        }
        names = .pairs([])
    }

    /// Makes the segment of a walk's start: compared already.
    convenience init(start: WalkStart, with comparison: PairComparison) throws(TreeDiffError) {
        self.init(directory: start.path, .pairs([]))
        state = .done
        try add(comparison.look(start.left, start.right, at: start.path), at: start.path)
    }

    private func add(_ finding: PairComparison.Finding?, at path: [UInt8]) {
        guard let finding else { return }
        if let change = finding.change { items.append(.change(change)) }
        if let paired = finding.paired, paired.count > 0 {
            items.append(.below(Self.segments(of: paired, in: path)))
        }
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
