// SPDX-License-Identifier: Apache-2.0

import FuseServer
import Glibc
import LinuxIO
import SystemPackage

/// The live mounts that processes serve, by device number: none of these may serve another, or itself.
///
/// A process's directory tree may hold such mounts, and a server that looks into one waits for an answer that only it, or
/// one that waits for it, can give.
struct LiveServers: Sendable {
    private let own: WatchedMounts

    /// Opens the mount table of this process's mount namespace, which it stays the table of.
    init() throws(Errno) { own = try WatchedMounts() }

    /// Whether a file system is one.
    @Sendable
    func contains(_ device: UInt64) -> Bool {
        // Without the table nothing can be told apart, and nothing mounted below may be entered.
        guard let mounts = try? own.mounts() else { return true }
        return mounts.contains { Self.isServed($0) && $0.deviceNumber == device }
    }

    private static func isServed(_ mount: MountEntry) -> Bool {
        mount.type == MountedServer.type && mount.source.starts(with: LiveMarker.prefix.utf8)
    }
}

/// File systems that a program serves and that are mounted for a process, and not for who looks into its files.
///
/// A program that does not answer keeps for ever who asks it, and keeps even a signal from ending him. Servers of this
/// program, of the same user, are not among them.
struct ForeignMounts: Sendable {
    private let process: WatchedMounts
    private let own: WatchedMounts
    private let believed: Set<String>

    /// Opens the mount tables of a process and of this one.
    init(of process: ProcessHandle) throws(Errno) {
        self.process = try WatchedMounts(of: process)
        own = try WatchedMounts()
        believed = Set(try ServerProcess.all().map(\.device))
    }

    /// All that there are now.
    func all() throws(Errno) -> [MountEntry] {
        let table = try own.mounts()
        // What a live mount has taken along is not known here for that.
        let live = AttachedLiveMount.all(in: table).reduce(into: Set<Int32>()) { $0.formUnion($1.identifiers) }
        let devices = believed.union(table.filter { !live.contains($0.identifier) }.map(\.device))
        return try process.mounts().filter { Self.isServed($0) && !devices.contains($0.device) }
    }

    /// Whether a file system is one, by its device number.
    @Sendable
    func contains(_ device: UInt64) -> Bool {
        // What cannot be told is not entered.
        guard let all = try? all() else { return true }
        return all.contains { $0.deviceNumber == device }
    }

    private static func isServed(_ mount: MountEntry) -> Bool {
        mount.type == "fuse" || mount.type.hasPrefix("fuse.") || mount.type.hasPrefix("fuseblk")
    }
}

extension MountEntry {
    /// The device number of its files.
    fileprivate var deviceNumber: UInt64? {
        let parts = device.split(separator: ":").compactMap { UInt32($0) }
        return parts.count == 2 ? LinuxIO.deviceNumber(major: parts[0], minor: parts[1]) : nil
    }
}
