// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation

/// Waits that end: for what a test cannot be woken by, and for programs.
package enum Waiting {
    /// What did not happen in time.
    package struct Overdue: Error, CustomStringConvertible {
        /// What was waited for, and how long.
        package let description: String
    }

    /// Asks until a condition holds, the first times at once.
    ///
    /// - Parameters:
    ///   - what: what is waited for, as the end of "not in 60 s: ".
    ///   - seconds: how long at the most.
    /// - Throws: `Overdue` where it did not come to hold, and what the condition throws.
    package static func until(_ what: String, seconds: Int = 60, _ condition: () throws -> Bool) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        var pause: UInt32 = 200
        while try !condition() {
            guard ContinuousClock.now < end else { throw Overdue(description: "not in \(seconds) s: \(what)") }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    /// The thread that calls, for `untilAsleep`.
    package static var thread: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")) ?? ""
    }

    /// Waits until a thread of this process has begun and sleeps.
    ///
    /// - Parameter thread: what the thread itself knows as `Waiting.thread`; empty before it has begun.
    package static func untilAsleep(_ thread: () -> String) throws {
        try until("a thread that sleeps") {
            let name = thread()
            guard !name.isEmpty else { return false }
            // `4711 (name) S 1 …`
            let text = try String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8)
            return text.split(separator: ")").last?.hasPrefix(" S") == true
        }
    }

    /// Waits until somebody waits for a lock of a file, as `/proc/locks` tells.
    package static func untilSomebodyWaits(forLockOf inode: UInt64) throws {
        try until("a waiter for the lock of file \(inode)") {
            // `1: -> FLOCK  ADVISORY  WRITE 4711 fe:00:1234 0 EOF`
            try String(contentsOfFile: "/proc/locks", encoding: .utf8).split(separator: "\n").contains { line in
                line.contains(" -> ") && line.contains(":\(inode) ")
            }
        }
    }
}

extension Process {
    /// Waits for the end, and brings it about where it does not come: the process is then killed.
    package func waitUntilExit(atMost seconds: Int) {
        let process = processIdentifier
        let killing = DispatchWorkItem { kill(process, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds), execute: killing)
        waitUntilExit()
        killing.cancel()
    }
}

extension Pipe {
    /// What comes first out of the pipe: what a program says when it is ready.
    ///
    /// - Parameter seconds: how long it may take at the most.
    /// - Throws: `Waiting.Overdue` where nothing came in time.
    package func first(within seconds: Int = 120) throws -> String {
        var one = pollfd(fd: fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&one, 1, Int32(seconds * 1000)) == 1 else {
            throw Waiting.Overdue(description: "not in \(seconds) s: a first line of a program")
        }
        return String(decoding: fileHandleForReading.availableData, as: UTF8.self)
    }
}
