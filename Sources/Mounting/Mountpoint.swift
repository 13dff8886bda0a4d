// SPDX-License-Identifier: Apache-2.0

import FileTree
package import FuseServer
import Glibc
package import LinuxIO
package import SystemPackage

/// A directory that is fit to be mounted on, held: from the first look on it is this directory that is meant, whatever its
/// path comes to lead to.
package struct Mountpoint: Sendable {
    /// The absolute path that it had, without symbolic links: for messages.
    package let path: [UInt8]
    /// The directory, held with `O_PATH`.
    package let directory: Descriptor
    /// The same, opened: what is locked.
    private let opened: Descriptor

    /// Checks a directory that the user named.
    ///
    /// - Parameters:
    ///   - name: the path, as the user wrote it.
    ///   - allowsHiding: whether it may have files, or a mount that is not ours, which the mount will hide.
    /// - Throws: `MountError` that says what is wrong with it.
    package init(_ name: [UInt8], allowsHiding: Bool) throws {
        func problem(_ reason: String) -> MountError { MountError(at: name, reason) }
        do throws(Errno) {
            directory = try MountPoint.hold(name)
            path = try MountPoint.path(of: directory)
        } catch {
            throw problem(error == .noSuchFileOrDirectory ? "no such directory" : "\(error)")
        }
        if let mount = try Self.mount(whoseRootIs: directory) {
            try Self.checkHiding(mount, allowsHiding, problem)
        }
        guard path != [UInt8(ascii: "/")] else { throw problem("the root directory cannot be mounted on") }
        let isEmpty: Bool
        do throws(Errno) {
            opened = try directory.opened(O_RDONLY | O_DIRECTORY)
            isEmpty = try MountPoint.isEmpty(opened)
        } catch {
            let isFile = error == .notDirectory || error == .noSuchAddressOrDevice
            throw problem(isFile ? "not a directory" : "\(error)")
        }
        guard isEmpty || allowsHiding else { throw problem("not empty; --nonempty hides what is there") }
        // The rule of fusermount3, which a plain user's mount goes through.
        let own = "/proc/self/fd/\(directory.rawValue)"
        guard geteuid() == 0 || faccessat(AT_FDCWD, own, W_OK, AT_EACCESS) == 0 else {
            throw problem("not permitted: only a directory that you may write to can be mounted on")
        }
    }

    /// The mount that a held file is the root of; nil for a file within a mount.
    package static func mount(whoseRootIs file: Descriptor) throws(Errno) -> MountEntry? {
        let seen = try PlaceIdentity(of: file)
        guard seen.isMountRoot else { return nil }
        return try MountTable.read().first { $0.identifier == seen.mount }
    }

    /// Refuses what a mount must not be put on top of.
    private static func checkHiding(
        _ visible: MountEntry, _ allowsHiding: Bool, _ problem: (String) -> MountError
    ) throws {
        if let live = try AttachedLiveMount.with(visible) {
            throw problem("already mounted: \(Bytes.escaped(live.marker.source))")
        }
        let mount = try KernelOverlay.covered(by: visible, in: MountTable.read()) ?? visible
        if mount.type == MountedServer.type {
            throw problem(
                try MountedServer.of(mount).isDead
                    ? "a mount whose server has died is there; \"cimg umount\" removes it"
                    : "already mounted: \(Bytes.escaped(mount.source))")
        }
        if KernelTree.isTree(mount) {
            throw problem("already mounted: \(Bytes.escaped(ListedMount.source(of: mount)))")
        }
        guard allowsHiding else { throw problem("already a mountpoint of \(mount.type); --nonempty hides it") }
    }

    /// What is mounted on the directory; nil for nothing.
    package func mounted() throws(Errno) -> LocatedMount? { try LocatedMount(on: directory) }

    /// Takes away the mount that was made there, and was not what was asked for.
    package func giveUp() {
        // Why it was not is what the user is told; `cimg umount` can be tried.
        guard let mount = try? mounted(), mount.entry.type == MountedServer.type else { return }
        try? Unmounting(lazily: true).unmount(mount.entry)  // As above.
    }

    /// Puts a mount that is in no directory tree on the directory.
    func attach(_ mount: Descriptor) throws(Errno) { try Mounts.attach(mount, onto: directory) }

    /// Refuses a directory that lies in what is to be mounted: the server would come upon its own mount and wait for
    /// itself.
    package func check(isOutside source: MountSource) throws {
        guard let above = try Self.directory(above: path, among: source.directoriesInPlace) else { return }
        throw MountError(
            at: path,
            "lies in \"\(Bytes.escaped(above))\", which is a part of what is to be mounted; mount it elsewhere")
    }

    /// The directory on the way to a path that is one of some open ones; nil where none is.
    ///
    /// - Parameter path: absolute, without symbolic links.
    static func directory(above path: [UInt8], among directories: [Descriptor]) throws -> [UInt8]? {
        let known = try directories.map { try $0.status() }
        guard !known.isEmpty else { return nil }
        for slash in path.indices where path[slash] == UInt8(ascii: "/") && path.count > 1 {
            let above = Array(path[..<max(slash, 1)])
            var status = stat()
            // Who may not look there has none of them there either.
            guard withCString(above, { stat($0, &status) }) == 0 else { continue }
            if known.contains(where: { ($0.st_dev, $0.st_ino) == (status.st_dev, status.st_ino) }) { return above }
        }
        return nil
    }

    /// Keeps other `cimg mount` from mounting on the same directory until this object is gone.
    ///
    /// - Throws: `MountError`: another one mounts there, or has since the first look.
    package func lock() throws {
        guard try opened.tryLock() else { throw MountError(at: path, "another mount is being made there") }
        // Who held the lock may have mounted.
        if let mount = try mounted() {
            throw MountError(at: path, "already mounted: \(Bytes.escaped(ListedMount.source(of: mount.entry)))")
        }
    }
}
