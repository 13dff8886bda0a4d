// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// What decides whether a thread may keep a file's set-group-ID bit: see setgid(2) and capabilities(7).
package struct ProcessRights: Hashable, Sendable {
    /// The supplementary groups.
    package var groups: Set<UInt32>
    /// Whether it has `CAP_FSETID` in its user namespace.
    package var keepsSetID: Bool
    /// Whether it has `CAP_SYS_ADMIN` in its user namespace, without which nothing can be mounted.
    package var mayMount = false

    /// The most bytes of `/proc/PID/status`: the greatest number of groups, 65536, and the rest.
    private static let limit = 1 << 20
    private static let (setIDCapability, administrationCapability) = (4, 21)

    /// Asks for a process's, or a single thread's, by its number; nil where it has ended or is hidden.
    ///
    /// Built on proc_pid_status(5).
    package init?(of identifier: Int32) {
        var text = [UInt8](repeating: 0, count: 4096)
        var count = 0
        do {
            let file = try Descriptor.open(FilePath("/proc/\(identifier)/status"))
            while count < Self.limit {
                if count == text.count { text += [UInt8](repeating: 0, count: count) }
                let got = try text.withUnsafeMutableBytes {
                    try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
                }
                if got == 0 { break }
                count += got
            }
        } catch { return nil }
        self.init(parsing: String(decoding: text[..<count], as: UTF8.self))
    }

    /// Reads the text of proc_pid_status(5); nil where the lines are missing.
    init?(parsing text: String) {
        var groups: Set<UInt32>?
        var capabilities: UInt64?
        for line in text.split(separator: "\n") {
            if line.hasPrefix("Groups:") {
                groups = Set(line.dropFirst(7).split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) })
            } else if line.hasPrefix("CapEff:") {
                capabilities = line.dropFirst(7).split(whereSeparator: \.isWhitespace).first
                    .flatMap { UInt64($0, radix: 16) }
            }
        }
        guard let groups, let capabilities else { return nil }
        self.groups = groups
        keepsSetID = capabilities >> UInt64(Self.setIDCapability) & 1 == 1
        mayMount = capabilities >> UInt64(Self.administrationCapability) & 1 == 1
    }
}
