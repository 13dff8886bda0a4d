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
    @Option var descriptors: Int
    @Flag var notes = false
    @Option var marks: UInt8?
    @Option var identifiers: [String] = []
    @Flag var changing = false
    @Option var userRange: [String] = []
    @Option var groupRange: [String] = []
    @Option var upper: String?
    @Flag var below = false
    @Option var discard: String?
    @Option(name: .customShort("o")) var options: [String] = []
    @Argument var mountpoint: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        do {
            let served = try ServedContent(
                count: descriptors, hasNotes: notes, marks: marks, identifiers: identifiers, isChanging: changing,
                upper: upper)
            // Directories are opened as they are used.
            Spawn.raiseOpenFileLimit()
            let content = try served.content(inheritedDescriptors(served.count))
            let fileSystem = try openServed(below ? content.belowUpper : content)
            try FuseServer.serve(
                fileSystem, source: source, at: RawArguments.bytes(of: mountpoint),
                options: MountOptions(parsing: options, isRoot: geteuid() == 0, isWritable: upper != nil && !below),
                beforeServing: {
                    guard !userRange.isEmpty else { return }
                    try SubordinateNumbers.takeRights(
                        users: userRange.map(ServedContent.range), groups: groupRange.map(ServedContent.range))
                }
            ) { BackgroundServer.reportReady() }
            if let discard { DiscardedUpper(path: RawArguments.bytes(of: discard)).remove() }
        } catch {
            // `cimg mount` says on what and for whom. If it has gone, nobody is left to be told.
            _ = try? FileDescriptor.standardError.writeAll("\(error)\n".utf8)
            throw ExitCode(2)
        }
    }

    /// Takes over the descriptors from 3 on, which must be open.
    ///
    /// Those of a writable mount, with the lock of its upper, stay open under their numbers too, where `ServerProcess` finds them.
    private func inheritedDescriptors(_ count: Int) throws -> [Descriptor] {
        try (0..<count).map { index in
            let number = Int32(3 + index)
            _ = try retrying { fcntl(number, F_SETFD, FD_CLOEXEC) }
            guard upper != nil else { return Descriptor(owning: number) }
            return Descriptor(owning: try retrying { fcntl(number, F_DUPFD_CLOEXEC, Int32(3 + count)) })
        }
    }
}
