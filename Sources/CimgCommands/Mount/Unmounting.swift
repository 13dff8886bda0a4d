// SPDX-License-Identifier: Apache-2.0

import FileTree
import FuseServer
import Glibc
import LinuxIO
import SystemPackage

/// Ends mounts and waits for their servers.
struct Unmounting: Sendable {
    /// Whether a mount that is in use goes out of sight at once and ends when its last user does.
    let lazily: Bool
    /// How long a server may take to end, once its mount is gone.
    private static let patience: Int32 = 10_000

    /// Finds the visible mount of ours at a path that the user named; of a live mount by root, the marker.
    static func mount(at name: [UInt8]) throws -> MountEntry {
        let path: [UInt8]
        do {
            path = try MountPoint.canonicalPath(of: name)
        } catch {
            throw MountError(at: name, error == .noSuchFileOrDirectory ? "no such directory" : "\(error)")
        }
        let visible = try MountTable.mount(at: path)
        if visible?.type != MountedServer.type, let live = try AttachedLiveMount.at(path) { return live.marker }
        if let visible, let ours = try KernelOverlay.covered(by: visible, in: MountTable.read()) { return ours }
        guard let mount = visible else { throw MountError(at: name, "nothing is mounted there") }
        guard mount.type == MountedServer.type || KernelTree.isTree(mount) else {
            throw MountError(at: name, "not a mount of cimg but of \(mount.type)")
        }
        return mount
    }

    /// Unmounts a mount and waits until its server has ended.
    ///
    /// A mount whose server has died is taken away whatever uses it. A lazy unmount of a mount in use does not wait:
    /// its server serves whoever still has a file open.
    func unmount(_ mount: MountEntry) throws {
        if LiveMarker.isMarker(mount) {
            try AttachedLiveMount.at(mount.path)?.unmount(lazily: lazily)
            return
        }
        if KernelTree.isTree(mount) { return try unmountTree(mount) }
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
        if health == .alive, !lazily, let identifier = server.identifier, let served = try? ServerProcess(identifier),
            let upper = try? served.upper(), !upper.isDiscarded
        {
            UnfinishedCopies.finish(at: mount.path)
        }
        if health != .alive {
            try detach(mount, lazily: true)
        } else {
            do {
                try detach(mount, lazily: false)
            } catch Errno.resourceBusy {
                guard lazily else {
                    throw MountError(at: mount.path, "in use; end what uses it, or unmount it with --lazy")
                }
                try detach(mount, lazily: true)
                waits = false
            }
        }
        guard waits, let process, let identifier = server.identifier else { return }
        guard try process.waitForEnd(milliseconds: Self.patience) else {
            throw MountError(
                at: mount.path,
                "unmounted, but its server (process \(identifier)) has not ended: "
                    + "it is stuck, or another mount namespace holds the mount")
        }
    }

    /// Unmounts what the kernel has mounted itself: nobody has to be waited for.
    private func unmountTree(_ mount: MountEntry) throws {
        do throws(Errno) {
            try MountPoint.unmount(mount.path, lazily: lazily)
        } catch .resourceBusy {
            throw MountError(at: mount.path, "in use; end what uses it, or unmount it with --lazy")
        } catch .notPermitted {
            throw MountError(at: mount.path, "not permitted: only root may unmount what root has mounted")
        } catch {
            // Somebody else may have been faster.
            guard try Self.isVisible(mount) else { return }
            throw MountError(at: mount.path, "cannot unmount: \(error)")
        }
    }

    /// Unmounts a mount and keeps what was changed in it.
    ///
    /// - Parameter path: a new or empty directory.
    /// - Throws: `MountError`: before the unmount where the changes cannot be kept.
    func unmount(_ mount: MountEntry, keeping path: [UInt8]) throws {
        let kept = try KeptUpper(mount, to: path, lazily: lazily)
        do {
            try unmount(mount)
        } catch {
            guard try Self.isVisible(mount) else {
                throw MountError("\(error); the changes are in \"\(Bytes.escaped(kept.path))\"")
            }
            kept.undo()
            throw error
        }
        try kept.finish()
    }

    /// Takes away what was mounted inside of a mount: the volumes of a container.
    private func detachVolumes(of mount: MountEntry) throws {
        let table = try MountTable.read()
        let inside = table.subtree(of: mount.identifier).subtracting([mount.identifier])
        // The last first: it may lie inside, or on top of, one before.
        let overlay = KernelOverlay.cover(of: mount, in: table)
        for volume in table.reversed() where inside.contains(volume.identifier) && volume != overlay {
            do throws(Errno) {
                try MountPoint.unmount(volume.path, lazily: lazily)
            } catch {
                let reason = error == .resourceBusy ? "in use; end what uses it, or unmount with --lazy" : "\(error)"
                throw MountError(at: mount.path, "what is mounted at \(Bytes.escaped(volume.path)): \(reason)")
            }
        }
    }

    /// Takes away the kernel's overlayfs that writes to the upper of a mount.
    private func detachOverlay(on mount: MountEntry) throws {
        guard let overlay = KernelOverlay.cover(of: mount, in: try MountTable.read()) else { return }
        do throws(Errno) {
            try MountPoint.unmount(overlay.path, lazily: lazily)
        } catch {
            let reason = error == .resourceBusy ? "in use; end what uses it, or unmount it with --lazy" : "\(error)"
            throw MountError(at: mount.path, reason)
        }
    }

    /// - Throws: `Errno.resourceBusy`, or a `MountError` for all else.
    private func detach(_ mount: MountEntry, lazily: Bool) throws {
        do {
            try MountPoint.unmount(mount.path, lazily: lazily)
        } catch Errno.notPermitted {
            try detachThroughHelper(mount, lazily: lazily)
        } catch Errno.resourceBusy {
            throw Errno.resourceBusy
        } catch {
            // Its server, or somebody else, may have been faster.
            guard try Self.isVisible(mount) else { return }
            throw MountError(at: mount.path, "cannot unmount: \(error)")
        }
    }

    private static func isVisible(_ mount: MountEntry) throws -> Bool {
        try MountTable.read().contains { $0.path == mount.path && $0.device == mount.device }
    }

    /// Asks fusermount3, which unmounts what its caller mounted.
    private func detachThroughHelper(_ mount: MountEntry, lazily: Bool) throws {
        let message: [UInt8]
        let ending: ChildProcess.Ending
        do {
            (message, ending) = try Self.run(
                ["fusermount3", "-u"] + (lazily ? ["-z"] : []) + ["--"], mount.path)
        } catch {
            throw MountError(at: mount.path, "cannot unmount: fusermount3: \(error)")
        }
        // Its server, or somebody else, may have been faster.
        guard try ending != .exit(0) && Self.isVisible(mount) else { return }
        let lines = message.split(separator: UInt8(ascii: "\n")).map { Bytes.escaped($0) }
        if lines.contains(where: { $0.hasSuffix("Device or resource busy") }) { throw Errno.resourceBusy }
        throw MountError(at: mount.path, "cannot unmount: \(lines.joined(separator: "; "))")
    }

    private static func run(_ arguments: [String], _ path: [UInt8]) throws -> ([UInt8], ChildProcess.Ending) {
        let (child, output) = try start(arguments, path)
        return (try output.readToEnd(), try child.wait())
    }

    /// Starts a program; only it holds the other end of its output's pipe.
    private static func start(_ arguments: [String], _ path: [UInt8]) throws -> (ChildProcess, Descriptor) {
        let pipe = try Pipe()
        let spawn = Spawn(
            program: arguments[0], arguments: arguments.map { Array($0.utf8) } + [path], errorOutput: pipe.writeEnd)
        return (try spawn.start(), pipe.readEnd)
    }
}
