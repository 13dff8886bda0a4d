// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A process that stands for a container: it makes files and mounts of its own, then waits to be killed.
final class LiveProcess {
    /// The process's number.
    let identifier: Int32
    /// What `cimg mount --live` takes.
    var object: String { "pid:\(identifier)" }
    private let process: Process
    private var isRunning = true

    /// Starts a process and waits until its preparations are done.
    ///
    /// - Parameters:
    ///   - bench: its working directory, and its user.
    ///   - wrapper: what changes the process before the preparations, such as `unshare -m`; it must not fork.
    ///   - preparations: a shell script.
    convenience init(_ bench: Workbench, _ wrapper: [String] = [], preparations: String) throws {
        try self.init(
            bench.command(wrapper + ["/bin/sh", "-c", preparations + "\n echo ready; exec sleep 1000 > /dev/null"]))
    }

    /// Starts a program that changes its root directory to one of the bench, and does nothing else.
    convenience init(_ bench: Workbench, _ wrapper: [String] = [], root: String) throws {
        let script =
            "import os, time; os.chroot('\(root)'); os.chdir('/'); print('ready', flush=True); time.sleep(1000)"
        try self.init(bench.command(wrapper + ["/usr/bin/python3", "-c", script]))
    }

    private init(_ process: Process) throws {
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        self.process = process
        identifier = process.processIdentifier
        guard try output.first() == "ready\n" else {
            throw BenchError(description: "a process for a test did not start")
        }
    }

    deinit { end() }

    /// Kills the process and waits for its end.
    func end() {
        guard isRunning else { return }
        isRunning = false
        kill(identifier, SIGKILL)
        process.waitUntilExit(atMost: 600)
    }
}
