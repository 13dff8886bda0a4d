// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import SystemPackage

/// The engines that `scripts/engines` has started, asked through their own programs.
///
/// Tests that use it say so: `@Test(.enabled(if: Requirements.engines))`.
package struct EngineBench: Sendable {
    /// An engine, and for whom it works.
    package enum Engine: String, Sendable, CaseIterable {
        /// podman as root.
        case podman
        /// podman as a plain user.
        case rootless
        /// Docker.
        case docker
        /// containerd with `ctr`, in the namespace `default`.
        case containerd
    }

    /// What a program left.
    package struct Outcome: Sendable {
        /// Its exit code, or the negative number of the signal that killed it.
        package var code: Int32
        /// Its standard output.
        package var output: String
        /// Its standard error.
        package var errors: String
    }

    /// A program of an engine that failed.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Where the engines keep their things.
    package let directory: String

    /// The name of the plain user.
    package static let user = "cimg-engines"

    /// The bench of `CIMG_ENGINES`, or of the script's own directory.
    package init() {
        directory = ProcessInfo.processInfo.environment["CIMG_ENGINES"] ?? "/var/lib/cimg-engines"
    }

    /// Whether the engines have been started, and this process may use them.
    package static var isReady: Bool {
        geteuid() == 0 && FileManager.default.fileExists(atPath: EngineBench().directory + "/ready")
    }

    /// The variables with which an engine's program, or cimg, finds the engine's things.
    ///
    /// For the plain user they are only of use to a process that runs as that user: see `asUser`.
    package func environment(_ engine: Engine) -> [String: String] {
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let common = ["PATH": path, "LC_ALL": "C.UTF-8", "CONTAINERS_CONF": "\(directory)/containers.conf"]
        let own =
            switch engine {
            case .rootless: ["HOME": "\(directory)/home", "XDG_RUNTIME_DIR": "\(directory)/home/run"]
            case .podman: ["HOME": "/root", "CONTAINERS_STORAGE_CONF": "\(directory)/storage.conf"]
            case .docker: ["HOME": "/root", "DOCKER_HOST": "unix://\(directory)/docker.sock"]
            case .containerd: ["HOME": "/root", "CONTAINERD_ADDRESS": "\(directory)/containerd.sock"]
            }
        return common.merging(own) { first, _ in first }
    }

    /// The variables with which root's podman, Docker and containerd are all found.
    package var environment: [String: String] {
        [Engine.podman, .docker, .containerd].map { environment($0) }.reduce([:]) {
            $0.merging($1) { first, _ in first }
        }
    }

    /// The command line that runs another one as an engine's user.
    package func asUser(_ engine: Engine, _ command: [String]) -> [String] {
        guard engine == .rootless else { return command }
        return ["setpriv", "--reuid", Self.user, "--regid", Self.user, "--init-groups"] + command
    }

    /// Runs a program as an engine's user in its surroundings to its end.
    ///
    /// One that takes longer than two minutes is killed.
    package func outcome(_ engine: Engine, _ command: [String]) throws -> Outcome {
        // Not Foundation's Process: it waits until every descendant has ended, and a container is one.
        let logs = ScratchDirectory()
        let variables = environment(engine).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let script = "cd / && exec \"$@\" >\"$0\""
        let arguments =
            ["env", "-i"] + variables + ["timeout", "-s", "KILL", "120", "/bin/sh", "-c", script]
            + [logs.file("out").string] + asUser(engine, command)
        let errors = try Descriptor.open(logs.file("err"), O_WRONLY)
        let child = try Spawn(
            program: "/usr/bin/env", arguments: arguments.map { Array($0.utf8) }, errorOutput: errors
        ).start()
        let code: Int32 =
            switch try child.wait() {
            case .exit(let code): code
            case .signal(let number): -number
            }
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: logs.path(name).string)), as: UTF8.self)
        }
        return Outcome(code: code, output: try text("out"), errors: try text("err"))
    }

    /// Runs a program as `outcome` does, and gives its standard output without line ends around it.
    ///
    /// - Throws: `Failure` with what it printed where it does not end with 0.
    @discardableResult
    package func run(_ engine: Engine, _ command: [String]) throws -> String {
        let outcome = try outcome(engine, command)
        guard outcome.code == 0 else {
            throw Failure(
                description:
                    "\(command.joined(separator: " ")): exit \(outcome.code): \(outcome.errors)\(outcome.output)")
        }
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The engine's own program, such as `podman`, with arguments: see `run`.
    @discardableResult
    package func engine(_ engine: Engine, _ arguments: String...) throws -> String {
        try self.engine(engine, arguments)
    }

    /// The engine's own program with arguments: see `run`.
    @discardableResult
    package func engine(_ engine: Engine, _ arguments: [String]) throws -> String {
        // Other clients of Docker may stand before Debian's in the path.
        let program =
            [.podman: "podman", .rootless: "podman", .docker: "/usr/bin/docker", .containerd: "ctr"][engine] ?? ""
        return try run(engine, [program] + arguments)
    }
}
