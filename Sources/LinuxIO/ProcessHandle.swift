// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// A process that is known by a descriptor, so that its number cannot come to mean another one: pidfd_open(2).
package struct ProcessHandle: Sendable {
    /// The process's number, which means this process for as long as it has not ended.
    package let identifier: Int32
    /// The descriptor, to hand on to a child.
    package let descriptor: Descriptor

    /// Opens the process that has this number now.
    package init(identifier: Int32) throws(Errno) {
        // Other numbers mean groups of processes elsewhere; the kernel says "invalid argument".
        guard identifier > 0 else { throw .noSuchProcess }
        let number = try retrying { clinux_pidfd_open(identifier) }
        descriptor = Descriptor(owning: number)
        self.identifier = identifier
        _ = try retrying { fcntl(number, F_SETFD, FD_CLOEXEC) }
    }

    /// The process that a descriptor of such a handle means.
    ///
    /// - Throws: `.noSuchProcess` where it has ended.
    package init(descriptor: Descriptor) throws(Errno) {
        let text = try Descriptor.open(FilePath("/proc/self/fdinfo/\(descriptor.rawValue)")).readToEnd()
        // See proc_pid_fdinfo(5).
        let line = text.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: "Pid:".utf8) } ?? []
        let number = Int32(String(decoding: line.dropFirst(4).filter { $0 > 0x20 }, as: UTF8.self))
        guard let number, number > 0 else { throw .noSuchProcess }
        identifier = number
        self.descriptor = descriptor
    }

    /// Waits until the process has ended, at most so long.
    ///
    /// - Returns: whether it has.
    package func waitForEnd(milliseconds: Int32) throws(Errno) -> Bool {
        var wanted = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        return try retrying { poll(&wanted, 1, milliseconds) } > 0
    }
}

extension ProcessHandle {
    /// Checks that the process has not ended: what was opened by its number before is its own.
    ///
    /// - Throws: `.noSuchProcess`.
    package func checkRunning() throws(Errno) {
        guard try !waitForEnd(milliseconds: 0) else { throw .noSuchProcess }
    }

    /// The process's root directory as a path descriptor (`O_PATH`): what chroot(2) and its mount namespace made of it.
    ///
    /// By its number: see `checkRunning()`.
    /// - Throws: `.noSuchProcess` where it has ended, `.permissionDenied` where it is another user's.
    package func openRoot() throws(Errno) -> Descriptor {
        do throws(Errno) {
            return try Descriptor.open(FilePath("/proc/\(identifier)/root"), clinux_O_PATH | O_DIRECTORY)
        } catch .noSuchFileOrDirectory {
            throw .noSuchProcess
        }
    }

    /// The process's mount namespace, which exists as long as this is open: nothing in it is unmounted when the last of
    /// its processes ends.
    ///
    /// - Throws: `.noSuchProcess` where it has ended, `.permissionDenied` where it is another user's.
    package func openMountNamespace() throws(Errno) -> Descriptor {
        do throws(Errno) {
            return try Descriptor.open(FilePath("/proc/\(identifier)/ns/mnt"))
        } catch .noSuchFileOrDirectory {
            throw .noSuchProcess
        }
    }

    /// Whether the process has another user namespace than this one.
    ///
    /// - Throws: `.noSuchProcess` where it has ended.
    package func hasOtherUserNamespace() throws(Errno) -> Bool {
        do throws(Errno) {
            var own = stat()
            var other = stat()
            _ = try retrying { stat("/proc/self/ns/user", &own) }
            _ = try retrying { stat("/proc/\(identifier)/ns/user", &other) }
            return own.st_dev != other.st_dev || own.st_ino != other.st_ino
        } catch .noSuchFileOrDirectory {
            throw .noSuchProcess
        }
    }

    /// The process's directory tree as it sees it, as a mount of our own that is in no directory tree yet.
    ///
    /// What is mounted or unmounted there later does not show. Taken on a thread that enters the process's mount
    /// namespace and ends, since the kernel copies mounts only of the caller's namespace: needs root.
    /// - Parameters:
    ///   - root: the process's root directory: see `openRoot()`.
    ///   - recursively: whether to take what is mounted in it too; without, what lies below those mounts shows.
    ///   - isLeftOut: whether one of those mounts, with all in it, is not taken.
    package func cloneMounts(
        of root: Descriptor, recursively: Bool = true, isLeftOut: (@Sendable (MountEntry) -> Bool)? = nil
    ) throws -> Descriptor {
        let process = descriptor
        // The process's own `/proc` is not asked.
        let table = try Descriptor.open("/proc", O_RDONLY | O_DIRECTORY)
        // Only ever on a thread of its own: this process must not change its namespace.
        return try WorkerThread.started {
            _ = try retrying { clinux_enter_mount_namespace(process.rawValue) }
            guard let isLeftOut else { return try Mounts.clone(root, recursively: recursively) }
            // The copy of a namespace leads the working directory along to the copied mounts.
            _ = try retrying { fchdir(root.rawValue) }
            _ = try retrying { clinux_copy_mount_namespace() }
            let copy = try Descriptor.open(".", clinux_O_PATH | O_DIRECTORY)
            try Self.leaveOut(isLeftOut, below: copy, table)
            return try Mounts.clone(copy, recursively: recursively)
        }.join()
    }

    /// Unmounts in a namespace of the calling thread's own, with whose root directory the mount table begins.
    ///
    /// Held and named as the working directory: nothing that the process renames or links meanwhile is walked into.
    private static func leaveOut(
        _ isLeftOut: (MountEntry) -> Bool, below root: Descriptor, _ proc: Descriptor
    ) throws(Errno) {
        let top = try Descriptor.open("/", clinux_O_PATH | O_DIRECTORY)
        // By the name, as `thread-self` is a link.
        let file = try proc.openPlaceInRoot(Array("thread-self/mountinfo".utf8)).opened(O_RDONLY)
        for mount in MountTable.parse(try file.readToEnd()) where isLeftOut(mount) && mount.path.count > 1 {
            do throws(Errno) {
                let place = try top.openPathBeneath(Array(mount.path.dropFirst()), O_NOFOLLOW)
                guard try PlaceIdentity(of: place).mount == mount.identifier else { continue }
                _ = try retrying { fchdir(place.rawValue) }
                _ = try retrying { clinux_umount2(".", clinux_MNT_DETACH) }
            } catch {
                // One that was left out went with the one around it; whatever cannot be reached stays, and is looked for
                // again by who clones.
                guard error == .noSuchFileOrDirectory || error == .invalidArgument else { throw error }
            }
        }
        _ = try retrying { fchdir(root.rawValue) }
    }
}

/// The user namespace of this process.
package enum UserNamespace {
    /// Moves this process, which must have a single thread, into the user namespace of a process.
    ///
    /// Allowed to the user who owns the namespace, and brings all capabilities over what belongs to it. Everything else
    /// stays: directories, mounts, `/proc`. Where this process's user has no number there, it takes that of the
    /// namespace's root. The corresponding C functions are setns(2), setregid(2) and setreuid(2).
    /// - Parameter process: the descriptor of a `ProcessHandle`.
    package static func enter(of process: Descriptor) throws(Errno) {
        // Who is root in the namespace could else take over this process, which has more than that namespace.
        _ = clinux_forbid_tracing()
        let unknown = (uid: overflowNumber("uid"), gid: overflowNumber("gid"))
        _ = try retrying { clinux_enter_user_namespace(process.rawValue) }
        // A namespace without numbers for these can be looked at, but no file can be made.
        if getegid() == unknown.gid { _ = try? retrying { setregid(0, 0) } }
        if geteuid() == unknown.uid { _ = try? retrying { setreuid(0, 0) } }  // As above.
    }

    /// The number that stands for who has none in a namespace; 65534 unless somebody changed it.
    private static func overflowNumber(_ kind: String) -> UInt32 {
        // The usual number counts then.
        let text = try? Descriptor.open(FilePath("/proc/sys/kernel/overflow\(kind)")).readToEnd()
        return text.flatMap { UInt32(String(decoding: $0.prefix { $0 != 0x0A }, as: UTF8.self)) } ?? 65534
    }
}
