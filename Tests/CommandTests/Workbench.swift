// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage
import TestSupport
import Testing

/// What a command left: its exit code, or the negative number of the signal that killed it, and what it printed.
struct Outcome: Equatable, CustomStringConvertible {
    var code: Int32
    var output: String
    var errors: String

    init(_ code: Int32, _ output: String = "", errors: String = "") {
        self.code = code
        self.output = output
        self.errors = errors
    }

    /// Success with facts on standard output and nothing on standard error.
    static func success(_ output: String = "") -> Outcome { Outcome(0, output) }

    /// Success of a mount whose changes nobody keeps, which is told.
    static let discarding = Outcome(
        0,
        errors: "cimg: what is changed is discarded when the mount ends; --upper DIR keeps it, and so does "
            + "\"cimg umount --keep DIR\"\n")

    /// The same with facts on standard output.
    static func discarding(_ output: String) -> Outcome { Outcome(0, output, errors: discarding.errors) }

    /// Trouble: exit code 2, nothing on standard output and a line on standard error.
    static func trouble(_ line: String) -> Outcome { Outcome(2, errors: "cimg: \(line)\n") }

    /// Wrong arguments: trouble with a line that says where help is.
    static func usage(_ line: String, help: String) -> Outcome {
        Outcome(2, errors: "cimg: \(line)\nTry \"\(help)\".\n")
    }

    var description: String { "exit \(code)\n--- output\n\(output)--- errors\n\(errors)---" }
}

/// A scratch directory in which the built `cimg` runs, with a store at `store` in it.
///
/// Commands start in the directory, so that sources have short names: `oci:layout:tag`.
final class Workbench {
    let scratch = ScratchDirectory()
    /// The directory's path.
    var path: String { scratch.path.string }
    /// More of the environment of what is run.
    var environment: [String: String] = [:]
    /// The program to run.
    private var program = Workbench.builtProgram
    private var user: UInt32?
    private let logs = ScratchDirectory()

    init() {
        for name in ["home", "tmp", "mnt"] { scratch.directory(name) }
    }

    deinit {
        // A test that failed half way must not leave its mount behind.
        _ = try? run("/bin/umount", ["-q", "-l", "\(path)/mnt"])
    }

    /// A bench whose commands run as a plain user, `nobody`; needs the superuser.
    static func ofPlainUser() throws -> Workbench {
        let bench = Workbench()
        try FileManager.default.copyItem(atPath: builtProgram, toPath: "\(bench.path)/cimg")
        bench.program = "\(bench.path)/cimg"
        guard try bench.run("/bin/chown", ["-R", "65534:65534", bench.path]).code == 0 else {
            throw BenchError(description: "cannot give \(bench.path) to another user")
        }
        bench.user = 65534
        return bench
    }

    /// The product, which is built into the directory of the test bundle; `CIMG` in the environment names another.
    static let builtProgram: String = {
        if let program = ProcessInfo.processInfo.environment["CIMG"] { return program }
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let candidates = [bundle, executable].compactMap { $0 }.map {
            URL(fileURLWithPath: $0).deletingLastPathComponent().appendingPathComponent("cimg").path
        }
        guard let program = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            preconditionFailure("no cimg beside the tests: \(candidates)")
        }
        return program
    }()

    /// Runs `cimg` to its end.
    ///
    /// One that takes longer than two minutes is killed: exit code 137, or -9.
    @discardableResult
    func cimg(_ arguments: String...) throws -> Outcome { try cimg(arguments) }

    /// Runs `cimg` to its end.
    func cimg(_ arguments: [String]) throws -> Outcome { try run(program, arguments) }

    /// Runs a shell script in which `cimg` is the program.
    func shell(_ script: String) throws -> Outcome {
        try run("/bin/sh", ["-c", "cimg() { \"\(program)\" \"$@\"; }\n\(script)"])
    }

    /// Runs any program to its end, as the user of the bench.
    func run(_ program: String, _ arguments: [String]) throws -> Outcome {
        let process = command([program] + arguments, limit: ["timeout", "-s", "KILL", "120"])
        let name = UUID().uuidString
        // Files, as pipes could fill up, and a background process could keep them open.
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: logs.file("\(name).out").string))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: logs.file("\(name).err").string))
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit(atMost: 600)
        func text(_ kind: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(logs.path)/\(name).\(kind)")), as: UTF8.self)
        }
        return Outcome(
            process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            try text("out"), errors: try text("err"))
    }

    /// A program with its arguments as a process not yet started, as the user of the bench; its number stays the same
    /// from the start on unless a limit is put before it.
    func command(_ words: [String], limit: [String] = []) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let asUser = user.map { ["setpriv", "--reuid", "\($0)", "--regid", "\($0)", "--clear-groups"] } ?? []
        process.arguments = limit + asUser + words
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        process.environment = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "\(path)/home",
            "TMPDIR": "\(path)/tmp", "CIMG_ROOT": "\(path)/store", "LC_ALL": "C.UTF-8",
        ].merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        return process
    }

    /// Every file of the bench outside the store, with its size: what no command may change.
    func filesOutsideStore() throws -> [String] {
        let script = "find . -path ./store -prune -o -printf '%P %y %s %m %l\\n' | sort"
        let outcome = try run("/bin/sh", ["-c", script])
        return outcome.output.split(separator: "\n").map(String.init)
    }

    /// The names below a directory of the store.
    func stored(_ directory: String) throws -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/store/\(directory)")) ?? []
        return names.sorted()
    }
}

/// Expects a value, and shows both where they differ, which `#expect` does not for what may throw.
func expect<Value: Equatable>(
    _ actual: Value, is expected: Value, _ note: String = "", at location: SourceLocation = #_sourceLocation
) {
    #expect(actual == expected, "\(note)", sourceLocation: location)
}

/// A bench that could not be made.
struct BenchError: Error, CustomStringConvertible {
    let description: String
}

/// Images that the tests of several commands use.
enum Sample {
    /// The layer that both images have.
    static let base = LayerBuilder(.gzip) {
        $0.directory("bin")
        $0.file("bin/tool", "#!/bin/sh\n", mode: 0o4755)
        $0.hardLink("bin/other", to: "bin/tool")
        $0.directory("etc")
        $0.symlink("etc/link", to: "name")
        $0.file("etc/name", "old\n", mtime: 1_700_000_000)
        $0.file("etc/shadow", "root:*\n", mode: 0o600)
        $0.directory("home", mode: 0o750, uid: 1000, gid: 1001)
        $0.file("home/note", "mine\n", uid: 1000, gid: 1001)
    }

    /// An image of one layer.
    static let old = ImageBuilder([base])

    /// An image with one more layer that adds, removes and changes.
    static let new = ImageBuilder(
        [
            base,
            LayerBuilder(.zstd) {
                $0.file("etc/name", "newer\n", mtime: 1_710_000_000)
                $0.file("etc/shadow", "root:*\n", mode: 0o640, gid: 42)
                $0.whiteout("home")
                $0.directory("srv", mode: 0o700)
                $0.file("srv/data", "data\n")
            },
        ], created: "2025-01-02T03:04:05Z")

    /// A layout of both images with the tags `old` and `new`.
    static let layout = OCILayoutBuilder {
        $0.image(old, tag: "old")
        $0.image(new, tag: "new")
    }

    /// A bench whose store has both images as `old` and `new`, and the layout they came from.
    static func bench(_ bench: Workbench = Workbench()) throws -> Workbench {
        layout.write(to: bench.scratch)
        for tag in ["old", "new"] {
            let outcome = try bench.cimg("import", "oci:layout:\(tag)", tag)
            guard outcome.code == 0 else { throw BenchError(description: outcome.errors) }
        }
        return bench
    }
}
