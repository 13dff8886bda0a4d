// SPDX-License-Identifier: Apache-2.0

import FileTree
package import FuseServer
import Glibc
import LinuxIO
import SystemPackage

/// The server process of a mount, seen from the command that starts it.
///
/// The server is this program again, as `cimg serve`. It gets what it shall do as a `ServerRecord`, the directory to mount
/// on and the files to serve as descriptors, and the writing end of a pipe as its standard error. What it writes there is
/// why it fails; a NUL byte says that the mount answers. If the command has died meanwhile the server notices by that
/// write, unmounts and ends. Its arguments are for people who list processes: nobody reads them.
package enum BackgroundServer {
    /// Mounts and returns when the mount answers.
    ///
    /// - Throws: `MountError` with what the server said; then there is no mount.
    package static func start(_ source: MountSource, at mountpoint: Mountpoint, options: MountOptions) throws {
        var record = ServedContent(source.content).record(source: source.title)
        record.users = ServedContent.texts(source.owners?.users)
        record.groups = ServedContent.texts(source.owners?.groups)
        record.isBelow = source.isBelow
        record.options = options.arguments
        record.discarded = source.discarded?.path
        record.store = source.store
        record.kernelRefusal = source.kernelRefusal
        if case .writable(_, let upper) = source.content {
            record.upperIdentity = try WritableUpper.identity(of: upper.directory)
        }
        try start(record, with: source.content.descriptors, at: mountpoint)
    }

    /// Starts a server and returns when its mount answers.
    ///
    /// - Parameter descriptors: what it serves.
    /// - Throws: `MountError` with what the server said; then there is no mount.
    static func start(_ record: ServerRecord, with descriptors: [Descriptor], at mountpoint: Mountpoint) throws {
        try FuseReadiness.check()
        let (server, output) = try spawn(record, with: descriptors, at: mountpoint)
        let message = try readMessage(output)
        if message.last == 0 { return }
        let ending = try server.wait()
        removeRemains(at: mountpoint)
        let lines = message.split(separator: UInt8(ascii: "\n")).map { Bytes.escaped($0) }
        let reason =
            switch ending {
            case .exit where !lines.isEmpty: lines.joined(separator: "; ")
            case .exit(let code): "the server ended with code \(code) before the mount answered"
            case .signal(let number): "the server died of signal \(number) before the mount answered"
            }
        throw MountError(at: mountpoint.path, reason)
    }

    /// Tells the command that waits that the mount answers, and lets go of it.
    ///
    /// Called in the server.
    /// - Returns: whether somebody waited.
    static func reportReady() -> Bool {
        ReadyPipe.tell()
    }

    /// Starts the server.
    ///
    /// Only the server holds the other end of the pipe, so that its end is seen.
    private static func spawn(
        _ record: ServerRecord, with descriptors: [Descriptor], at mountpoint: Mountpoint
    ) throws -> (ChildProcess, Descriptor) {
        let pipe = try Pipe()
        var spawn = Spawn(
            program: "/proc/self/exe",
            arguments: ["cimg", "serve", record.source].map { Array($0.utf8) } + [mountpoint.path],
            errorOutput: pipe.writeEnd)
        spawn.descriptors = [try record.sealed(), mountpoint.directory] + descriptors
        spawn.environment = ServerEnvironment.kept()
        spawn.isDetached = true
        return (try spawn.start(), pipe.readEnd)
    }

    /// Reads up to a NUL byte or the server's end.
    private static func readMessage(_ output: Descriptor) throws -> [UInt8] {
        var message: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while message.last != 0, message.count < 1 << 16 {
            let count = try buffer.withUnsafeMutableBytes { try output.read(into: $0) }
            if count == 0 { break }
            message += buffer[..<count]
        }
        return message
    }

    /// Takes away what a server left that died between mounting and answering.
    private static func removeRemains(at mountpoint: Mountpoint) {
        // The mount's failure is what the user is told; `cimg umount` can be tried again.
        guard let mount = try? mountpoint.mounted(), mount.entry.type == MountedServer.type,
            let server = try? MountedServer.of(mount.entry), server.isDead  // As above.
        else { return }
        try? mount.detach(lazily: true)  // As above.
    }
}
