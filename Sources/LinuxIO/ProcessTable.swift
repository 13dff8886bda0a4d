// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

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
        try identifiers().compactMap { process($0, namedWithPrefix: prefix) }
    }

    /// The first processes found that use one of some mounts, by their working or root directory, their program, an open
    /// or a mapped file.
    ///
    /// This process is not among them. Processes that may not be looked at are left out. No file system is asked for anything.
    /// - Parameters:
    ///   - mounts: see `MountEntry.identifier`.
    ///   - limit: how many are enough.
    package static func users(of mounts: Set<Int32>, limit: Int) throws(Errno) -> [Int32] {
        var users: [Int32] = []
        for identifier in try identifiers() where identifier != getpid() && uses(identifier, mounts) {
            users.append(identifier)
            if users.count == limit { break }
        }
        return users
    }

    private static func uses(_ identifier: Int32, _ mounts: Set<Int32>) -> Bool {
        let directory = "/proc/\(identifier)/"
        func leadsThere(_ link: String) -> Bool {
            // A process may end at any time, and another user's may not be looked at.
            (try? PlaceIdentity(following: directory + link)).map { mounts.contains($0.mount) } ?? false
        }
        if ["cwd", "root", "exe"].contains(where: leadsThere) { return true }
        return ["fd", "map_files"].contains { kind in
            // A process may end at any time, and another user's may not be looked at.
            let links = (try? Descriptor.open(FilePath(directory + kind), O_RDONLY | O_DIRECTORY).entryNames()) ?? []
            return links.contains { leadsThere(kind + "/" + String(decoding: $0, as: UTF8.self)) }
        }
    }

    private static func identifiers() throws(Errno) -> [Int32] {
        try Descriptor.open("/proc", O_RDONLY | O_DIRECTORY).entryNames().compactMap {
            Int32(String(decoding: $0, as: UTF8.self))
        }
    }

    /// Whether a number is that of a thread of the kernel, which has no files of its own; false where there is none.
    package static func isKernelThread(_ identifier: Int32) -> Bool {
        // `PF_KTHREAD` of the flags, the ninth field; the state is the third.
        fields(identifier).flatMap { $0.count > 6 ? UInt32($0[6]) : nil }.map { $0 & 0x20_0000 != 0 } ?? false
    }

    /// Whether a number is that of a process that has ended and that nobody has waited for; false where there is none.
    package static func hasEnded(_ identifier: Int32) -> Bool {
        fields(identifier)?.first.map { "ZXx".contains($0) } ?? false
    }

    /// A process's name; nil where it has ended.
    package static func name(_ identifier: Int32) -> String? {
        // At most 15 bytes and a line feed, which one read gives: this is asked of every process of the machine.
        var line = [UInt8](repeating: 0, count: 64)
        guard let file = try? Descriptor.open(FilePath("/proc/\(identifier)/comm")),  // It has ended.
            let count = try? line.withUnsafeMutableBytes({ try file.read(into: $0) })  // As above.
        else { return nil }
        return String(decoding: line[..<count].split(separator: UInt8(ascii: "\n")).first ?? [], as: UTF8.self)
    }

    /// The effective user of a process; nil where it has ended.
    package static func owner(of identifier: Int32) -> UInt32? {
        // `/proc/PID` itself belongs to that user always, unlike what is in it.
        (try? Descriptor.open(FilePath("/proc/\(identifier)"), O_RDONLY | O_DIRECTORY).status()).map(\.st_uid)
    }

    private static func process(_ identifier: Int32, namedWithPrefix prefix: String) -> ProcessEntry? {
        var status = stat()
        guard let name = name(identifier), name.hasPrefix(prefix), !hasEnded(identifier),
            stat("/proc/\(identifier)", &status) == 0
        else { return nil }
        return ProcessEntry(identifier: identifier, name: name, uid: status.st_uid)
    }

    /// The fields of proc_pid_stat(5) from the state on.
    private static func fields(_ identifier: Int32) -> [String]? {
        // The name before them may itself hold blanks and brackets.
        guard let line = text(identifier, "stat"), let end = line.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        return line[(end + 1)...].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func text(_ identifier: Int32, _ file: String) -> [UInt8]? {
        // A process may end between being listed and being read: then it is no longer of interest.
        try? Descriptor.open(FilePath("/proc/\(identifier)/\(file)")).readToEnd()
    }
}
