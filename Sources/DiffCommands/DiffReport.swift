// SPDX-License-Identifier: Apache-2.0

package import CommandTrees
package import TreeDiff

/// A way to print a comparison: turns its parts into bytes that somebody else writes out.
package protocol DiffReport {
    /// What is to be written out next; emptied once it was.
    var bytes: [UInt8] { get set }

    /// Prints what stands before the changes.
    mutating func begin(left: DiffSide, right: DiffSide)

    /// Prints or counts a change.
    mutating func add(_ change: Change)

    /// Prints or counts a file that is the same in another place; without a way of its own as two changes.
    mutating func add(moved old: Change, to new: Change)

    /// Prints what stands after the changes.
    mutating func end()
}

extension DiffReport {
    package mutating func add(moved old: Change, to new: Change) {
        add(old)
        add(new)
    }
}

/// Compares two sides and reports every change, writing in pieces of about 64 KiB.
///
/// - Parameter isShown: which changes are reported; the others are as if they were not there.
/// - Returns: whether there was any change that is shown.
/// - Throws: `TreeDiffError`, after what was reported before it is written; or what `write` throws.
package func report(
    left: DiffSide, right: DiffSide, options: ComparisonOptions, as report: some DiffReport,
    showing isShown: (Change) -> Bool = { _ in true }, write: ([UInt8]) throws -> Void
) throws -> Bool {
    var report = report
    var differs = false
    func flush(above limit: Int) throws {
        guard report.bytes.count > limit else { return }
        let bytes = report.bytes
        report.bytes.removeAll(keepingCapacity: true)
        try write(bytes)
    }
    report.begin(left: left, right: right)
    do {
        try TreeComparison(left: left.tree, right: right.tree, options: options).forEachChange { change in
            guard isShown(change) else { return }
            differs = true
            report.add(change)
            try flush(above: 1 << 16)
        }
    } catch let error as TreeDiffError {
        try flush(above: 0)
        throw error
    }
    report.end()
    try flush(above: 0)
    return differs
}
