// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// A process that is known by a descriptor, so that its number cannot come to mean another one: pidfd_open(2).
package struct ProcessHandle: Sendable {
    private let descriptor: Descriptor

    /// Opens the process that has this number now.
    package init(identifier: Int32) throws(Errno) {
        let number = try retrying { clinux_pidfd_open(identifier) }
        descriptor = Descriptor(owning: number)
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
    /// The process's whole directory tree as it sees it, everything mounted in it included, as a mount of our own that
    /// is in no directory tree yet.
    ///
    /// What is mounted or unmounted there later does not show. Taken on a thread that enters the process's mount
    /// namespace and ends: needs root.
    /// - Parameter root: the process's root directory, opened through `/proc/PID/root`.
    package func cloneMounts(of root: Descriptor) throws -> Descriptor {
        let process = descriptor
        return try WorkerThread {
            _ = try retrying { clinux_enter_mount_namespace(process.rawValue) }
            return try Mounts.cloneTree(of: root)
        }.join()
    }

    /// Moves this process, which must have a single thread, into the user and mount namespace of the process.
    ///
    /// Allowed to the user who owns the namespace. The root and the working directory become those of the namespace.
    /// The corresponding C function is setns(2).
    package func enterNamespaces() throws(Errno) {
        _ = try retrying { clinux_enter_user_and_mount_namespace(descriptor.rawValue) }
    }
}

/// A process as `/proc` shows it.
package struct ProcessEntry: Hashable, Sendable {
    /// The process's number.
    package var identifier: Int32
    /// The name of its first thread, at most 15 bytes: see proc_pid_comm(5).
    package var name: String
    /// The user it runs as.
    package var uid: UInt32
}

/// The processes that this process sees.
package enum ProcessTable {
    /// Names the calling thread; the first thread's name is the process's.
    ///
    /// At most 15 bytes are kept.
    package static func setOwnName(_ name: String) {
        _ = clinux_set_thread_name(name)
    }

    /// Living processes whose name begins with a text; processes that end meanwhile or may not be seen are left out.
    package static func processes(namedWithPrefix prefix: String) throws(Errno) -> [ProcessEntry] {
        guard let directory = opendir("/proc") else { throw Errno(rawValue: errno) }
        defer { closedir(directory) }
        var found: [ProcessEntry] = []
        while let entry = readdir(directory) {
            let digits = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard let identifier = Int32(String(decoding: digits, as: UTF8.self)) else { continue }
            if let process = process(identifier, namedWithPrefix: prefix) { found.append(process) }
        }
        return found
    }

    private static func process(_ identifier: Int32, namedWithPrefix prefix: String) -> ProcessEntry? {
        guard let line = text(identifier, "comm"), line.starts(with: prefix.utf8) else { return nil }
        let name = String(decoding: line.split(separator: UInt8(ascii: "\n")).first ?? [], as: UTF8.self)
        // The state stands behind the name, which may itself hold blanks and brackets. A process that has ended but
        // that nobody has waited for is still listed.
        var status = stat()
        guard let fields = text(identifier, "stat"), let end = fields.lastIndex(of: UInt8(ascii: ")")),
            fields.count > end + 2, !"ZXx".utf8.contains(fields[end + 2]), stat("/proc/\(identifier)", &status) == 0
        else { return nil }
        return ProcessEntry(identifier: identifier, name: name, uid: status.st_uid)
    }

    private static func text(_ identifier: Int32, _ file: String) -> [UInt8]? {
        // A process may end between being listed and being read: then it is no longer of interest.
        try? Descriptor.open(FilePath("/proc/\(identifier)/\(file)")).readToEnd()
    }
}
