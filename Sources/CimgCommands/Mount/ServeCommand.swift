// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import FuseServer
import Glibc
import LinuxIO
import SystemPackage

/// `cimg serve`: the background process of a mount; see `BackgroundServer`.
package struct ServeCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve a mount from descriptors (started by cimg mount).",
        shouldDisplay: false)

    @Option var source: String
    @Option var layers: Int
    @Flag var notes = false
    @Option(name: .customShort("o")) var options: [String] = []
    @Argument var mountpoint: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        do {
            let descriptors = try inheritedDescriptors()
            let tree = try openServedTree(
                tree: descriptors[0], notes: notes ? descriptors[1] : nil,
                layers: Array(descriptors[(notes ? 2 : 1)...]))
            try FuseServer.serve(
                tree, source: source, at: RawArguments.bytes(of: mountpoint),
                options: MountOptions(parsing: options, isRoot: geteuid() == 0)
            ) { BackgroundServer.reportReady() }
        } catch {
            // `cimg mount` says on what and for whom. If it has gone, nobody is left to be told.
            _ = try? FileDescriptor.standardError.writeAll("\(error)\n".utf8)
            throw ExitCode(2)
        }
    }

    /// Takes over the descriptors from 3 on, which must be open.
    private func inheritedDescriptors() throws -> [Descriptor] {
        guard (0...65535).contains(layers) else { throw MountError("no such count of layers") }
        return try (0..<layers + (notes ? 2 : 1)).map { index in
            let number = Int32(3 + index)
            _ = try retrying { fcntl(number, F_SETFD, FD_CLOEXEC) }
            return Descriptor(owning: number)
        }
    }
}
