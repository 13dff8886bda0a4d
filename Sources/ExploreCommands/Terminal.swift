// SPDX-License-Identifier: Apache-2.0

import Console
import Exploring
import Glibc
import LinuxIO
import Synchronization
import SystemPackage
import Threads

/// The terminal of this process while it shows screens: keys come one by one, nothing is echoed.
///
/// Whatever signal ends or stops the process, the terminal gets back its modes and its screen before.
final class Terminal {
    /// What a signal handler needs, in memory that never moves.
    private enum Kept {
        nonisolated(unsafe) static let modes: UnsafeMutablePointer<termios> = .allocate(capacity: 1)
        nonisolated(unsafe) static let leaving: UnsafeMutableBufferPointer<UInt8> = {
            let bytes = Array(ScreenWriter.leave.utf8)
            let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
            _ = buffer.initialize(from: bytes)
            return buffer
        }()
        /// Whether the terminal is changed.
        static let isRaw = Atomic(false)
        /// Whether its size changed, or it may have been used by others.
        static let isChanged = Atomic(false)
        /// The pipe that ends waiting; -1 for none.
        static let wake = Atomic<Int32>(-1)
    }

    /// Signals that end a process.
    private static let ending = [
        SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2,
        SIGXCPU, SIGXFSZ, SIGVTALRM, SIGSYS,
    ]

    private var before: [(signal: Int32, action: sigaction)] = []
    private let pipe: Pipe

    /// Whether there is a terminal that can show screens.
    static var isThere: Bool {
        isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
            && Environment.path("TERM").map { $0 != "dumb" } ?? false
    }

    /// Takes the terminal.
    ///
    /// - Parameter pipe: what ends waiting when something is written into it.
    /// - Throws: the `Errno` of what it refuses.
    init(_ pipe: Pipe) throws(Errno) {
        self.pipe = pipe
        try pipe.writeEnd.setNonblocking()
        Kept.wake.store(pipe.writeEnd.rawValue, ordering: .relaxed)
        _ = try retrying { tcgetattr(STDIN_FILENO, Kept.modes) }
        // What a handler reads is there before a handler is.
        _ = (Kept.leaving.count, Kept.isRaw.load(ordering: .relaxed), Kept.isChanged.load(ordering: .relaxed))
        for number in Self.ending { handle(number, Self.giveBackAndRaise) }
        handle(SIGTSTP, Self.giveBackAndRaise)
        for number in [SIGWINCH, SIGCONT] { handle(number) { _ in Terminal.noteChange() } }
        do {
            try enter()
        } catch {
            leave()
            throw error
        }
    }

    /// Gives the terminal back.
    func leave() {
        Self.giveBack()
        for (number, action) in before.reversed() {
            var action = action
            sigaction(number, &action, nil)
        }
        before = []
        Kept.wake.store(-1, ordering: .relaxed)
    }

    /// Columns and rows.
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Writes bytes.
    func write(_ bytes: [UInt8]) throws(Errno) {
        guard !bytes.isEmpty else { return }
        do {
            _ = try FileDescriptor.standardOutput.writeAll(bytes)
        } catch let error as Errno {
            throw error
        } catch {
            throw .ioError
        }
    }

    /// Stops this process, and those that belong to it, as Ctrl-Z does elsewhere.
    func suspend() {
        // Zero is all of the process group, as when the terminal sends it.
        kill(0, SIGTSTP)
    }

    /// What came while keys were waited for.
    struct Arrival {
        var bytes: [UInt8] = []
        /// No more bytes can come.
        var isOver = false
        /// The terminal may look otherwise, or have another size.
        var isChanged = false
    }

    /// Waits for keys, for a signal, or for bytes of the pipe, which are taken.
    ///
    /// - Parameter milliseconds: how long at the most; nil for ever.
    func wait(milliseconds: Int32?) throws(Errno) -> Arrival {
        var waited = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: pipe.readEnd.rawValue, events: Int16(POLLIN), revents: 0),
        ]
        // A signal that came before has written into the pipe.
        let count = attempting { poll(&waited, 2, milliseconds ?? -1) }
        var arrival = Arrival(isChanged: Kept.isChanged.exchange(false, ordering: .relaxed))
        if !Kept.isRaw.load(ordering: .relaxed) {
            // It was stopped, and goes on; or nobody stops a process without a shell.
            handleAgain(SIGTSTP)
            try enter()
            arrival.isChanged = true
        } else if arrival.isChanged {
            // Others may have changed the modes of one that was stopped without a chance to say so.
            try enter()
        }
        guard count > 0 else { return arrival }
        var buffer = [UInt8](repeating: 0, count: 4096)
        if waited[1].revents != 0 {
            _ = attempting { Glibc.read(pipe.readEnd.rawValue, &buffer, buffer.count) }
        }
        if waited[0].revents != 0 {
            let count = attempting { Glibc.read(STDIN_FILENO, &buffer, buffer.count) }
            arrival.bytes = Array(buffer.prefix(max(0, count)))
            arrival.isOver = count <= 0
        }
        return arrival
    }

    // MARK: Modes and signals

    private func enter() throws(Errno) {
        var raw = Kept.modes.pointee
        cfmakeraw(&raw)
        // Lines end as they do elsewhere: what others print meanwhile stays readable.
        raw.c_oflag |= tcflag_t(OPOST)
        // Said before it is so: a signal between the two gives back what may be changed.
        let wasRaw = Kept.isRaw.exchange(true, ordering: .sequentiallyConsistent)
        do throws(Errno) {
            _ = try retrying { tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) }
        } catch {
            Kept.isRaw.store(wasRaw, ordering: .sequentiallyConsistent)
            throw error
        }
        if !wasRaw { try write(Array(ScreenWriter.enter.utf8)) }
    }

    /// Nothing but what a signal handler may do: write(2), tcsetattr(3).
    private static func giveBack() {
        guard Kept.isRaw.exchange(false, ordering: .sequentiallyConsistent) else { return }
        _ = Glibc.write(STDOUT_FILENO, Kept.leaving.baseAddress, Kept.leaving.count)
        tcsetattr(STDIN_FILENO, TCSANOW, Kept.modes)
    }

    /// Ends waiting: what succeeds leaves `errno` as it was, and one byte always has room.
    private static func noteChange() {
        guard !Kept.isChanged.exchange(true, ordering: .sequentiallyConsistent) else { return }
        var byte: UInt8 = 0
        _ = Glibc.write(Kept.wake.load(ordering: .relaxed), &byte, 1)
    }

    /// Gives the terminal back, and lets the signal do what it does otherwise, which is when this returns.
    private static let giveBackAndRaise: @convention(c) (Int32) -> Void = { number in
        Terminal.giveBack()
        Terminal.noteChange()
        var standard = sigaction()
        sigaction(number, &standard, nil)
        raise(number)
    }

    private func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        var old = sigaction()
        action.__sigaction_handler.sa_handler = handler
        sigaction(number, &action, &old)
        before.append((number, old))
    }

    private func handleAgain(_ number: Int32) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = Self.giveBackAndRaise
        sigaction(number, &action, nil)
    }
}
