// SPDX-License-Identifier: Apache-2.0

package import CommandTrees
package import TreeDiff

/// The changes with the lines behind them: a unified diff of each text that was added, removed or changed.
package struct DiffContents: DiffReport {
    package var bytes: [UInt8] = []
    private var text = DiffText()
    private var comparison: TextComparison?
    private let failures: TextComparison.Failures

    /// Starts a report.
    package init(failures: TextComparison.Failures) { self.failures = failures }

    package mutating func begin(left: DiffSide, right: DiffSide) {
        comparison = TextComparison(left: left, right: right, failures: failures)
    }

    package mutating func add(_ change: Change) {
        text.add(change)
        takeText()
        if change.hasOtherContent { bytes += comparison?.difference(change) ?? [] }
    }

    package mutating func add(moved old: Change, to new: Change) {
        text.add(moved: old, to: new)
        takeText()
    }

    package mutating func end() {}

    private mutating func takeText() {
        bytes += text.bytes
        text.bytes.removeAll(keepingCapacity: true)
    }
}

extension Change {
    /// Whether there are bytes that only one side has.
    var hasOtherContent: Bool { kind != .modified || fields.contains(.content) || fields.contains(.type) }
}
