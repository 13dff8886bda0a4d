// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LinuxIO
package import SystemPackage

/// A process that serves a mount and whose word is believed.
///
/// It is known by what it cannot choose: all of its users are the one who asks, so that root believes root alone, and it
/// runs the very program file that asks. A set-user-ID program under a false name fails the second, and so does the root
/// of a container; a server that was started before the program was replaced does too, and is then served as one
/// that says nothing. What it says is its `ServerRecord`.
package struct ServerProcess: Sendable {
    /// The process; held, so that its number cannot come to mean another one.
    package let handle: ProcessHandle
    /// The device number of the mount that it serves, `major:minor`.
    package let device: String
    /// What it was told.
    package let record: ServerRecord

    /// Looks at a process that says by its name that it serves a mount.
    ///
    /// Waits for nothing that another process could keep from happening.
    /// - Returns: nil where it is not believed, has ended, or is served in the foreground, which leaves no record.
    init?(_ claim: ProcessEntry) {
        guard claim.name.hasPrefix(MountedServer.name(device: "")), claim.uid == geteuid() else { return nil }
        do throws(Errno) {
            let handle = try ProcessHandle(identifier: claim.identifier)
            guard try handle.belongs(to: geteuid()), try handle.runsOwnProgram() else { return nil }
            let memory = try handle.open(descriptor: ServerRecord.descriptor)
            guard let record = ServerRecord(try memory.sealedBytes(limit: ServerRecord.byteLimit)) else { return nil }
            // Had it ended before, its number could have led to another process.
            try handle.checkRunning()
            self.handle = handle
            self.record = record
            device = String(claim.name.dropFirst(MountedServer.name(device: "").count))
        } catch {
            return nil
        }
    }

    /// All that this user has, in whatever mount namespace.
    package static func all() throws(Errno) -> [ServerProcess] {
        try ProcessTable.processes(namedWithPrefix: MountedServer.name(device: "")).compactMap(ServerProcess.init)
    }

    /// Its number.
    package var identifier: Int32 { handle.identifier }

    /// The path at which one of the files that it serves is found now.
    ///
    /// The kernel alone is asked: what the file lies on need not answer.
    /// - Parameter index: from 0 on.
    /// - Throws: the `Errno` of readlink(2), `.noSuchProcess`.
    package func path(ofContent index: Int) throws(Errno) -> [UInt8] {
        let path = try MountPoint.linkTarget("/proc/\(identifier)/fd/\(number(index))")
        try handle.checkRunning()
        return path
    }

    /// The number of the mount that one of the files lies in; nil where the kernel does not tell.
    package func mount(ofContent index: Int) throws(Errno) -> Int32 {
        let identity = try PlaceIdentity(following: "/proc/\(identifier)/fd/\(number(index))")
        try handle.checkRunning()
        return identity.mount
    }

    /// Opens one of the files that it serves once more, for reading.
    package func open(content index: Int) throws(Errno) -> Descriptor {
        let file = try handle.open(descriptor: number(index))
        try handle.checkRunning()
        return file
    }

    /// Whether its mount is still to be seen in the mount namespace that it lives in; else it is ending.
    package func isMounted() throws(Errno) -> Bool {
        let isMounted = try handle.mounts().contains { $0.device == device && $0.type == MountedServer.type }
        try handle.checkRunning()
        return isMounted
    }

    private func number(_ index: Int) -> Int32 { ServerRecord.firstContent + Int32(clamping: index) }
}
