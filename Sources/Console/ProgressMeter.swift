// SPDX-License-Identifier: Apache-2.0

package import LayerStore
import Synchronization

/// A line on the terminal that tells how far long work is; silent where standard error is no terminal.
package final class ProgressMeter: Sendable {
    private struct State {
        var layers: [Int: (read: UInt64, total: UInt64?)] = [:]
        var layerCount = 0
        var drawn: ContinuousClock.Instant?
        var pace = TransferPace()
        var isFinished = false
    }

    private let title: String
    private let expected: (layers: Int, bytes: UInt64)?
    private let columns: Int?
    private let state = Mutex(State())

    /// Starts a meter; nothing is drawn before there is something to tell.
    ///
    /// - Parameters:
    ///   - title: what the line begins with.
    ///   - expected: how many layers will be read and how many bytes they have, if it is known.
    ///   - isSilent: whether nothing is drawn on a terminal either.
    package init(_ title: String, expected: (layers: Int, bytes: UInt64)? = nil, isSilent: Bool = false) {
        self.title = title
        self.expected = expected
        columns = isSilent ? nil : StandardError.terminalColumns
    }

    /// Takes note of progress.
    @Sendable package func report(_ progress: ImportProgress) {
        guard columns != nil else { return }
        state.withLock { state in
            switch progress {
            case .read(let layer, let count, let bytes, let total):
                state.layers[layer] = (bytes, total)
                state.layerCount = count
                state.pace.note(Self.bytesRead(state))
                draw(&state) { line($0) }
            case .flattening:
                draw(&state, isUrgent: true) { "\(title): \(TextTable.size(Self.bytesRead($0))) read, flattening" }
            }
        }
    }

    /// Shows what is done now.
    @Sendable package func report(_ step: String) {
        guard columns != nil else { return }
        state.withLock { draw(&$0) { _ in "\(title): \(step)" } }
    }

    /// Draws a line, but not more than ten in a second, and cut at the terminal's edge: a longer one could not be taken
    /// away.
    private func draw(_ state: inout State, isUrgent: Bool = false, _ line: (State) -> String) {
        let now = ContinuousClock.now
        if !isUrgent, let drawn = state.drawn, now - drawn < .milliseconds(100) { return }
        guard !state.isFinished, let columns else { return }
        state.drawn = now
        let text = line(state)
        let mark = StandardError.isUnicode ? "…" : "~"
        let cut = text.count < columns ? text : mark + text.suffix(max(0, columns - 2))
        InterruptedLine.willDraw()
        StandardError.write("\r\(cut)\u{1B}[K")
    }

    private static func bytesRead(_ state: State) -> UInt64 { state.layers.values.reduce(0) { $0 &+ $1.read } }

    private func line(_ state: State) -> String {
        let read = Self.bytesRead(state)
        let count = expected?.layers ?? state.layerCount
        let layers = "\(state.layers.count)/\(max(count, state.layers.count)) layers"
        let totals = state.layers.values.compactMap(\.total)
        let total = expected?.bytes ?? totals.reduce(0, &+)
        let isKnown = totals.count == state.layers.count
        return "\(title): \(state.pace.text(read, of: isKnown ? total : nil)), \(layers)"
    }

    /// Takes the line away.
    func finish() {
        state.withLock { state in
            if state.drawn != nil, !state.isFinished {
                StandardError.write("\r\u{1B}[K")
                InterruptedLine.isGone()
            }
            state.isFinished = true
        }
    }

    /// Runs work and takes the line away after it.
    package func finishing<Result>(_ work: () throws -> Result) rethrows -> Result {
        defer { finish() }
        return try work()
    }
}
