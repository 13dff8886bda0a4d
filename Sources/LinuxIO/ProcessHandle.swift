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
