// SPDX-License-Identifier: Apache-2.0

import FileTree
import FuseServer
import Glibc
import LinuxIO
import SystemPackage

/// A directory that is fit to be mounted on.
struct Mountpoint: Sendable {
    /// Its absolute path without symbolic links.
    let path: [UInt8]
    /// The directory under the mount.
    private let directory: Descriptor

    /// Checks a directory that the user named.
    ///
    /// - Parameter allowsHiding: whether it may have files, or a mount that is not ours, which the mount will hide.
    /// - Throws: `MountError` that says what is wrong with it.
    init(_ name: [UInt8], allowsHiding: Bool) throws {
        func problem(_ reason: String) -> MountError { MountError(at: name, reason) }
        let path: [UInt8]
        do throws(Errno) {
            path = try MountPoint.canonicalPath(of: name)
        } catch {
            throw problem(error == .noSuchFileOrDirectory ? "no such directory" : "\(error)")
        }
        if let live = try AttachedLiveMount.at(path) {
            throw problem("already mounted: \(Bytes.escaped(live.marker.source))")
        }
        if let visible = try MountTable.mount(at: path) {
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
        let isEmpty: Bool
        do throws(Errno) {
            directory = try MountPoint.openDirectory(path)
            isEmpty = try MountPoint.isEmpty(directory)
        } catch {
            throw problem(error == .notDirectory ? "not a directory" : "\(error)")
        }
        guard isEmpty || allowsHiding else { throw problem("not empty; --nonempty hides what is there") }
        self.path = path
        // The rule of fusermount3, which a plain user's mount goes through.
        guard geteuid() == 0 || withCString(path, { faccessat(AT_FDCWD, $0, W_OK, AT_EACCESS) }) == 0 else {
            throw problem("not permitted: only a directory that you may write to can be mounted on")
        }
    }

    /// Puts a mount that is in no directory tree on the directory.
    func attach(_ mount: Descriptor) throws(Errno) { try Mounts.attach(mount, onto: directory) }

    /// Refuses a directory that lies in what is to be mounted: the server would come upon its own mount and wait for
    /// itself.
    func check(isOutside source: MountSource) throws {
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
    func lock() throws {
        let number = directory.rawValue
        do throws(Errno) {
            _ = try retrying { flock(number, LOCK_EX | LOCK_NB) }
        } catch {
            guard error == .wouldBlock else { throw error }
            throw MountError(at: path, "another mount is being made there")
        }
    }
}
