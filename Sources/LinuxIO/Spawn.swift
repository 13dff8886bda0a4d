// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// A program to start as a child: posix_spawn(3), never fork without exec.
package struct Spawn: Sendable {
    /// The program: a path, or a name to look for in `PATH`.
    package var program: String
    /// All arguments, the program's own name first.
    package var arguments: [[UInt8]]
    /// Descriptors that the child gets as 3, 4 and so on; it gets no others.
    package var descriptors: [Descriptor] = []
    /// Where its standard error goes.
    package var errorOutput: Descriptor
    /// What its standard input is; nil for `/dev/null`.
    package var standardInput: Descriptor?
    /// Where its standard output goes; nil for `/dev/null`.
    package var standardOutput: Descriptor?
    /// Its working directory; nil for this process's own.
    package var workingDirectory: Descriptor?
    /// Its environment, `NAME=value` each; nil for this process's own.
    package var environment: [[UInt8]]?
    /// Whether it leads a session of its own and starts in `/`: for what outlives the terminal.
    package var isDetached = false

    /// Describes a child.
    package init(program: String, arguments: [[UInt8]], errorOutput: Descriptor) {
        self.program = program
        self.arguments = arguments
        self.errorOutput = errorOutput
    }

    /// Lets this process, and children that it starts, open as many files as the system allows: setrlimit(2).
    package static func raiseOpenFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// How many files this process may have open at once: getrlimit(2).
    package static var openFileLimit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// Starts the child, with no signal blocked or ignored.
    package func start() throws(Errno) -> ChildProcess {
        // dup2 in the child goes in order: sources above every target cannot be overwritten before their turn.
        let lowest = Int32(clamping: descriptors.count + 3)
        var sources: [Descriptor] = []
        let standard = [(standardInput, Int32(0)), (standardOutput, 1), (errorOutput, 2)]
        let extra = descriptors.enumerated().map { (Optional($1), Int32(3 + $0)) }
        var targets: [Int32] = []
        for (descriptor, target) in standard + extra {
            guard let descriptor else { continue }
            targets.append(target)
            sources.append(Descriptor(owning: try retrying { fcntl(descriptor.rawValue, F_DUPFD_CLOEXEC, lowest) }))
        }
        var actions = posix_spawn_file_actions_t()
        try checking { posix_spawn_file_actions_init(&actions) }
        defer { posix_spawn_file_actions_destroy(&actions) }
        try checking { posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) }
        try checking { posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) }
        for (source, target) in zip(sources, targets) {
            try checking { posix_spawn_file_actions_adddup2(&actions, source.rawValue, target) }
        }
        // The program is looked for only then, by an absolute path or in `PATH`.
        var directory: Descriptor?
        if let number = workingDirectory?.rawValue {
            directory = Descriptor(owning: try retrying { fcntl(number, F_DUPFD_CLOEXEC, lowest) })
        }
        if let directory { try checking { clinux_spawn_enter_directory(&actions, directory.rawValue) } }
        try checking { clinux_spawn_close_from(&actions, lowest) }
        if isDetached { try checking { clinux_spawn_change_directory(&actions, "/") } }

        var attributes = posix_spawnattr_t()
        try checking { posix_spawnattr_init(&attributes) }
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        try checking { posix_spawnattr_setsigmask(&attributes, &none) }
        try checking { posix_spawnattr_setsigdefault(&attributes, &all) }
        let flags = Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        try checking {
            posix_spawnattr_setflags(&attributes, flags | (isDetached ? clinux_POSIX_SPAWN_SETSID : 0))
        }

        var strings = arguments.map { withCString($0) { strdup($0) } }
        var variables = (environment ?? []).map { withCString($0) { strdup($0) } }
        defer { (strings + variables).forEach { free($0) } }
        guard !strings.contains(nil), !variables.contains(nil) else { throw .noMemory }
        strings.append(nil)
        variables.append(nil)
        var child = pid_t()
        if environment != nil {
            try checking { posix_spawnp(&child, program, &actions, &attributes, strings, variables) }
        } else {
            try checking { posix_spawnp(&child, program, &actions, &attributes, strings, clinux_environment()) }
        }
        return ChildProcess(identifier: child)
    }
}

/// A child that was started and not yet waited for.
package struct ChildProcess: Sendable {
    /// The process's number.
    package let identifier: Int32

    /// Waits for the child's end and tells how it ended: waitpid(2).
    package func wait() throws(Errno) -> Ending {
        var status: Int32 = 0
        _ = try retrying { waitpid(identifier, &status, 0) }
        let signal = status & 0x7F
        return signal == 0 ? .exit((status >> 8) & 0xFF) : .signal(signal)
    }

    /// Ends the child at once: kill(2).
    package func kill() {
        // A child that has not been waited for keeps its number, so that it is the one that is meant.
        _ = Glibc.kill(identifier, SIGKILL)
    }

    /// How a process ended.
    package enum Ending: Equatable, Sendable {
        /// It exited with a code.
        case exit(Int32)
        /// A signal killed it.
        case signal(Int32)
    }
}

/// A pipe.
package struct Pipe: Sendable {
    /// Where bytes come out.
    package let readEnd: Descriptor
    /// Where bytes go in.
    package let writeEnd: Descriptor

    /// Makes a pipe: pipe2(2).
    package init() throws(Errno) {
        var ends: [Int32] = [-1, -1]
        _ = try retrying { clinux_pipe2(&ends, O_CLOEXEC) }
        readEnd = Descriptor(owning: ends[0])
        writeEnd = Descriptor(owning: ends[1])
    }
}
