// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import Glibc
import LinuxIO
import OCI
import SystemPackage

/// Files of `/proc/PID`; see proc(5).
enum ProcessFile {
    /// All bytes of a file; nil where the process has ended or may not be looked at.
    static func read(_ process: Int32, _ file: String) -> [UInt8]? {
        // See the comment: both are nothing.
        try? Descriptor.open(FilePath("/proc/\(process)/\(file)")).read(atMost: 16 << 20)
    }

    /// A map of users or groups.
    static func map(_ process: Int32, _ file: String) -> IDMap? {
        read(process, file).flatMap { IDMap(text: $0) }
    }

    /// The process's state and its parent; nil where it has ended: see proc_pid_stat(5).
    static func stat(_ process: Int32) -> (state: UInt8, parent: Int32)? {
        // The name in brackets may itself hold blanks and brackets.
        guard let text = read(process, "stat"), let end = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = text[text.index(after: end)...].split(separator: 0x20)
        guard fields.count > 1, let state = fields[0].first, !"ZXx".utf8.contains(state),
            let parent = Int32(String(decoding: fields[1], as: UTF8.self))
        else { return nil }
        return (state, parent)
    }

    /// When the process started, in seconds since 1970: proc_pid_stat(5), field 22, and proc_stat(5).
    static func startTime(_ process: Int32) -> Int64? {
        guard let text = read(process, "stat"), let end = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = text[text.index(after: end)...].split(separator: 0x20)
        let ticksPerSecond = Int64(sysconf(Int32(_SC_CLK_TCK)))
        guard fields.count > 19, ticksPerSecond > 0, let ticks = Int64(String(decoding: fields[19], as: UTF8.self)),
            let machine = try? Descriptor.open("/proc/stat").read(atMost: 1 << 20)  // Then its start is not known.
        else { return nil }
        for line in machine.split(separator: UInt8(ascii: "\n")) where line.starts(with: "btime ".utf8) {
            guard let boot = Int64(String(decoding: line.dropFirst(6), as: UTF8.self)) else { return nil }
            return boot.addingReportingOverflow(ticks / ticksPerSecond).partialValue
        }
        return nil
    }

    /// The mounts that the process sees; nil where it has ended or may not be looked at.
    static func mounts(_ process: Int32) -> [MountEntry]? {
        read(process, "mountinfo").map { MountTable.parse($0) }
    }

    /// The process's arguments; none where it has ended.
    static func arguments(_ process: Int32) -> [String] {
        (read(process, "cmdline") ?? []).split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Whether a control group of the process is named after a container.
    static func isIn(_ process: Int32, controlGroupOf id: String) -> Bool {
        !id.isEmpty && read(process, "cgroup")?.firstRange(of: Array(id.utf8)) != nil
    }

    /// The upper directory of the overlay that is the process's root; nil where its root is none.
    static func rootUpper(_ process: Int32) -> FilePath? {
        mounts(process)?.last { $0.path == [UInt8(ascii: "/")] }.flatMap { OverlayMountOptions($0)?.upper }
    }

    /// Whether the control group of a process is frozen.
    static func isFrozen(_ process: Int32) -> Bool {
        // Only what is seen to be frozen is told so.
        guard let text = read(process, "cgroup"), let table = try? MountTable.read() else { return false }
        for line in text.split(separator: UInt8(ascii: "\n")) {
            // A line is hierarchy:controllers:path; version 2 has 0 and no controllers.
            let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[2].count > 1 else { continue }
            let controllers = String(decoding: fields[1], as: UTF8.self).split(separator: ",")
            let path = String(decoding: fields[2].dropFirst(), as: UTF8.self)
            if controllers.isEmpty, let mount = table.first(where: { $0.type == "cgroup2" && $0.root == [0x2F] }) {
                if file(mount, path, "cgroup.freeze")?.first == UInt8(ascii: "1") { return true }
            } else if controllers.contains("freezer"),
                let mount = table.first(where: { $0.type == "cgroup" && $0.superOptions.contains("freezer") })
            {
                if file(mount, path, "freezer.state")?.starts(with: "FROZEN".utf8) == true { return true }
            }
        }
        return false
    }

    private static func file(_ mount: MountEntry, _ path: String, _ name: String) -> [UInt8]? {
        let directory = FilePath(String(decoding: mount.path, as: UTF8.self))
        // A group that has gone freezes nothing.
        return try? Descriptor.open(directory, O_RDONLY | O_DIRECTORY).openBeneath("\(path)/\(name)").read(atMost: 64)
    }
}
