// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import Synchronization
import SystemPackage

/// Standard output, on a terminal through the user's pager: what fits on a screen stays there, more can be scrolled.
///
/// The pager is started with the first bytes. It is that of `CIMG_PAGER` or `PAGER`, run by the shell as git does; without
/// one `less -FRX`. An empty one, or `cat`, is none. Root believes these variables only where they are root's own: under
/// sudo it is `less`, which then starts no programs.
package final class PagedOutput: @unchecked Sendable {
    // SAFETY: used by the one thread that made it.

    /// What is started.
    package struct Program: Equatable {
        /// The program and its arguments.
        package var words: [String]
        /// More of its environment.
        package var environment: [String: String]
    }

    private var program: Program?
    private var isStarted = false
    private var pipe: Descriptor?
    private var child: ChildProcess?

    /// Makes an output.
    ///
    /// - Parameter isWanted: whether a pager may be used.
    package init(paging isWanted: Bool) {
        program = isWanted && isatty(STDOUT_FILENO) == 1 ? Self.program(Self.environment()) : nil
        // Here, before there are other threads.
        for (name, value) in program?.environment ?? [:] { setenv(name, value, 1) }
    }

    /// What decides which pager it is.
    package struct Surroundings {
        /// `CIMG_PAGER`, if that is set, else `PAGER`.
        package var pager: String?
        /// Whether `LESS` is set.
        package var hasLess: Bool
        /// Whether this is root by the word of another user's environment.
        package var isBorrowed: Bool

        /// Puts it together.
        package init(pager: String?, hasLess: Bool, isBorrowed: Bool) {
            self.pager = pager
            self.hasLess = hasLess
            self.isBorrowed = isBorrowed
        }
    }

    /// Which pager it is; nil for none.
    package static func program(_ surroundings: Surroundings) -> Program? {
        if surroundings.isBorrowed {
            return Program(
                words: ["/usr/bin/less", "-FRX"], environment: ["LESSSECURE": "1", "LESS": "", "LESSOPEN": ""])
        }
        let environment = surroundings.hasLess ? [:] : ["LESS": "FRX"]
        guard let pager = surroundings.pager else { return Program(words: ["less"], environment: environment) }
        let words = pager.split(separator: " ")
        if words.isEmpty || words == ["cat"] { return nil }
        return Program(words: ["/bin/sh", "-c", pager], environment: environment)
    }

    private static func environment() -> Surroundings {
        let sudo = Environment.text("SUDO_UID")
        let isBorrowed = getuid() != geteuid() || geteuid() == 0 && sudo != nil && sudo != "0"
        return Surroundings(
            pager: Environment.text("CIMG_PAGER") ?? Environment.text("PAGER"),
            hasLess: Environment.text("LESS") != nil, isBorrowed: isBorrowed)
    }

    /// Writes bytes.
    ///
    /// - Throws: `Errno.brokenPipe` where whoever reads has seen enough; a `CommandError` for other trouble.
    package func write(_ bytes: [UInt8]) throws {
        guard !bytes.isEmpty else { return }
        if !isStarted { start() }
        do {
            if let pipe {
                try pipe.write(bytes)
            } else {
                try FileDescriptor.standardOutput.writeAll(bytes)
            }
        } catch let error as Errno where error != .brokenPipe {
            throw CommandError("standard output: \(error)")
        }
    }

    /// Waits until the pager has ended.
    package func finish() {
        pipe = nil
        guard let child else { return }
        // What is left of it is its own.
        _ = try? child.wait()
        self.child = nil
        PagerInterrupt.end()
    }

    private func start() {
        isStarted = true
        guard let program else { return }
        // Without a pager there is still the terminal.
        guard let ends = try? Pipe(), let terminal = try? Descriptor.standard(STDOUT_FILENO),
            let errors = try? Descriptor.standard(STDERR_FILENO)  // As above.
        else { return }
        var spawn = Spawn(
            program: program.words[0], arguments: program.words.map { Array($0.utf8) }, errorOutput: errors)
        spawn.standardInput = ends.readEnd
        spawn.standardOutput = terminal
        guard let child = try? spawn.start() else { return }  // As above.
        self.child = child
        pipe = ends.writeEnd
        PagerInterrupt.begin(pipe: ends.writeEnd.rawValue, pager: child.identifier)
    }
}

/// Ctrl-C while a pager has the terminal: the pager keeps it until its user leaves it, then the program ends as it would
/// have at once.
private enum PagerInterrupt {
    private static let pipe = Atomic<Int32>(-1)
    private static let pager = Atomic<Int32>(-1)

    static func begin(pipe number: Int32, pager identifier: Int32) {
        pipe.store(number, ordering: .releasing)
        pager.store(identifier, ordering: .releasing)
        var action = sigaction()
        // Nothing but what a handler may do: close(2), waitpid(2), sigaction(2), raise(3).
        action.__sigaction_handler.sa_handler = { signal in
            let identifier = PagerInterrupt.pager.load(ordering: .acquiring)
            if identifier > 0 {
                close(PagerInterrupt.pipe.load(ordering: .acquiring))
                waitpid(identifier, nil, 0)
            }
            PagerInterrupt.end()
            raise(signal)
        }
        sigaction(SIGINT, &action, nil)
    }

    static func end() {
        pager.store(-1, ordering: .releasing)
        var standard = sigaction()
        sigaction(SIGINT, &standard, nil)
    }
}
