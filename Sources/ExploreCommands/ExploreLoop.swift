// SPDX-License-Identifier: Apache-2.0

import Console
import Exploring
import Glibc
import LinuxIO
import OCI
import Synchronization
import SystemPackage
import Threads

/// Carries keys to an explorer, what it asks for from sources to it, and its screens to the terminal.
final class ExploreLoop {
    private let sources: [ExploredSource]
    private let arrivals = Arrivals()
    /// How long an Escape may be the beginning of something.
    private static let escapeMilliseconds: Int32 = 50

    init(_ sources: [ExploredSource]) { self.sources = sources }

    /// What threads have read, for the one that shows it.
    private final class Arrivals: Sendable {
        private let events = Mutex<[ExplorerEvent]>([])

        func add(_ event: ExplorerEvent) { events.withLock { $0.append(event) } }
        func take() -> [ExplorerEvent] {
            events.withLock { events in
                defer { events = [] }
                return events
            }
        }
    }

    /// Shows screens until the user has seen enough.
    func run(isColored: Bool) throws {
        let pipe = try Pipe()
        let terminal = try Terminal(pipe)
        defer { terminal.leave() }
        let size = terminal.size
        var explorer = Explorer(
            sources.map(\.object), columns: size.columns, rows: size.rows, isPlain: StandardOutput.isPlainTerminal)
        var writer = ScreenWriter(isColored: isColored)
        try terminal.write(writer.bytes(for: explorer.screen))
        let reader = startReading(pipe.writeEnd)
        defer {
            // Nobody waits for what is still being read.
            terminal.leave()
            for source in sources { source.end() }
            // It has nothing to say any more.
            try? reader.join()
        }
        var decoder = KeyDecoder()
        while true {
            let arrival = try terminal.wait(milliseconds: decoder.isWaiting ? Self.escapeMilliseconds : nil)
            if arrival.isOver { return }
            var events = arrivals.take()
            if arrival.isChanged {
                let size = terminal.size
                events.append(.resize(columns: size.columns, rows: size.rows))
                writer.forget()
            }
            let keys = arrival.bytes.isEmpty && decoder.isWaiting ? decoder.finish() : decoder.take(arrival.bytes)
            events += keys.map { .key($0) }
            while !events.isEmpty {
                for effect in explorer.handle(events.removeFirst()) {
                    switch effect {
                    case .quit: return
                    case .suspend: terminal.suspend()
                    case .redraw: writer.forget()
                    case .copy(let text):
                        try terminal.write(Self.clipboard(text))
                        events.insert(.message("handed to the terminal: \(text)"), at: 0)
                    default: events.insert(answer(effect), at: 0)
                    }
                }
            }
            try terminal.write(writer.bytes(for: explorer.screen))
        }
    }

    /// Reads names and costs of all objects, the one that is shown first.
    private func startReading(_ wake: Descriptor) -> WorkerThread<Void> {
        let (sources, arrivals) = (sources, arrivals)
        return WorkerThread {
            for step in [Step.names, .costs] {
                for (index, source) in sources.enumerated() {
                    do {
                        switch step {
                        case .names: arrivals.add(.history(object: index, try source.history()))
                        case .costs: if let costs = try source.costs() { arrivals.add(.costs(object: index, costs)) }
                        }
                    } catch is ExploringEnded {
                        return
                    } catch {
                        arrivals.add(.trouble(object: index, "\(error)"))
                    }
                    try wake.write([0])
                }
            }
        }
    }

    private enum Step { case names, costs }

    private func answer(_ effect: ExplorerEffect) -> ExplorerEvent {
        do {
            switch effect {
            case .read(let object, let address, let offset, let count):
                return .bytes(
                    address, offset: offset, try sources[object].bytes(address, offset: offset, count: count))
            case .facts(let object, let address, let path):
                return .facts(try sources[object].facts(address, path: path))
            case .extract(let object, let address, let name):
                return .message(try extract(sources[object], address, to: name))
            default: return .message("")
            }
        } catch {
            return .message("\(error)")
        }
    }

    /// Writes a file's bytes into a new file.
    private func extract(_ source: ExploredSource, _ address: FileAddress, to name: String) throws -> String {
        let path = FilePath(Array(name.utf8))
        let file: Descriptor
        do throws(Errno) {
            // Neither over another file nor through a link.
            file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o666)
        } catch { return "\"\(name.printable)\": \(error)" }
        var offset: UInt64 = 0
        do {
            while true {
                let bytes = try source.bytes(address, offset: offset, count: 1 << 20)
                if bytes.isEmpty { break }
                try file.write(bytes)
                offset += UInt64(bytes.count)
            }
        } catch {
            // A part of a file is none.
            unlink(name)
            return "\"\(name.printable)\": \(error)"
        }
        return "\(TextTable.size(offset)) written to \"\(name.printable)\""
    }

    /// What makes a terminal keep a text for other programs.
    private static func clipboard(_ text: String) -> [UInt8] {
        Array("\u{1B}]52;c;".utf8) + Base64.encoded(text.utf8) + [0x07]
    }
}
