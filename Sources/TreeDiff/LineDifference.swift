// SPDX-License-Identifier: Apache-2.0

/// Which lines of one text are not those of another one: a shortest list of changes while it costs little.
package struct LineDifference: Sendable {
    /// A run of lines of the left text that a run of the right one stands for; either may be empty.
    package struct Edit: Equatable, Sendable {
        /// Lines that are gone, counted from 0.
        package let left: Range<Int>
        /// Lines that are new.
        package let right: Range<Int>
    }

    /// How many lines may be gone and new before the texts are taken for altogether different: time and memory grow
    /// with the square of it.
    package static let costLimit = 2000
    /// The most lines a text may have.
    package static let lineLimit = 1_000_000

    /// The changes, in the order of both texts.
    package private(set) var edits: [Edit] = []

    /// Compares two lists of lines.
    package init(_ left: [ArraySlice<UInt8>], _ right: [ArraySlice<UInt8>]) {
        var numbers: [ArraySlice<UInt8>: Int32] = [:]
        func numbered(_ lines: [ArraySlice<UInt8>]) -> [Int32] {
            lines.map { line in
                let next = Int32(truncatingIfNeeded: numbers.count)
                return numbers[line]
                    ?? {
                        numbers[line] = next; return next
                    }()
            }
        }
        let (first, second) = (numbered(left), numbered(right))
        var start = 0
        while start < first.count, start < second.count, first[start] == second[start] { start += 1 }
        var (firstEnd, secondEnd) = (first.count, second.count)
        while firstEnd > start, secondEnd > start, first[firstEnd - 1] == second[secondEnd - 1] {
            (firstEnd, secondEnd) = (firstEnd - 1, secondEnd - 1)
        }
        if start == firstEnd, start == secondEnd { return }
        guard let found = Self.shortest(first[start..<firstEnd], second[start..<secondEnd]) else {
            edits = [Edit(left: start..<firstEnd, right: start..<secondEnd)]
            return
        }
        edits = found
    }

    /// The shortest list of changes, by Myers' greedy algorithm; nil where it costs too much.
    private static func shortest(_ left: ArraySlice<Int32>, _ right: ArraySlice<Int32>) -> [Edit]? {
        let (leftCount, rightCount) = (left.count, right.count)
        let (leftStart, rightStart) = (left.startIndex, right.startIndex)
        let limit = min(leftCount + rightCount, costLimit)
        // How far each diagonal got with so many changes: index `limit + 1 + diagonal`.
        var reached = [Int32](repeating: 0, count: 2 * limit + 3)
        var history: [ArraySlice<Int32>] = []
        let middle = limit + 1
        for cost in 0...limit {
            history.append(reached[(middle - cost - 1)...(middle + cost + 1)])
            for diagonal in stride(from: -cost, through: cost, by: 2) {
                let isDown =
                    diagonal == -cost
                    || diagonal != cost && reached[middle + diagonal - 1] < reached[middle + diagonal + 1]
                var position = Int(isDown ? reached[middle + diagonal + 1] : reached[middle + diagonal - 1] + 1)
                while position < leftCount, position - diagonal < rightCount,
                    left[leftStart + position] == right[rightStart + position - diagonal]
                {
                    position += 1
                }
                reached[middle + diagonal] = Int32(position)
                if position >= leftCount, position - diagonal >= rightCount {
                    return path(back: history, cost: cost, middle, (leftCount, rightCount), (leftStart, rightStart))
                }
            }
        }
        return nil
    }

    /// Goes back from the end by what each number of changes had reached.
    private static func path(
        back history: [ArraySlice<Int32>], cost: Int, _ middle: Int, _ counts: (Int, Int), _ starts: (Int, Int)
    ) -> [Edit] {
        var steps: [(left: Int, right: Int, isDown: Bool)] = []
        var (x, y) = counts
        for cost in stride(from: cost, to: 0, by: -1) {
            let reached = history[cost]
            let diagonal = x - y
            let isDown =
                diagonal == -cost || diagonal != cost && reached[middle + diagonal - 1] < reached[middle + diagonal + 1]
            let before = diagonal + (isDown ? 1 : -1)
            let position = Int(reached[middle + before])
            (x, y) = (position, position - before)
            steps.append((x, y, isDown))
        }
        var edits: [Edit] = []
        for step in steps.reversed() {
            let (x, y) = (starts.0 + step.left, starts.1 + step.right)
            let (left, right) = (x..<(step.isDown ? x : x + 1), y..<(step.isDown ? y + 1 : y))
            if let last = edits.last, last.left.upperBound == x, last.right.upperBound == y {
                edits[edits.count - 1] = Edit(
                    left: last.left.lowerBound..<left.upperBound, right: last.right.lowerBound..<right.upperBound)
            } else {
                edits.append(Edit(left: left, right: right))
            }
        }
        return edits
    }
}
