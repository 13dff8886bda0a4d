// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// Where a mount is or shall be: a name in a directory that is held, so that nobody can lead the path to it elsewhere.
///
/// A directory that something is mounted on cannot be renamed or removed in its mount namespace: whoever holds its parent
/// reaches the mount, whatever becomes of the directories above.
package struct MountPlace: Sendable {
    /// The directory that has the mountpoint, held with `O_PATH`.
    package let parent: Descriptor
    /// The mountpoint's name.
    package let name: [UInt8]

    /// The place of an absolute path without symbolic links.
    ///
    /// - Throws: the `Errno` of openat2(2): `.tooManySymbolicLinkLevels` where a link is on the way by now;
    ///   `.invalidArgument` for `/` and for what is no absolute path.
    package init(_ path: [UInt8]) throws(Errno) {
        let slash = UInt8(ascii: "/")
        guard path.first == slash, let last = path.lastIndex(of: slash), last + 1 < path.count, !path.contains(0)
        else { throw .invalidArgument }
        let top = try Descriptor.open("/", clinux_O_PATH | O_DIRECTORY)
        parent = last == 0 ? top : try top.openPathBeneath(Array(path[1..<last]), O_DIRECTORY)
        name = Array(path[(last + 1)...])
    }

    /// The place of an open directory, which something may be mounted on.
    ///
    /// - Parameter directory: the directory under the mount.
    /// - Throws: the `Errno` of openat(2); `.noSuchFileOrDirectory` for one without a name.
    package init(under directory: Descriptor) throws(Errno) {
        let path = try MountPoint.path(of: directory)
        parent = try directory.openPlace(Array("..".utf8), O_DIRECTORY)
        guard let last = path.lastIndex(of: UInt8(ascii: "/")), last + 1 < path.count else {
            throw .noSuchFileOrDirectory
        }
        name = Array(path[(last + 1)...])
    }

    /// What is seen there: of several mounts on top of each other the uppermost.
    package func identity() throws(Errno) -> PlaceIdentity { try PlaceIdentity(of: name, in: parent) }

    /// The root of a mount, held with `O_PATH`; while it is held the mount is in use.
    ///
    /// - Throws: `.invalidArgument` where another mount, or none, is seen there.
    package func openRoot(of mount: MountEntry) throws(Errno) -> Descriptor {
        let root = try parent.openPlace(name, O_NOFOLLOW)
        guard try isRoot(PlaceIdentity(of: root), of: mount) else { throw .invalidArgument }
        return root
    }

    /// Unmounts a mount that is seen there, and no other; the corresponding C function is umount2(2).
    ///
    /// `lazily` takes it out of sight although files of it are in use (`MNT_DETACH`). Then the mount itself is named to the
    /// kernel; else its place, where it was looked at the moment before.
    /// - Throws: `.invalidArgument` where another mount, or none, is seen there.
    package func unmount(_ mount: MountEntry, lazily: Bool) throws(Errno) {
        if lazily {
            let root = try openRoot(of: mount)
            let path = "/proc/self/fd/\(root.rawValue)"
            _ = try retrying { clinux_umount2(path, clinux_MNT_DETACH) }
            withExtendedLifetime(root) {}
            return
        }
        guard try isRoot(identity(), of: mount) else { throw .invalidArgument }
        let path = Array("/proc/self/fd/\(parent.rawValue)/".utf8) + name
        _ = try retrying { withCString(path) { clinux_umount2($0, clinux_UMOUNT_NOFOLLOW) } }
    }

    /// Asks the file system of a mount for its statistics, which its server must answer: fstatvfs(3).
    ///
    /// So many `milliseconds` are waited for. The thread that asks a server which does not answer stays until the process
    /// ends.
    /// - Throws: `.socketNotConnected` where the server has died, `.timedOut`, or as `openRoot(of:)`.
    package func probe(_ mount: MountEntry, milliseconds: Int32) throws(Errno) {
        let root = try openRoot(of: mount)
        let answered = try Pipe()
        let end = answered.writeEnd
        let asking = try WorkerThread<Errno?>.started {
            // The one who waits may have gone.
            defer { _ = try? end.write([0]) }
            do throws(Errno) {
                _ = try root.fileSystemStatus()
                return nil
            } catch {
                return error
            }
        }
        var waiting = pollfd(fd: answered.readEnd.rawValue, events: Int16(POLLIN), revents: 0)
        guard try retrying({ poll(&waiting, 1, milliseconds) }) > 0 else { throw .timedOut }
        // The thread throws nothing.
        if let problem = try? asking.join() { throw problem }
    }

    private func isRoot(_ seen: PlaceIdentity, of mount: MountEntry) -> Bool {
        seen.isMountRoot && seen.mount == mount.identifier
            // The files of some file systems have another device number than the mount table tells.
            && (!mount.type.hasPrefix("fuse") || seen.deviceText == mount.device)
    }
}
