// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import FileSystems
import FuseServer
import Glibc
import LinuxIO
import SystemPackage

/// `cimg serve-live`: the background process of a live mount that is not root's; see `BackgroundServer`.
///
/// It gets the root directory to serve as descriptor 3, a process in whose user namespace it shall act as 4, and the mount
/// namespace of the process as 5, to hold it: with the namespace, what is mounted below the root directory would go.
package struct ServeLiveCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "serve-live", abstract: "Serve a live mount from descriptors (started by cimg mount).",
        shouldDisplay: false)

    @Option var source: String
    @Flag var enter = false
    @Option(name: .customShort("o")) var options: [String] = []
    @Argument var mountpoint: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        do {
            let inherited = try (Int32(3)...5).map { number in
                _ = try retrying { fcntl(number, F_SETFD, FD_CLOEXEC) }
                return Descriptor(owning: number)
            }
            let mounts = try LiveServers()
            let files = try Passthrough(
                inherited[0], descriptorLimit: min(Spawn.openFileLimit / 4, 16384), isForbidden: mounts.contains)
            defer { withExtendedLifetime(inherited) {} }
            // Modes come as the one who asks wants them.
            umask(0)
            try FuseServer.serve(
                files, source: source, at: RawArguments.bytes(of: mountpoint),
                options: LiveOptions(parsing: options).served,
                beforeServing: {
                    // Behind the mount: there, nobody may mount here.
                    if enter { try Self.enterNamespace(of: inherited[1]) }
                },
                whenReady: { BackgroundServer.reportReady() })
        } catch {
            // `cimg mount` says on what and for whom. If it has gone, nobody is left to be told.
            _ = try? FileDescriptor.standardError.writeAll("\(error)\n".utf8)
            throw ExitCode(2)
        }
    }

    private static func enterNamespace(of process: Descriptor) throws {
        do {
            try UserNamespace.enter(of: process)
        } catch Errno.noSuchProcess {
            throw MountError("the process has ended: only what runs can be mounted live")
        } catch {
            throw MountError("cannot enter the process's user namespace: \(error)")
        }
    }
}
