// SPDX-License-Identifier: Apache-2.0

import FuseServer
import Glibc
import LinuxIO
import Synchronization
import SystemPackage

/// The live mounts that processes serve, by device number: none of these may serve another, or itself.
///
/// A process's directory tree may hold such mounts, and a server that looks into one waits for an answer that only it, or
/// one that waits for it, can give.
final class LiveServers: Sendable {
    private let table: Descriptor
    private let devices = Mutex<Set<UInt64>?>(nil)

    /// Opens the mount table of this process's mount namespace, which it stays the table of.
    init() throws(Errno) { table = try Descriptor.open("/proc/self/mountinfo") }

    /// Whether a file system is one.
    @Sendable
    func contains(_ device: UInt64) -> Bool {
        devices.withLock { devices in
            if let devices, !hasChanged { return devices.contains(device) }
            // Without the table nothing can be told apart, and nothing mounted below may be entered.
            guard let mounts = try? MountTable.read() else { return true }
            let found = Set(mounts.filter(Self.isServed).compactMap(Self.number))
            devices = found
            return found.contains(device)
        }
    }

    /// Whether something was mounted or unmounted since this was asked last: the kernel tells by `POLLERR`.
    private var hasChanged: Bool {
        var wanted = pollfd(fd: table.rawValue, events: Int16(POLLPRI), revents: 0)
        return poll(&wanted, 1, 0) != 0
    }

    private static func isServed(_ mount: MountEntry) -> Bool {
        mount.type == MountedServer.type && mount.source.starts(with: LiveMarker.prefix.utf8)
    }

    private static func number(of mount: MountEntry) -> UInt64? {
        let parts = mount.device.split(separator: ":").compactMap { UInt32($0) }
        return parts.count == 2 ? deviceNumber(major: parts[0], minor: parts[1]) : nil
    }
}
