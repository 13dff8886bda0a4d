// SPDX-License-Identifier: Apache-2.0

package import LayerStore
package import OCI
import Synchronization

/// Tells how far each layer of an image is: lines that move on a terminal, a line for each whole layer elsewhere.
package final class PullMeter: Sendable {
    /// What is told.
    package enum Telling: Sendable {
        /// How far each layer is, and which are whole.
        case progress
        /// Nothing.
        case nothing
    }

    private struct State {
        var read: [Int: UInt64] = [:]
        var whole: Set<Int> = []
        /// Lines that are drawn now and must be taken away before others are.
        var drawn = 0
        var lastDraw: ContinuousClock.Instant?
        var isFinished = false
        var paces: [Int: TransferPace] = [:]
    }

    private let title: String
    private let noun: String
    private let done: String
    private let layers: [ContentDescriptor]
    private let telling: Telling
    private let columns = StandardError.terminalColumns
    private let state = Mutex(State())

    /// Starts a meter; nothing is drawn before there is something to tell.
    ///
    /// - Parameters:
    ///   - noun: what is counted.
    ///   - done: what has become of one that is whole.
    package init(
        _ title: String, layers: [ContentDescriptor], telling: Telling, noun: String = "layer",
        done: String = "verified"
    ) {
        self.title = title
        self.layers = layers
        self.telling = telling
        self.noun = noun
        self.done = done
    }

    /// Takes note of progress.
    @Sendable package func report(_ progress: ImportProgress) {
        guard telling == .progress else { return }
        switch progress {
        case .read(let layer, _, let bytes, let total):
            if total == bytes { return finished(layer, note: done) }
            state.withLock { state in
                state.read[layer] = bytes
                state.paces[layer, default: TransferPace()].note(bytes)
                let now = ContinuousClock.now
                if let last = state.lastDraw, now - last < .milliseconds(100) { return }
                state.lastDraw = now
                draw(&state)
            }
        case .flattening: state.withLock { draw(&$0, isFlattening: true) }
        }
    }

    /// Takes note that a layer is whole.
    package func finished(_ layer: Int, note: String) {
        guard telling == .progress else { return }
        state.withLock { state in
            guard state.whole.insert(layer).inserted else { return }
            let size = layers.indices.contains(layer) ? " \(TextTable.size(layers[layer].size))" : ""
            draw(&state, above: "\(noun) \(label(layer)):\(size) \(note)\n")
        }
    }

    /// Takes the moving lines away.
    func finish() {
        state.withLock { state in
            if state.drawn > 0 { StandardError.write(Self.removal(state.drawn)) }
            state.drawn = 0
            state.isFinished = true
        }
    }

    /// Runs work and takes the moving lines away after it.
    package func finishing<Result>(_ work: () throws -> Result) rethrows -> Result {
        defer { finish() }
        return try work()
    }

    private static func removal(_ lines: Int) -> String { "\r\u{1B}[\(lines)A\u{1B}[J" }

    /// Draws the moving lines anew, below a line that stays.
    private func draw(_ state: inout State, above: String = "", isFlattening: Bool = false) {
        guard !state.isFinished else { return }
        var text = (state.drawn > 0 ? Self.removal(state.drawn) : "") + above
        state.drawn = 0
        if let columns {
            let open = state.read.keys.filter { !state.whole.contains($0) }.sorted()
            let lines = isFlattening ? ["\(title): flattening"] : open.map { line($0, state) }
            // A line that is too long could not be taken away.
            for line in lines { text += line.prefix(max(0, columns - 1)) + "\n" }
            state.drawn = lines.count
        }
        if !text.isEmpty { StandardError.write(text) }
    }

    private func label(_ layer: Int) -> String {
        layers.indices.contains(layer) ? String(layers[layer].digest.hex.prefix(12)) : "\(layer + 1)"
    }

    private func line(_ layer: Int, _ state: State) -> String {
        let read = state.read[layer] ?? 0
        let total = layers.indices.contains(layer) ? UInt64(clamping: layers[layer].size) : nil
        let text = (state.paces[layer] ?? TransferPace()).text(read, of: total)
        return "\(noun) \(label(layer)): \(text)"
    }
}
