// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import Overlay
import SystemPackage

/// A process that serves a mount, `cimg serve`, as its arguments and its descriptors tell of it.
struct ServerProcess: Sendable {
    /// Its number.
    let identifier: Int32
    /// What its descriptors from 3 on are.
    let content: ServedContent
    /// The directory that it removes when it ends.
    private let discarded: [UInt8]?

    /// Reads the arguments of a process.
    ///
    /// - Returns: nil for a process that serves something else, or in the foreground.
    /// - Throws: the `Errno` of looking at the process.
    init?(_ identifier: Int32) throws {
        let line = try Descriptor.open(FilePath("/proc/\(identifier)/cmdline")).readToEnd()
        let words = line.split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
        let arguments = words.map { String(decoding: $0, as: UTF8.self) }
        guard arguments.dropFirst().first == "serve" else { return nil }
        func values(_ option: String) -> [String] {
            arguments.indices.dropLast().filter { arguments[$0] == option }.map { arguments[$0 + 1] }
        }
        guard let count = values("--descriptors").first.flatMap({ Int($0) }) else { return nil }
        content = try ServedContent(
            count: count, hasNotes: arguments.contains("--notes"),
            marks: values("--marks").first.flatMap { UInt8($0) }, identifiers: values("--identifiers"),
            isChanging: arguments.contains("--changing"), upper: values("--upper").first)
        let discard = Array("--discard=".utf8)
        discarded = words.first { $0.starts(with: discard) }.map { Array($0.dropFirst(discard.count)) }
        self.identifier = identifier
    }

    /// What it serves, its descriptors opened once more.
    ///
    /// - Throws: the `Errno` of opening them; `.permissionDenied` for another user's process.
    func opened() throws -> MountSource.Content {
        try content.content((0..<content.count).map { try open($0) })
    }

    /// Where the changes go; nil for a mount that cannot be written to.
    ///
    /// Asks the kernel only: what the directory lies on need not answer.
    /// - Throws: the `Errno` of looking at the process; `.permissionDenied` for another user's.
    func upper() throws -> ServedUpper? {
        guard content.upper != nil else { return nil }
        let path = try MountPoint.linkTarget("/proc/\(identifier)/fd/\(3 + content.count - 2)")
        let parent = path.lastIndex(of: UInt8(ascii: "/")).map { Array(path[..<$0]) }
        return ServedUpper(path: path, isDiscarded: discarded != nil && parent == discarded)
    }

    /// Opens the upper directory, and the one that it is worked in: for an upper that is removed when the mount ends,
    /// the directory around it.
    func openUpper() throws(Errno) -> (directory: Descriptor, work: Descriptor) {
        (try open(content.count - 2), try open(content.count - 1))
    }

    /// The bytes that the upper takes of its disk; nil where that cannot be asked without a server that may be stuck.
    func upperByteCount() throws -> UInt64? {
        let text = try Descriptor.open(FilePath("/proc/\(identifier)/fdinfo/\(3 + content.count - 2)")).readToEnd()
        let words = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard let key = words.firstIndex(of: "mnt_id:"), words.indices.contains(key + 1),
            let mount = try MountTable.read().first(where: { "\($0.identifier)" == words[key + 1] }),
            !["fuse", "nfs", "cifs", "smb", "9p", "ceph", "autofs"].contains(where: mount.type.hasPrefix)
        else { return nil }
        return try UpperUsage.bytes(of: openUpper().directory)
    }

    private func open(_ index: Int) throws(Errno) -> Descriptor {
        try Descriptor.open(FilePath("/proc/\(identifier)/fd/\(3 + index)"), O_RDONLY)
    }
}

/// Where a mount keeps what is changed.
struct ServedUpper: Sendable {
    /// Where the upper directory lies now.
    let path: [UInt8]
    /// Whether it is removed when the mount ends.
    let isDiscarded: Bool
}
