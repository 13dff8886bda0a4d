// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LinuxIO
package import SystemPackage

/// A mount of ours as the mount table shows it, and the process that says that it serves it.
///
/// No file remembers which process serves which mount. The process itself says it: once it has mounted, its name is
/// `cimg:` and the device number of the mount, which is unique on the machine for as long as the mount exists, whatever
/// its path or mount namespace. Who looks for it needs neither an answer from the mount, which may hang, nor the right
/// to use it. Anybody can take such a name: of a process of the mount's own user it is shown, and nothing is done on
/// its word; see `process()`.
package struct MountedServer: Sendable {
    /// The mount.
    package let mount: MountEntry
    private let claim: ProcessEntry?

    /// The number of the process that says it; nil where no such process is to be seen.
    package var identifier: Int32? { claim?.identifier }

    /// The file system type of our mounts.
    package static let type = "fuse.cimg"

    /// All our mounts, in the order of mounting.
    package static func all() throws(Errno) -> [MountedServer] {
        try servers(of: MountTable.read().filter { $0.type == type })
    }

    /// The server of one mount of ours.
    package static func of(_ mount: MountEntry) throws(Errno) -> MountedServer {
        MountedServer(mount: mount, claim: try servers(of: [mount]).first?.claim)
    }

    /// The process, if its word is believed.
    package func process() -> ServerProcess? { claim.flatMap(ServerProcess.init) }

    /// The process, so that its end can be waited for: where it is this user's own, whatever program it runs, as an older
    /// one than this does.
    ///
    /// - Returns: nil where it is not to be seen or has ended, or is another user's.
    package func open() -> ProcessHandle? {
        // A process that cannot be opened has ended, or is hidden: then there is nothing to wait for.
        guard let claim, claim.uid == geteuid(), let handle = try? ProcessHandle(identifier: claim.identifier),
            // As above.
            (try? handle.belongs(to: geteuid())) == true, (try? Self.of(mount))?.identifier == claim.identifier
        else { return nil }
        return handle
    }

    /// Whether the server is gone: nobody will ever answer the mount again.
    ///
    /// Asks the mount only where no process is to be seen that serves it, and waits for a second. A mount that would not
    /// answer this user counts as dead then.
    package var isDead: Bool { health() == .dead }

    /// Whether a server is there.
    package enum Health: Sendable {
        /// It is to be seen, or answers.
        case alive
        /// It is not to be seen, and has not answered for a second.
        case silent
        /// It is gone.
        case dead
    }

    /// See `isDead`.
    package func health() -> Health {
        guard claim == nil else { return .alive }
        guard mount.superOptions.contains("allow_other") || mount.superOption("user_id") == "\(geteuid())" else {
            return .dead
        }
        do {
            try LocatedMount(mount).place.probe(mount, milliseconds: 1000)
            return .alive
        } catch {
            return switch error {
            case .socketNotConnected, .connectionAbort: .dead
            case .timedOut: .silent
            default: .alive
            }
        }
    }

    /// Ends the kernel's conversation with the server: all that waits for an answer gets an error.
    ///
    /// - Throws: the `Errno` of the connection's control file, which only root and who mounted may write to.
    package func abort() throws(Errno) {
        guard let connection = mount.device.split(separator: ":").last else { throw .invalidArgument }
        let file = try Descriptor.open(FilePath("/sys/fs/fuse/connections/\(connection)/abort"), O_WRONLY)
        try file.write([UInt8(ascii: "1")])
    }

    /// The name that the server of a device takes.
    static func name(device: String) -> String { "cimg:" + device }

    private static func servers(of mounts: [MountEntry]) throws(Errno) -> [MountedServer] {
        guard !mounts.isEmpty else { return [] }
        let processes = try ProcessTable.processes(namedWithPrefix: name(device: ""))
        return mounts.map { mount in
            let owner = mount.superOption("user_id").flatMap { UInt32($0) }
            return MountedServer(
                mount: mount,
                claim: processes.first { $0.name == name(device: mount.device) && $0.uid == owner })
        }
    }
}
