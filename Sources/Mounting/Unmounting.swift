// SPDX-License-Identifier: Apache-2.0

import FileTree
import FuseServer
import Glibc
package import LinuxIO
import OCI
import SystemPackage

/// Ends mounts and waits for their servers.
package struct Unmounting: Sendable {
    /// Whether a mount that is in use goes out of sight at once and ends when its last user does.
    let lazily: Bool
    /// Makes one.
    package init(lazily: Bool) { self.lazily = lazily }

    /// How long a server may take to end, once its mount is gone.
    private static let patience: Int32 = 10_000

    /// Finds the visible mount of ours at a path that the user named; of a live mount by root, the marker.
    package static func mount(at name: [UInt8]) throws -> MountEntry {
        let visible = try visibleMount(at: name)
        guard let visible else { throw MountError(at: name, "nothing is mounted there") }
        guard let mount = try mount(seenAs: visible) else {
            throw MountError(at: name, "not a mount of cimg but of \(visible.type)")
        }
        return mount
    }

    /// The mount of cimg whose root a name leads to; nil where none of cimg is mounted there.
    ///
    /// - Throws: `MountError` for a name that cannot be looked at; what reading the mount table throws.
    package static func mountOfCimg(at name: [UInt8]) throws -> MountEntry? {
        try visibleMount(at: name).flatMap { try mount(seenAs: $0) }
    }

    private static func visibleMount(at name: [UInt8]) throws -> MountEntry? {
        do throws(Errno) {
            return try Mountpoint.mount(whoseRootIs: MountPoint.hold(name))
        } catch {
            throw MountError(
                at: name,
                error == .noSuchFileOrDirectory
                    ? "no such directory; \"cimg mounts\" lists what is mounted" : "\(error)")
        }
    }

    /// The mount of cimg that is meant where one is seen; nil for another's.
    private static func mount(seenAs visible: MountEntry) throws -> MountEntry? {
        if visible.type != MountedServer.type, let live = try AttachedLiveMount.with(visible) { return live.marker }
        if let ours = try KernelOverlay.covered(by: visible, in: MountTable.read()) { return ours }
        return visible.type == MountedServer.type || KernelTree.isTree(visible) ? visible : nil
    }

    /// Unmounts a mount and waits until its server has ended, if that is this user's.
    ///
    /// A mount whose server has died is taken away whatever uses it. A lazy unmount of a mount in use does not wait:
    /// its server serves whoever still has a file open.
    package func unmount(_ mount: MountEntry) throws {
        if LiveMarker.isMarker(mount) {
            try AttachedLiveMount.with(mount)?.unmount(lazily: lazily)
            return
        }
        if KernelTree.isTree(mount) { return try detach(mount, lazily: lazily) }
        try detachVolumes(of: mount)
        try detachOverlay(on: mount)
        let server = try MountedServer.of(mount)
        // Opened before the unmount, so that the number cannot come to mean another process.
        let process = server.open()
        var waits = true
        let health = process == nil ? server.health() : .alive
        if health == .silent, !lazily {
            throw MountError(at: mount.path, "its server does not answer; --lazy gives up what waits for it")
        }
        if health == .silent {
            // What waits would keep the mount, and itself, for ever.
            try? server.abort()
        }
        // A server that ends copies what it still has to; the time that it may take to end is not for that.
        if health == .alive, !lazily, let served = server.process(), let upper = try? served.upper(),
            !upper.isDiscarded
        {
            try UnfinishedCopies.finish(in: mount)
        }
        if health != .alive {
            try detach(mount, lazily: true)
        } else {
            do {
                try detach(mount, lazily: false)
            } catch let error as MountInUse {
                guard lazily else { throw error }
                try detach(mount, lazily: true)
                waits = false
            }
        }
        guard waits, let process else { return }
        guard try process.waitForEnd(milliseconds: Self.patience) else {
            throw MountError(
                at: mount.path,
                "unmounted, but its server (process \(process.identifier)) has not ended: "
                    + "it is stuck, or another mount namespace holds the mount")
        }
    }

    /// Unmounts a mount and keeps what was changed in it.
    ///
    /// - Parameter path: a new or empty directory.
    /// - Returns: a remark for the user, where something is left that should not be.
    /// - Throws: `MountError`: before the unmount where the changes cannot be kept.
    package func unmount(_ mount: MountEntry, keeping path: [UInt8]) throws -> String? {
        let kept = try KeptUpper(mount, to: path, lazily: lazily)
        do {
            try unmount(mount)
        } catch {
            guard try MountTable.read().contains(where: { $0.identifier == mount.identifier }) else {
                throw MountError("\(error); the changes are in \"\(Bytes.escaped(kept.path))\"")
            }
            kept.undo()
            throw error
        }
        return try kept.finish()
    }

    /// Takes away what was mounted inside of a mount: the volumes of a container.
    private func detachVolumes(of mount: MountEntry) throws {
        let table = try MountTable.read()
        let inside = table.subtree(of: mount.identifier).subtracting([mount.identifier])
        // The last first: it may lie inside, or on top of, one before.
        let overlay = KernelOverlay.cover(of: mount, in: table)
        for volume in table.reversed() where inside.contains(volume.identifier) && volume != overlay {
            do {
                try LocatedMount(volume).detach(lazily: lazily)
            } catch {
                let isBusy = error as? Errno == .resourceBusy
                let reason = isBusy ? "in use; end what uses it, or unmount with --lazy" : "\(error)"
                throw MountError(at: mount.path, "what is mounted at \(Bytes.escaped(volume.path)): \(reason)")
            }
        }
    }

    /// Takes away the kernel's overlayfs that writes to the upper of a mount.
    private func detachOverlay(on mount: MountEntry) throws {
        guard let overlay = KernelOverlay.cover(of: mount, in: try MountTable.read()) else { return }
        try detach(overlay, lazily: lazily)
    }

    /// - Throws: `MountInUse`, or a `MountError` for all else.
    private func detach(_ mount: MountEntry, lazily: Bool) throws {
        do {
            try LocatedMount(mount).detach(lazily: lazily)
        } catch Errno.resourceBusy {
            throw MountInUse(of: [mount.identifier], at: mount.path)
        } catch Errno.invalidArgument {
            throw MountError(at: mount.path, "cannot unmount: its place leads to something else by now, or is hidden")
        } catch {
            let isRoots = geteuid() != 0 && mount.superOption("user_id") != "\(geteuid())"
            throw MountError(
                at: mount.path,
                isRoots
                    ? "not permitted: only root may unmount what root has mounted" : "cannot unmount: \(error)")
        }
    }
}

/// A mount that cannot be taken away because something uses it.
struct MountInUse: Error, CustomStringConvertible {
    /// Where it is.
    let path: [UInt8]
    private let users: [Int32]
    private static let shown = 5

    /// Looks for what uses one of some mounts.
    init(of mounts: Set<Int32>, at path: [UInt8]) {
        self.path = path
        // Who uses it is a help, not the reason: without it the mount is in use all the same.
        users = (try? ProcessTable.users(of: mounts, limit: Self.shown + 1)) ?? []
    }

    /// Whether something was seen that uses it.
    var isCertain: Bool { !users.isEmpty }

    var description: String {
        guard !users.isEmpty else {
            return "\(MountError(at: path, "in use; end what uses it, or unmount it with --lazy"))"
        }
        let names = users.prefix(Self.shown).map { user in
            "\(user)" + (ProcessTable.name(user).map { " (\($0.printable))" } ?? "")
        }
        let all = names.joined(separator: ", ") + (users.count > Self.shown ? " and others" : "")
        let reason =
            users.count == 1
            ? "in use by process \(all); end it, or unmount it with --lazy"
            : "in use by processes \(all); end them, or unmount it with --lazy"
        return "\(MountError(at: path, reason))"
    }
}
