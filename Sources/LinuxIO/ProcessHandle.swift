// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

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
    package func cloneMounts(of root: Descriptor, recursively: Bool = true) throws -> Descriptor {
        let process = descriptor
        // Only ever on a thread of its own: this process must not change its namespace.
        return try WorkerThread.started {
            _ = try retrying { clinux_enter_mount_namespace(process.rawValue) }
            return try Mounts.clone(root, recursively: recursively)
        }.join()
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
        if geteuid() == unknown.uid { _ = try? retrying { setreuid(0, 0) } }
    }

    /// The number that stands for who has none in a namespace; 65534 unless somebody changed it.
    private static func overflowNumber(_ kind: String) -> UInt32 {
        let text = try? Descriptor.open(FilePath("/proc/sys/kernel/overflow\(kind)")).readToEnd()
        return text.flatMap { UInt32(String(decoding: $0.prefix { $0 != 0x0A }, as: UTF8.self)) } ?? 65534
    }
}
