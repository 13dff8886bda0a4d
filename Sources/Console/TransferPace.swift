// SPDX-License-Identifier: Apache-2.0

/// How far a transfer is and how fast it goes, in the words of a line of progress.
package struct TransferPace: Sendable {
    /// The time that the rate is of: longer makes it steadier, shorter makes it truer.
    private static let window: Duration = .seconds(5)
    /// Marks, one each half second at most.
    private var marks: [(time: ContinuousClock.Instant, byteCount: UInt64)] = []

    /// Begins a transfer.
    package init() {}

    /// Takes note of what has come so far.
    package mutating func note(_ byteCount: UInt64, at time: ContinuousClock.Instant = .now) {
        if let last = marks.last, time - last.time < .milliseconds(500) { return }
        marks.append((time, byteCount))
        while marks.count > 2, time - marks[1].time >= Self.window { marks.removeFirst() }
    }

    /// `[#####...............] 25%, 12.0 MB of 48.0 MB, 3.1 MB/s`: what is known of it.
    ///
    /// - Parameters:
    ///   - byteCount: the bytes that have come so far.
    ///   - total: the bytes that there will be; nil or 0 for unknown.
    ///   - time: when that was; the rate is that of the seconds before.
    package func text(_ byteCount: UInt64, of total: UInt64?, at time: ContinuousClock.Instant = .now) -> String {
        let pace = rate(byteCount, at: time).map { ", \(TextTable.size($0))/s" } ?? ""
        guard let total, total > 0 else { return TextTable.size(byteCount) + pace }
        let share = min(1, Double(byteCount) / Double(total))
        let filled = Int(share * 20)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
        return "[\(bar)] \(Int(share * 100))%, \(TextTable.size(byteCount)) of \(TextTable.size(total))\(pace)"
    }

    /// Bytes in a second, over the last seconds; nil before a second has gone by.
    private func rate(_ byteCount: UInt64, at time: ContinuousClock.Instant) -> UInt64? {
        guard let first = marks.first, time - first.time >= .seconds(1), byteCount >= first.byteCount else {
            return nil
        }
        let rate = Double(byteCount - first.byteCount) / ((time - first.time) / .seconds(1))
        return UInt64(exactly: rate.rounded())
    }
}
